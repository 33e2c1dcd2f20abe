// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a vector of weights is loaded and widened to floats, for each weight policy.

#include "backends/xsimd/isa/kernel_config.hpp"

#include <type_traits>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_SVE)
#include <arm_sve.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

namespace carousel::simd {
namespace {

/// The numbers in the lower and in the upper halves of lanes of 32 bits, as floats. They are
/// aligned to half a vector: a term may have three vectors.
struct Halves {
  Batch lower, upper;
};

CAROUSEL_INLINE Batch widen(Float32Weights, const float* from) { return Batch::load_aligned(from); }

#if defined(__AVX512F__)

CAROUSEL_INLINE Batch widen(Float16Weights, const std::uint16_t* from) {
  return _mm512_cvtph_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(from)));
}
CAROUSEL_INLINE Batch widen(Bfloat16Weights, const std::uint16_t* from) {
  const __m256i upper = _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(upper), 16));
}

CAROUSEL_INLINE Halves widen_pair(const std::uint16_t* from) {
  __m512i lanes = _mm512_loadu_si512(from);
  __asm__("" : "+v"(lanes));  // in a register: GCC would load them again for their upper halves
  const __m512i mask = _mm512_set1_epi32(static_cast<int>(0xFFFF0000U));
  return {_mm512_castsi512_ps(_mm512_slli_epi32(lanes, 16)),
          _mm512_castsi512_ps(_mm512_and_si512(lanes, mask))};
}

#elif defined(__AVX2__)

CAROUSEL_INLINE Batch widen(Float16Weights, const std::uint16_t* from) {
  return _mm256_cvtph_ps(_mm_load_si128(reinterpret_cast<const __m128i*>(from)));
}
CAROUSEL_INLINE Batch widen(Bfloat16Weights, const std::uint16_t* from) {
  const __m128i upper = _mm_load_si128(reinterpret_cast<const __m128i*>(from));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(upper), 16));
}

CAROUSEL_INLINE Halves widen_pair(const std::uint16_t* from) {
  const __m256i lanes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  const __m256i mask = _mm256_set1_epi32(static_cast<int>(0xFFFF0000U));
  return {_mm256_castsi256_ps(_mm256_slli_epi32(lanes, 16)),
          _mm256_castsi256_ps(_mm256_and_si256(lanes, mask))};
}

/// The upper halves for tiles whose sums, rows and vectors of weights take all registers: the mask
/// stays in memory. GCC would keep it in a register, and one of the sums in memory.
CAROUSEL_INLINE Batch widen_upper_halves(const std::uint16_t* from) {
  alignas(32) static constexpr std::uint32_t kMask[8] = {0xFFFF0000U, 0xFFFF0000U, 0xFFFF0000U,
                                                         0xFFFF0000U, 0xFFFF0000U, 0xFFFF0000U,
                                                         0xFFFF0000U, 0xFFFF0000U};
  __m256i lanes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  __asm__("vpand %1, %0, %0" : "+x"(lanes) : "m"(kMask));
  return _mm256_castsi256_ps(lanes);
}

#elif defined(__x86_64__)

/// By integers: the fraction and the exponent move to their places in a binary32, whose exponents
/// begin 112 earlier. Subnormal numbers are whole multiples of 2^-24.
CAROUSEL_INLINE Batch widen(Float16Weights, const std::uint16_t* from) {
  const __m128i bits = _mm_unpacklo_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)),
                                          _mm_setzero_si128());
  const __m128i size = _mm_and_si128(bits, _mm_set1_epi32(0x7FFF));
  const __m128i sign = _mm_slli_epi32(_mm_xor_si128(bits, size), 16);
  const __m128i offset = _mm_set1_epi32(112 << 23);
  const __m128i infinite = _mm_cmpgt_epi32(size, _mm_set1_epi32(0x7BFF));
  const __m128i normal = _mm_add_epi32(_mm_add_epi32(_mm_slli_epi32(size, 13), offset),
                                       _mm_and_si128(infinite, offset));
  const __m128i subnormal =
      _mm_castps_si128(_mm_mul_ps(_mm_cvtepi32_ps(size), _mm_set1_ps(0x1p-24F)));
  const __m128i is_normal = _mm_cmpgt_epi32(size, _mm_set1_epi32(0x3FF));
  const __m128i value =
      _mm_or_si128(_mm_and_si128(is_normal, normal), _mm_andnot_si128(is_normal, subnormal));
  return _mm_castsi128_ps(_mm_or_si128(value, sign));
}
CAROUSEL_INLINE Batch widen(Bfloat16Weights, const std::uint16_t* from) {
  const __m128i upper = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
  return _mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), upper));
}

CAROUSEL_INLINE Halves widen_pair(const std::uint16_t* from) {
  const __m128i lanes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m128i mask = _mm_set1_epi32(static_cast<int>(0xFFFF0000U));
  return {_mm_castsi128_ps(_mm_slli_epi32(lanes, 16)),
          _mm_castsi128_ps(_mm_and_si128(lanes, mask))};
}

#elif defined(__ARM_FEATURE_SVE)

CAROUSEL_INLINE Batch widen(Float16Weights, const std::uint16_t* from) {
  const svbool_t all = svptrue_b32();
  return svcvt_f32_f16_x(all, svreinterpret_f16_u32(svld1uh_u32(all, from)));
}
CAROUSEL_INLINE Batch widen(Bfloat16Weights, const std::uint16_t* from) {
  const svbool_t all = svptrue_b32();
  return svreinterpret_f32_u32(svlsl_n_u32_x(all, svld1uh_u32(all, from), 16));
}

CAROUSEL_INLINE Halves widen_pair(const std::uint16_t* from) {
  const svbool_t all = svptrue_b32();
  const svuint32_t lanes = svreinterpret_u32_u16(svld1_u16(svptrue_b16(), from));
  return {svreinterpret_f32_u32(svlsl_n_u32_x(all, lanes, 16)),
          svreinterpret_f32_u32(svand_n_u32_x(all, lanes, 0xFFFF0000U))};
}

#elif defined(__aarch64__)

CAROUSEL_INLINE Batch widen(Float16Weights, const std::uint16_t* from) {
  return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from)));
}
CAROUSEL_INLINE Batch widen(Bfloat16Weights, const std::uint16_t* from) {
  return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(from), 16));
}

CAROUSEL_INLINE Halves widen_pair(const std::uint16_t* from) {
  const uint32x4_t lanes = vreinterpretq_u32_u16(vld1q_u16(from));
  return {vreinterpretq_f32_u32(vshlq_n_u32(lanes, 16)),
          vreinterpretq_f32_u32(vandq_u32(lanes, vdupq_n_u32(0xFFFF0000U)))};
}

#elif defined(__wasm_simd128__)

/// The sign, the exponent and the fraction move to their places in a binary32, whose exponents
/// begin 112 earlier: a factor of 2^112, which is exact, also for subnormal numbers. An infinity or
/// NaN becomes a number from 2^16 on, and gets the exponent that those have.
CAROUSEL_INLINE Batch widen(Float16Weights, const std::uint16_t* from) {
  const v128_t bits = wasm_i32x4_shl(wasm_i32x4_load16x4(from), 13);
  const v128_t small = wasm_v128_and(bits, wasm_u32x4_const_splat(0x8FFFE000U));
  const v128_t value = wasm_f32x4_mul(small, wasm_f32x4_const_splat(0x1p112F));
  const v128_t infinite = wasm_f32x4_ge(wasm_f32x4_abs(value), wasm_f32x4_const_splat(0x1p16F));
  return wasm_v128_or(value, wasm_v128_and(infinite, wasm_u32x4_const_splat(0x7F800000U)));
}
CAROUSEL_INLINE Batch widen(Bfloat16Weights, const std::uint16_t* from) {
  return wasm_i32x4_shl(wasm_u32x4_load16x4(from), 16);
}

CAROUSEL_INLINE Halves widen_pair(const std::uint16_t* from) {
  const v128_t lanes = wasm_v128_load(from);
  const v128_t mask = wasm_u32x4_const_splat(0xFFFF0000U);
  return {Batch(wasm_i32x4_shl(lanes, 16)), Batch(wasm_v128_and(lanes, mask))};
}

#endif

/// The vector `vector` of the `vectors` that a term has in memory from `term` on, widened to
/// floats: the kernels' part of a weight policy. Both numbers are known when a loop is unrolled.
/// `kRegistersFull`: that loop's other values take all registers but one.
template <class Weights, bool kRegistersFull>
CAROUSEL_INLINE Batch load_weights(const typename Weights::Element* term, int vector,
                                   [[maybe_unused]] int vectors) {
  if constexpr (std::is_same_v<Weights, Bfloat16Weights>) {
    if (Bfloat16Weights::is_paired(vector, vectors)) {
      const std::uint16_t* from = term + (vector & ~1) * kWidth;
#if defined(__AVX2__) && !defined(__AVX512F__)
      if (kRegistersFull && (vector & 1) != 0) return widen_upper_halves(from);
#endif
      const Halves pair = widen_pair(from);
      return (vector & 1) == 0 ? pair.lower : pair.upper;
    }
  }
  return widen(Weights{}, term + vector * kWidth);
}

}  // namespace
}  // namespace carousel::simd
