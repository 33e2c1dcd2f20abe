// SPDX-License-Identifier: Apache-2.0
#include "parallel.hpp"

#include "float_env.hpp"

#include <omp.h>

#include <thread>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace carousel {
namespace {

void pause_briefly() noexcept {
#if defined(__SSE2__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

void parallel(int threads, void (*task)(void*, int, int), void* context) noexcept {
  if (threads <= 1) {
    task(context, 0, 1);
    return;
  }
#pragma omp parallel num_threads(threads)
  {
    const FlushDenormals flush;
    task(context, omp_get_thread_num(), omp_get_num_threads());
  }
}

int available_threads() noexcept { return omp_get_max_threads(); }

ScopedThreads::ScopedThreads(int threads) noexcept : saved_(omp_get_max_threads()) {
  omp_set_num_threads(threads);
}

ScopedThreads::~ScopedThreads() { omp_set_num_threads(saved_); }

void SpinBarrier::wait(int count) noexcept {
  if (count <= 1) return;
  const std::uint32_t generation = generation_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == count) {
    arrived_.store(0, std::memory_order_relaxed);
    generation_.store(generation + 1, std::memory_order_release);
    return;
  }
  // Where threads outnumber the free cores, the one waited for may not be running at all; spinning
  // on would then cost a scheduler's time slice per step.
  constexpr int kSpins = 1000;
  for (int spins = 0; generation_.load(std::memory_order_acquire) == generation; ++spins) {
    if (spins < kSpins) {
      pause_briefly();
    } else {
      std::this_thread::yield();
    }
  }
}

}  // namespace carousel
