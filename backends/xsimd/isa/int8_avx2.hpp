// SPDX-License-Identifier: Apache-2.0
#pragma once

// The sums of quantized rows and packed weights on AVX2 without VNNI. Weights are stored as w +
// 128, within 1 and 255. There are two ways to multiply them, both exact.
//
// One row: digits. A number of the row is 16 * high + low, both within -8 and 8. vpmaddubsw
// multiplies either with the unsigned weights, and adds two products in 16 bits: 2 * 8 * 255 = 4080
// at most, so that eight of them fit before they are added in 32 bits. This has next to nothing to
// do with the weights, and what it does with the row is done once for all of them. The row's sum
// makes up for the 128.
//
// More rows: pairs. For two numbers a, b of a row and two weights u, v
//
//     a * u + b * v = (a + v) * (b + u) - a * b - u * v
//
// so that a multiplication does the work of two. vpmaddwd adds two of these, from all four terms of
// a group. The sum of all a * b is known from quantizing, that of u * v from packing (the sums'
// start). The 128 is subtracted from the row beforehand. Sums may wrap around on their way; what
// they come to in the end fits.

#include "backends/xsimd/isa/int8_pairs.hpp"

namespace carousel::simd {
namespace {

/// Groups whose products are added in 16 bits.
constexpr std::int64_t kDigitGroups = 8;
/// Groups whose digits are made at a time: 4 KiB.
constexpr std::int64_t kDigitsAtOnce = 512;

/// Weights are fetched so many groups of one output ahead: 2 KiB.
constexpr std::int64_t kAhead = 512;

/// The most rows and vectors of a tile of pairs: eight sums, two vectors of weights that take four
/// registers, and four more for a row.
constexpr int kPairRows = 4;
constexpr int kPairVectors = 2;
/// Groups whose widened weights are kept: 8 KiB.
constexpr std::int64_t kKeptGroups = 64;

CAROUSEL_INLINE __m256i four_bytes(const std::int8_t* from) {
  return _mm256_set1_epi32(load_group(from));
}

/// Adds to a sum in its register, in the order in which it is written: GCC would copy the sums, or
/// multiply first and keep the products in memory.
CAROUSEL_INLINE void add_int16s(__m256i& sum, __m256i v) {
  __asm__ volatile("vpaddw %1, %0, %0" : "+x"(sum) : "x"(v));
}
CAROUSEL_INLINE void add_int32s(__m256i& sum, __m256i v) {
  __asm__ volatile("vpaddd %1, %0, %0" : "+x"(sum) : "x"(v));
}

/// Loads a vector that several instructions use, once.
CAROUSEL_INLINE __m256i load_held(const void* from) {
  __m256i v = load_vector(from);
  __asm__ volatile("" : "+x"(v));
  return v;
}

/// The sums of V vectors of a row in 16 bits.
template <int V>
struct DigitSums {
  __m256i high[V];
  __m256i low[V];
};

/// Multiplies a group's digits with its weights.
template <bool kFirst, int V>
CAROUSEL_INLINE void add_digits(DigitSums<V>& sums, const Int8Group* weights,
                                const std::int8_t* digits) {
  const __m256i high = four_bytes(digits);
  const __m256i low = four_bytes(digits + kGroupTerms);
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    if (v % 2 == 0) __builtin_prefetch(weights + v * kWidth + kAhead);
    const __m256i w = load_held(weights + v * kWidth);
    const __m256i of_high = _mm256_maddubs_epi16(w, high);
    const __m256i of_low = _mm256_maddubs_epi16(w, low);
    if constexpr (kFirst) {
      sums.high[v] = of_high;
      sums.low[v] = of_low;
    } else {
      add_int16s(sums.high[v], of_high);
      add_int16s(sums.low[v], of_low);
    }
  }
}

template <int V>
CAROUSEL_INLINE void add_digit_sums(const DigitSums<V>& sums, std::int32_t* to) {
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v, to += kWidth) {
    const __m256i high = _mm256_madd_epi16(sums.high[v], _mm256_set1_epi16(16));
    const __m256i low = _mm256_madd_epi16(sums.low[v], _mm256_set1_epi16(1));
    store_vector(to, _mm256_add_epi32(load_vector(to), _mm256_add_epi32(high, low)));
  }
}

/// Adds the products of a row and the V vectors of a block to the sums.
template <int V>
[[gnu::noinline]] void multiply_digits(const Int8Group* weights, const std::int8_t* digits,
                                       std::int64_t groups, std::int32_t* to) {
  constexpr std::int64_t kStride = V * kWidth;
  for (; groups >= kDigitGroups; groups -= kDigitGroups) {
    DigitSums<V> sums;
    add_digits<true>(sums, weights, digits);
#pragma GCC unroll 8
    for (std::int64_t g = 1; g < kDigitGroups; ++g) {
      add_digits<false>(sums, weights + g * kStride, digits + g * kWideGroup);
    }
    add_digit_sums(sums, to);
    weights += kDigitGroups * kStride;
    digits += kDigitGroups * kWideGroup;
  }
  if (groups == 0) return;
  DigitSums<V> sums;
  add_digits<true>(sums, weights, digits);
  while (--groups > 0) add_digits<false>(sums, weights += kStride, digits += kWideGroup);
  add_digit_sums(sums, to);
}

/// A row's digits: of each group the high ones, then the low ones.
inline void store_digits(const std::int8_t* row, std::int64_t groups, std::int8_t* to) {
  const __m256i eights = _mm256_set1_epi8(8);
  const __m256i nibble = _mm256_set1_epi8(15);
  for (std::int64_t g = 0; g < groups; g += kWidth) {
    const __m256i bytes = load_vector(row + g * kGroupTerms);
    const __m256i from_minus_8 = _mm256_xor_si256(_mm256_and_si256(bytes, nibble), eights);
    const __m256i low = _mm256_sub_epi8(from_minus_8, eights);
    // The upper four bits as a number, and 1 where the lower ones stand for a negative one.
    const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble);
    const __m256i floor = _mm256_sub_epi8(_mm256_xor_si256(upper, eights), eights);
    const __m256i high = _mm256_sub_epi8(floor, _mm256_cmpgt_epi8(_mm256_setzero_si256(), low));
    store_in_turns(to + g * kWideGroup, high, low);
  }
}

template <int V>
void multiply_row(const Int8Product& p) {
  constexpr std::int64_t kSums = V * kWidth;
  alignas(64) std::int8_t digits[kDigitsAtOnce * kWideGroup];
  const __m256i offset = four_bytes(p.rows + row_sums_offset(p.groups * kGroupTerms) + kGroupTerms);
  for (std::int64_t v = 0; v < p.block_count * V; ++v) store_vector(p.sums + v * kWidth, offset);
  for (std::int64_t done = 0; done < p.groups; done += kDigitsAtOnce) {
    const std::int64_t groups = p.groups - done < kDigitsAtOnce ? p.groups - done : kDigitsAtOnce;
    store_digits(p.rows + done * kGroupTerms, groups, digits);
    for (std::int64_t block = 0; block < p.block_count; ++block) {
      multiply_digits<V>(p.weights + (block * p.groups + done) * kSums, digits, groups,
                         p.sums + block * kSums);
    }
  }
}

/// Some rows and neighbouring vectors of a block, and some groups of their terms.
struct PairTile {
  const Int8Group* weights = nullptr;  ///< of the first group and vector
  std::int64_t weight_stride = 0;      ///< from a group to the next
  const std::int8_t* pairs = nullptr;  ///< of the first row and group
  std::int64_t row_stride = 0;         ///< bytes
  std::int64_t groups = 0;
  const std::int32_t* start = nullptr;  ///< null: the sums go on
  const std::int8_t* row_sums = nullptr;
  std::int32_t* sums = nullptr;
  std::int64_t sums_stride = 0;  ///< from a row to the next
};

/// What a tile multiplies with: packed weights, the same while it keeps them for the tiles after it
/// as the two vectors of int16 that they are widened to, or what was kept.
enum class PairWeights { packed, keep, kept };

template <PairWeights kFrom>
struct From {
  static constexpr PairWeights value = kFrom;
};

/// Multiplies a group's pairs of R rows with the weights of V vectors.
template <PairWeights kFrom, int R, int V>
CAROUSEL_INLINE void add_pairs(__m256i (&sums)[R][V], const Int8Group* weights, __m256i* kept,
                               const std::int8_t* pairs, std::int64_t row_stride) {
  __m256i even[V];
  __m256i odd[V];
#pragma GCC unroll 2
  for (int v = 0; v < V; ++v) {
    if constexpr (kFrom == PairWeights::kept) {
      even[v] = load_held(kept + 2 * v);
      odd[v] = load_held(kept + 2 * v + 1);
    } else {
      odd[v] = load_held(weights + v * kWidth);
      even[v] = _mm256_and_si256(odd[v], _mm256_set1_epi16(255));
      odd[v] = _mm256_srli_epi16(odd[v], 8);
    }
    if constexpr (kFrom == PairWeights::keep) {
      store_vector(kept + 2 * v, even[v]);
      store_vector(kept + 2 * v + 1, odd[v]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) {
    const __m256i first = four_bytes(pairs + r * row_stride);
    const __m256i second = four_bytes(pairs + r * row_stride + kGroupTerms);
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      add_int32s(sums[r][v], _mm256_madd_epi16(_mm256_add_epi16(first, odd[v]),
                                               _mm256_add_epi16(second, even[v])));
    }
  }
}

template <int R, int V>
CAROUSEL_INLINE void begin_sums(__m256i (&sums)[R][V], const PairTile& tile) {
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      sums[r][v] = tile.start == nullptr
                       ? load_vector(tile.sums + r * tile.sums_stride + v * kWidth)
                       : _mm256_add_epi32(four_bytes(tile.row_sums + r * tile.row_stride),
                                          load_vector(tile.start + v * kWidth));
    }
  }
}

template <PairWeights kFrom, int R, int V>
CAROUSEL_INLINE void multiply_pairs(const PairTile& tile, __m256i* kept) {
  __m256i sums[R][V];
  begin_sums(sums, tile);
  const std::int64_t weight_stride = tile.weight_stride;
  const std::int64_t ahead = kKeptGroups * weight_stride;
  const std::int64_t row_stride = tile.row_stride;
  const Int8Group* w = tile.weights;
  const std::int8_t* pairs = tile.pairs;
  for (std::int64_t g = tile.groups; g > 0; --g) {
    if constexpr (kFrom != PairWeights::kept) __builtin_prefetch(w + ahead);
    add_pairs<kFrom>(sums, w, kept, pairs, row_stride);
    w += weight_stride;
    kept += 2 * V;
    pairs += kWideGroup;
  }
  std::int32_t* to = tile.sums;
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r, to += tile.sums_stride) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) store_vector(to + v * kWidth, sums[r][v]);
  }
}

template <PairWeights kFrom, int V, int R = kPairRows>
CAROUSEL_INLINE void multiply_pair_rows(const PairTile& tile, __m256i* kept, std::int64_t rows) {
  if (rows == R) return multiply_pairs<kFrom, R, V>(tile, kept);
  if constexpr (R > 2) multiply_pair_rows<kFrom, V, R - 1>(tile, kept, rows);
}

/// All rows for V vectors of a block and the groups from `group` on, in tiles of nearly equal
/// numbers of rows.
template <int V>
void multiply_vectors(const Int8Product& p, std::int64_t block, std::int64_t group,
                      std::int64_t vector) {
  alignas(64) __m256i kept[kKeptGroups * 2 * V];
  const std::int64_t stride = p.vectors * kWidth;
  const std::int64_t lane = vector * kWidth;
  const std::int64_t terms = p.groups * kGroupTerms;
  PairTile tile{.weights = p.weights + (block * p.groups + group) * stride + lane,
                .weight_stride = stride,
                .pairs = p.rows + pairs_offset(terms) + group * kWideGroup,
                .row_stride = p.row_stride,
                .groups = p.groups - group < kKeptGroups ? p.groups - group : kKeptGroups,
                .start = group == 0 ? p.start + block * stride + lane : nullptr,
                .row_sums = p.rows + row_sums_offset(terms),
                .sums = p.sums + block * p.row_count * stride + lane,
                .sums_stride = stride};
  std::int64_t tiles = (p.row_count + kPairRows - 1) / kPairRows;
  std::int64_t left = p.row_count;
  const auto multiply_tile = [&](auto from) {
    const std::int64_t rows = (left + tiles - 1) / tiles;
    multiply_pair_rows<decltype(from)::value, V>(tile, kept, rows);
    tile.pairs += rows * p.row_stride;
    tile.row_sums += rows * p.row_stride;
    tile.sums += rows * stride;
    left -= rows;
    --tiles;
  };
  if (tiles == 1) return multiply_tile(From<PairWeights::packed>{});
  multiply_tile(From<PairWeights::keep>{});
  while (left > 0) multiply_tile(From<PairWeights::kept>{});
}

void multiply_rows(const Int8Product& p) {
  for (std::int64_t block = 0; block < p.block_count; ++block) {
    for (std::int64_t group = 0; group < p.groups; group += kKeptGroups) {
      std::int64_t v = 0;
      for (; v + kPairVectors <= p.vectors; v += kPairVectors) {
        multiply_vectors<kPairVectors>(p, block, group, v);
      }
      if (v < p.vectors) multiply_vectors<1>(p, block, group, v);
    }
  }
}

void multiply(const Int8Product& product) {
  if (product.row_count > 1) return multiply_rows(product);
  switch (product.vectors) {
    case 1: return multiply_row<1>(product);
    case 2: return multiply_row<2>(product);
    case 3: return multiply_row<3>(product);
    default: return multiply_row<4>(product);
  }
}

}  // namespace
}  // namespace carousel::simd
