// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <thread>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace carousel {

/// How often a waiting thread looks before it gives up its core: some ten microseconds.
constexpr int kSpins = 1000;

/// Tells the core that this thread spins.
inline void pause_briefly() noexcept {
#if defined(__SSE2__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Waits until `done()` says so, without sleeping. Where threads outnumber the free cores, the one
/// waited for may not be running at all; so after a while others may use this core meanwhile.
template <class Done>
void spin_until(const Done& done) noexcept {
  for (int spins = 0; !done(); ++spins) {
    if (spins < kSpins) {
      pause_briefly();
    } else {
      std::this_thread::yield();
    }
  }
}

}  // namespace carousel
