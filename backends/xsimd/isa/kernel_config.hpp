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
#define CAROUSEL_ISA_NAME editor
#endif

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wsign-conversion"  // tiles count rows and blocks in int
#endif

/// For functions whose arguments are in registers: in a call, they would go through memory.
#define CAROUSEL_INLINE [[gnu::always_inline]] inline

/// The name of what an object has for its instruction set: kernels_avx2.
#define CAROUSEL_JOIN(a, b) a##_##b
#define CAROUSEL_JOIN_NAMES(a, b) CAROUSEL_JOIN(a, b)
#define CAROUSEL_OF_ISA(name) CAROUSEL_JOIN_NAMES(name, CAROUSEL_ISA_NAME)

namespace carousel::simd {

// What the objects of one instruction set share.
extern const CellFunctions CAROUSEL_OF_ISA(cell_functions);
extern const MatrixKernels CAROUSEL_OF_ISA(float16_kernels);
extern const MatrixKernels CAROUSEL_OF_ISA(bfloat16_kernels);
extern const MatrixKernels CAROUSEL_OF_ISA(int8_kernels);

namespace {

using Arch = CAROUSEL_ISA_ARCH;
using Batch = xsimd::batch<float, Arch>;
constexpr std::int64_t kWidth = static_cast<std::int64_t>(Batch::size);

/// The most rows that a tile has. R rows need 4R accumulators, R broadcast elements and a weight
/// vector in registers.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kMaxRows = 6;  // 32 registers
#elif defined(__AVX2__)
constexpr int kMaxRows = 3;  // 16 registers
#else
constexpr int kMaxRows = 2;  // 16 registers (often, in WebAssembly), some of them for products
#endif

/// The most rows of a tile that has all rows of a step. One row more than registers have room for
/// is quicker in one tile, whose sums are added in passes (`multiply_in_passes`), than in two tiles
/// that read all weights each.
#if defined(__x86_64__) && !defined(__AVX512F__)
constexpr int kMaxRowsAlone = kMaxRows + 1;
#else
constexpr int kMaxRowsAlone = kMaxRows;
#endif

/// Whether the loop over the terms of a single row goes by two terms at a time: with so few
/// instructions, those of the loop itself count. Engines of WebAssembly then keep sums in memory.
#if defined(__wasm_simd128__)
constexpr bool kTwoTermsAtATime = false;
#else
constexpr bool kTwoTermsAtATime = true;
#endif

/// min and max whose result is b where one of the two is NaN, as x86's instructions have it (NEON's
/// is NaN then). xsimd orders the operands of WebAssembly's the other way round.
CAROUSEL_INLINE Batch minimum(Batch a, Batch b) {
#if defined(__wasm_simd128__)
  return xsimd::min(b, a);
#else
  return xsimd::min(a, b);
#endif
}
CAROUSEL_INLINE Batch maximum(Batch a, Batch b) {
#if defined(__wasm_simd128__)
  return xsimd::max(b, a);
#else
  return xsimd::max(a, b);
#endif
}

/// a / b and the square root of x, rounded once. xsimd's for NEON are estimates with few steps of
/// Newton's method, since ARMv7 has no instructions for them; AArch64 has.
CAROUSEL_INLINE Batch divide(Batch a, Batch b) {
#if defined(__aarch64__) && !defined(__ARM_FEATURE_SVE)
  return vdivq_f32(a, b);
#else
  return a / b;
#endif
}
CAROUSEL_INLINE Batch square_root(Batch x) {
#if defined(__aarch64__) && !defined(__ARM_FEATURE_SVE)
  return vsqrtq_f32(x);
#else
  return xsimd::sqrt(x);
#endif
}

constexpr std::int64_t kLineFloats = 16;  ///< floats of a cache line

template <int N>
struct Int {
  static constexpr int value = N;
};

}  // namespace
}  // namespace carousel::simd
