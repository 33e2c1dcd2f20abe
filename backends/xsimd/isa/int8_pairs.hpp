// SPDX-License-Identifier: Apache-2.0
#pragma once

// A quantized row as pairs of int16 (int8_dot.hpp says how they lie), on AVX2.

#include "backends/xsimd/isa/int8_vectors.hpp"

namespace carousel::simd {
namespace {

/// Bytes of a group of a row as pairs.
constexpr std::int64_t kWideGroup = 2 * kGroupTerms;

CAROUSEL_INLINE __m256i load_vector(const void* from) {
  return _mm256_load_si256(static_cast<const __m256i*>(from));
}

CAROUSEL_INLINE void store_vector(void* to, __m256i v) {
  _mm256_store_si256(static_cast<__m256i*>(to), v);
}

/// Stores lanes of 32 bits in turns: one of the first, one of the second.
CAROUSEL_INLINE void store_in_turns(std::int8_t* to, __m256i first, __m256i second) {
  const __m256i low = _mm256_unpacklo_epi32(first, second);
  const __m256i high = _mm256_unpackhi_epi32(first, second);
  store_vector(to, _mm256_permute2x128_si256(low, high, 0x20));
  store_vector(to + sizeof(__m256i), _mm256_permute2x128_si256(low, high, 0x31));
}

/// Adds pairs and sums to a row's bytes.
inline void store_pairs(std::int8_t* row, std::int64_t count) {
  const std::int64_t bytes = quantized_bytes(count);
  const __m256i offset = _mm256_set1_epi16(-kWeightOffset);
  std::int8_t* to = row + pairs_offset(count);
  Ints of_products(0);
  Ints of_numbers(0);
  for (std::int64_t k = 0; k < bytes; k += sizeof(__m256i), to += 2 * sizeof(__m256i)) {
    const __m256i four = load_vector(row + k);
    const __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(four, 8), 8);
    const __m256i odd = _mm256_srai_epi16(four, 8);
    of_products = of_products - Ints(_mm256_madd_epi16(even, odd));
    of_numbers = of_numbers + Ints(_mm256_madd_epi16(_mm256_add_epi16(even, odd), offset));
    store_in_turns(to, _mm256_add_epi16(even, offset), _mm256_add_epi16(odd, offset));
  }
  const std::int32_t sums[2] = {xsimd::reduce_add(of_products), xsimd::reduce_add(of_numbers)};
  std::memcpy(row + row_sums_offset(count), sums, sizeof(sums));
}

}  // namespace
}  // namespace carousel::simd
