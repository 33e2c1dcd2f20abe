// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <thread>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace carousel {

/// The CPU's hint instruction for spin-wait loops (PAUSE on x86, YIELD on Arm).
inline void pause_briefly() noexcept {
#if defined(__SSE2__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Spin-waits until `done()` returns true, but not longer than about 10 to 20 microseconds. Returns
/// whether `done()` has returned true.
template <class Done>
bool spin_briefly(const Done& done) noexcept {
  constexpr int kSpins = 1000;
  for (int spins = 0; spins < kSpins; ++spins) {
    if (done()) return true;
    pause_briefly();
  }
  return done();
}

/// Spin-waits until `done()` returns true, but not much longer than `longest`. Returns whether
/// `done()` has returned true.
template <class Done>
bool spin_for(std::chrono::duration<double> longest, const Done& done) noexcept {
  if (spin_briefly(done)) return true;
  const auto start = std::chrono::steady_clock::now();
  do {
    if (spin_briefly(done)) return true;
  } while (std::chrono::steady_clock::now() - start < longest);
  return false;
}

/// Waits until `done()` returns true. After the first 10 to 20 microseconds it yields the core
/// between two checks: if there are more threads than free cores, the thread that it waits for may
/// need this one. Then it sleeps between them, since a thread with the priority of a real-time
/// policy yields to none with a lower one.
template <class Done>
void spin_until(const Done& done) noexcept {
  constexpr int kYields = 100;
  constexpr std::chrono::microseconds kSleep{50};
  if (spin_briefly(done)) return;
  for (int yields = 0; !done(); ++yields) {
    if (yields < kYields) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(kSleep);
    }
  }
}

}  // namespace carousel
