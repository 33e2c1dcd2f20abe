// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#if defined(__SSE2__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace carousel {

/// While it lives, denormal operands and results count as zero on this thread: a decaying state
/// costs no microcode assists. Nothing traps: vectors compute in lanes whose results nobody uses,
/// and functions are evaluated where they overflow on purpose. The caller's floating point
/// environment, its sticky flags included, is restored afterwards.
class FlushDenormals {
 public:
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

#if defined(__SSE2__) || defined(_M_X64)
  FlushDenormals() noexcept : saved_(_mm_getcsr()) {
    _mm_setcsr(saved_ | kFlushAndZero | kMaskAll);
  }
  ~FlushDenormals() { _mm_setcsr(saved_); }

 private:
  static constexpr unsigned kFlushAndZero = 0x8040;  // FTZ | DAZ
  static constexpr unsigned kMaskAll = 0x1F80;       // of all six exceptions
  unsigned saved_;
#elif defined(__aarch64__)
  FlushDenormals() noexcept {
    asm volatile("mrs %0, fpcr" : "=r"(control_));
    asm volatile("mrs %0, fpsr" : "=r"(status_));
    asm volatile("msr fpcr, %0" : : "r"((control_ | kFlushToZero) & ~kTraps));
  }
  ~FlushDenormals() {
    asm volatile("msr fpsr, %0" : : "r"(status_));
    asm volatile("msr fpcr, %0" : : "r"(control_));
  }

 private:
  static constexpr std::uint64_t kFlushToZero = std::uint64_t{1} << 24U;
  static constexpr std::uint64_t kTraps = 0x9F00;  // of all six exceptions
  std::uint64_t control_ = 0;
  std::uint64_t status_ = 0;  // the sticky flags
#else
  // WebAssembly has one way to compute, with denormals.
  FlushDenormals() noexcept {}
  ~FlushDenormals() {}
#endif
};

}  // namespace carousel
