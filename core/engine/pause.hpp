// SPDX-License-Identifier: Apache-2.0
#pragma once

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

/// Waits until `done()` returns true, without sleeping. After the first 10 to 20 microseconds it
/// yields the core between two checks: if there are more threads than free cores, the thread that
/// it waits for may need this one.
template <class Done>
void spin_until(const Done& done) noexcept {
  if (spin_briefly(done)) return;
  while (!done()) std::this_thread::yield();
}

}  // namespace carousel
