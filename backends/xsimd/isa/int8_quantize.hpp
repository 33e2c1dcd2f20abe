// SPDX-License-Identifier: Apache-2.0
#pragma once

// A row of floats as int8 numbers and a scale; backends/int8_rows.hpp has the definition.

#include "backends/xsimd/isa/int8_vectors.hpp"
#if CAROUSEL_INT8_AVX2
#include "backends/xsimd/isa/int8_pairs.hpp"
#endif

namespace carousel::simd {
namespace {

constexpr std::int32_t kMagnitudeBits = 0x7FFFFFFF;
constexpr std::int32_t kInfinityBits = 0x7F800000;
constexpr std::int32_t kLeastMagnitudeBits = 0x04000000;  // of 2^-119
constexpr float kLargestInt8 = 127.0F;

/// Writes W numbers within ±127 as bytes, xored with `DotProducts::kRowBits`.
CAROUSEL_INLINE void store_bytes(std::int8_t* to, Ints v) {
  constexpr auto kFlipped = static_cast<std::int8_t>(DotProducts::kRowBits);
#if defined(__AVX512F__)
  const __m128i bytes = _mm512_cvtepi32_epi8(v);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_xor_si128(bytes, _mm_set1_epi8(kFlipped)));
#elif defined(__AVX2__)
  const __m256i all = v;
  const __m128i words =
      _mm_packs_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
  const __m128i bytes = _mm_packs_epi16(words, words);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_xor_si128(bytes, _mm_set1_epi8(kFlipped)));
#elif defined(__ARM_FEATURE_SVE)
  static_assert(kFlipped == 0);
  svst1b_s32(svptrue_b32(), to, v);
#else
  alignas(16) std::int32_t ints[kWidth];
  v.store_aligned(ints);
  for (std::int64_t i = 0; i < kWidth; ++i) to[i] = static_cast<std::int8_t>(ints[i] ^ kFlipped);
#endif
}

/// The vector at `from`, of which only `count` floats are read; the others are zeros.
CAROUSEL_INLINE Batch load_some(const float* from, std::int64_t count) {
#if defined(__ARM_FEATURE_SVE)
  return svld1_f32(svwhilelt_b32_s64(0, count), from);
#else
  if (count >= kWidth) return Batch::load_unaligned(from);
  alignas(64) float floats[kWidth] = {};
  for (std::int64_t i = 0; i < count; ++i) floats[i] = from[i];
  return Batch::load_aligned(floats);
#endif
}

/// The largest magnitude as its bits, which are ordered like the magnitudes they stand for, with
/// infinity and NaN above all.
CAROUSEL_INLINE std::int32_t largest_bits(const float* row, std::int64_t count) {
  const Ints mask(kMagnitudeBits);
  Ints largest[2] = {Ints(0), Ints(0)};
  const auto take = [&](Ints& to, Batch v) {
    to = xsimd::max(to, xsimd::bitwise_cast<std::int32_t>(v) & mask);
  };
  std::int64_t k = 0;
  for (; k + 2 * kWidth <= count; k += 2 * kWidth) {
    take(largest[0], Batch::load_unaligned(row + k));
    take(largest[1], Batch::load_unaligned(row + k + kWidth));
  }
  for (; k < count; k += kWidth) take(largest[0], load_some(row + k, count - k));
  return xsimd::reduce_max(xsimd::max(largest[0], largest[1]));
}

/// Writes all elements as round(v * reciprocal).
CAROUSEL_INLINE void store_rounded(const float* row, std::int64_t count, float reciprocal,
                                   std::int8_t* to) {
  const Batch factor(reciprocal);
  const auto rounded = [&](Batch v) { return xsimd::nearbyint_as_int(v * factor); };
  std::int64_t k = 0;
  for (; k + kWidth <= count; k += kWidth) {
    store_bytes(to + k, rounded(Batch::load_unaligned(row + k)));
  }
  for (; k < quantized_bytes(count); k += kWidth) {
    store_bytes(to + k, k < count ? rounded(load_some(row + k, count - k)) : Ints(0));
  }
}

float quantize_bytes(const float* row, std::int64_t count, std::int8_t* to) {
  const std::int32_t bits = largest_bits(row, count);
  if (bits < kLeastMagnitudeBits || bits >= kInfinityBits) {
    for (std::int64_t k = 0; k < quantized_bytes(count); k += kWidth) store_bytes(to + k, Ints(0));
    return bits < kInfinityBits ? 0.0F : __builtin_nanf("");
  }
  const auto largest = __builtin_bit_cast(float, bits);
  store_rounded(row, count, kLargestInt8 / largest, to);
  return largest / kLargestInt8;
}

float quantize(const float* row, std::int64_t count, std::int8_t* to) {
  const float scale = quantize_bytes(row, count, to);
#if CAROUSEL_INT8_AVX2
  store_pairs(to, count);
#endif
  return scale;
}

}  // namespace
}  // namespace carousel::simd
