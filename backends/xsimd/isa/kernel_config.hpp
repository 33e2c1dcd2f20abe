// SPDX-License-Identifier: Apache-2.0
#pragma once

// The instruction set that this object is compiled for, and what all kernel headers share.
//
// Each kernel header includes what it builds on and puts its content into the anonymous namespace,
// so it can be opened and compiled alone (docs/kernels.md has the command); kernels.cpp is the only
// source that includes them.

#include "backends/xsimd/kernels.hpp"

#include <xsimd/xsimd.hpp>

#if !defined(CAROUSEL_ISA_ARCH)
// An editor that does not know the flags of an ISA object; kernels.cpp does not compile so.
#define CAROUSEL_ISA_ARCH xsimd::default_arch
#endif

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wsign-conversion"  // tiles count rows and blocks in int
#endif

/// For functions whose arguments are in registers: in a call, they would go through memory.
#define CAROUSEL_INLINE [[gnu::always_inline]] inline

namespace carousel::simd {
namespace {

using Arch = CAROUSEL_ISA_ARCH;
using Batch = xsimd::batch<float, Arch>;
constexpr std::int64_t kWidth = static_cast<std::int64_t>(Batch::size);

/// The most rows that a tile has. R rows need 4R accumulators, R broadcast elements and a weight
/// vector in registers.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kMaxRows = 6;  // 32 registers
#else
constexpr int kMaxRows = 3;  // 16 registers
#endif

constexpr std::int64_t kLineFloats = 16;  ///< floats of a cache line

template <int N>
struct Int {
  static constexpr int value = N;
};

}  // namespace
}  // namespace carousel::simd
