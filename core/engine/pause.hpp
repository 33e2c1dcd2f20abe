// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <thread>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace carousel {

/// Tells the core that this thread spins.
inline void pause_briefly() noexcept {
#if defined(__SSE2__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Waits for some ten microseconds at most until `done()` says so. False: it does not yet.
template <class Done>
bool spin_briefly(const Done& done) noexcept {
  constexpr int kSpins = 1000;
  for (int spins = 0; spins < kSpins; ++spins) {
    if (done()) return true;
    pause_briefly();
  }
  return done();
}

/// Waits until `done()` says so, without sleeping. Where threads outnumber the free cores, the one
/// waited for may not be running at all; so after a while others may use this core meanwhile.
template <class Done>
void spin_until(const Done& done) noexcept {
  if (spin_briefly(done)) return;
  while (!done()) std::this_thread::yield();
}

}  // namespace carousel
