// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tile that all matrix work goes through, and how rows are divided into tiles.
//
// A tile is R rows times B blocks of four vectors. Its accumulators live in registers while k runs,
// so each weight vector is loaded once for R rows and each row's element once for B blocks. Every
// accumulator sums in the order of k, whatever R and B are: that is why results do not depend on
// which rows form a tile.

#include "backends/xsimd/isa/kernel_config.hpp"

namespace carousel::simd {
namespace {

/// V is less where the other vectors of the blocks are padding.
template <int R, int B, int V = kAccumulators>
struct Tile {
  Batch acc[R][B][V];
};

/// Which accumulator each weight vector of a block is added to.
struct AccumulatorMap {
  int count;  ///< weight vectors
  int to[kAccumulators];
  int stored = count;  ///< weight vectors of a term in memory; the last ones may be left out

  [[nodiscard]] constexpr bool reaches(int accumulator) const {
    for (int v = 0; v < count; ++v) {
      if (to[v] == accumulator) return true;
    }
    return false;
  }
};
constexpr AccumulatorMap kEachItsOwn{4, {0, 1, 2, 3}};
/// The first vectors of a block whose others are padding.
template <int kCount>
constexpr AccumulatorMap kFirst{kCount, {0, 1, 2, 3}, 4};

/// Neighbouring blocks of units that a tile works on; the last one may be a half block.
template <int kCount, bool kHalf = false>
struct Blocks {
  static constexpr int count = kCount;
  static constexpr bool half = kHalf;
};

/// The map of a block, from that of a whole one: in a half block, two gates share each vector.
template <bool kHalf>
constexpr AccumulatorMap map_of_block(AccumulatorMap map) {
  return kHalf ? AccumulatorMap{(map.count + 1) / 2, {map.to[0], map.to[2], 0, 0}} : map;
}

/// Loads the accumulators of a tile from the four vectors of each block at
/// `start + r * row_stride + b * 4W`, except those that `kUsed` does not reach: they would occupy
/// registers.
template <AccumulatorMap kUsed = kEachItsOwn, int R, int B>
CAROUSEL_INLINE void load(Tile<R, B>& tile, const float* start, std::int64_t row_stride) {
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < 4 * B; ++v) {
      if (!kUsed.reaches(v % 4)) continue;
      tile.acc[r][v / 4][v % 4] = Batch::load_aligned(start + r * row_stride + v * kWidth);
    }
  }
}

template <int B>
CAROUSEL_INLINE void copy_blocks(Batch (*to)[4], const Batch (*from)[4]) {
#pragma GCC unroll 8
  for (int b = 0; b < B; ++b) {
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) to[b][v] = from[b][v];
  }
}

template <int R, int B>
CAROUSEL_INLINE void clear(Tile<R, B>& tile) {
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < 4 * B; ++v) tile.acc[r][v / 4][v % 4] = Batch(0.0F);
  }
}

/// Adds the other tile's accumulators that `kUsed` reaches to this tile's.
template <AccumulatorMap kUsed, int R, int B>
CAROUSEL_INLINE void add(Tile<R, B>& tile, const Tile<R, B>& other) {
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < 4 * B; ++v) {
      if (!kUsed.reaches(v % 4)) continue;
      Batch& sum = tile.acc[r][v / 4][v % 4];
      sum = sum + other.acc[r][v / 4][v % 4];
    }
  }
}

/// Stores the accumulators that `kUsed` reaches where `load` loads them from.
template <AccumulatorMap kUsed = kEachItsOwn, int R, int B>
CAROUSEL_INLINE void store(const Tile<R, B>& tile, float* start, std::int64_t row_stride) {
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < 4 * B; ++v) {
      if (!kUsed.reaches(v % 4)) continue;
      tile.acc[r][v / 4][v % 4].store_aligned(start + r * row_stride + v * kWidth);
    }
  }
}

/// Calls `body(integral constant rows, first row)`, for rows in kLeast..R.
template <int kLeast = 1, int R = kMaxRowsAlone, class Body>
inline void call_with_rows(std::int64_t rows, std::int64_t first, Body&& body) {
  if (rows == R) {
    body(Int<R>{}, first);
  } else if constexpr (R > kLeast) {
    call_with_rows<kLeast, R - 1>(rows, first, body);
  }
}

/// The most rows of one of several tiles. Where a term has three weight vectors instead of four,
/// the registers have room for as many rows as one tile alone may have.
template <AccumulatorMap kMap>
constexpr int kMostOfSeveral = kMap.count == 3 ? kMaxRowsAlone : kMaxRows;

/// The fewest rows that a tile may have where one tile is not enough.
template <AccumulatorMap kMap>
constexpr int kLeastOfSeveral = (kMostOfSeveral<kMap> + 1) / 2;

/// Calls `body` for ceil(count / kMost) tiles of nearly equal numbers of rows, at least kLeast.
template <int kMost = kMaxRows, int kLeast = 1, class Body>
inline void for_each_tile(std::int64_t count, Body&& body) {
  std::int64_t tiles = (count + kMost - 1) / kMost;
  for (std::int64_t first = 0; first < count; --tiles) {
    const std::int64_t rows = (count - first + tiles - 1) / tiles;
    call_with_rows<kLeast, kMost>(rows, first, body);
    first += rows;
  }
}

/// Calls `body` for tiles of R rows, the last two of which are nearly equal: no division for each
/// tile, which takes as long as little work does.
template <int R, class Body>
inline void for_each_full_tile(std::int64_t count, Body&& body) {
  for (std::int64_t first = 0; first < count;) {
    const std::int64_t rest = count - first;
    const std::int64_t rows = rest >= 2 * R ? R : rest > R ? (rest + 1) / 2 : rest;
    call_with_rows<1, R>(rows, first, body);
    first += rows;
  }
}

/// The vector with its lower and its upper half exchanged.
CAROUSEL_INLINE Batch swap_halves(Batch v) {
#if defined(__AVX512F__)
  return _mm512_shuffle_f32x4(v, v, 0x4E);
#elif defined(__ARM_FEATURE_SVE)
  return svext_f32(v, v, kWidth / 2);
#else
  alignas(64) float twice[2 * kWidth];
  v.store_aligned(twice);
  v.store_aligned(twice + kWidth);
  return Batch::load_unaligned(twice + kWidth / 2);
#endif
}

/// Gives the two gates that share a vector of the half block, which is the tile's last block, an
/// accumulator each. The upper halves of these accumulators are not used.
template <AccumulatorMap kMap, int R, int B>
CAROUSEL_INLINE void spread_half_block(Tile<R, B>& tile) {
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 2
    for (int v = 1; v < kMap.count; v += 2) {
      tile.acc[r][B - 1][kMap.to[v]] = swap_halves(tile.acc[r][B - 1][kMap.to[v - 1]]);
    }
  }
}

/// Writes the first `count` >= 1 of a vector's floats, all of them if there are not that many.
CAROUSEL_INLINE void store_some(float* to, Batch value, std::int64_t count) {
  if (count >= kWidth) {
    value.store_unaligned(to);
    return;
  }
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1U << count) - 1U), value);
#elif defined(__ARM_FEATURE_SVE)
  svst1_f32(svwhilelt_b32_s64(0, count), to, value);
#elif defined(__x86_64__)
#if defined(__AVX__)
  __m128 part = _mm256_castps256_ps128(value);
  if ((count & 4) != 0) {
    _mm_storeu_ps(to, part);
    part = _mm256_extractf128_ps(value, 1);
    to += 4;
  }
#else
  __m128 part = value;
#endif
  if ((count & 2) != 0) {
    _mm_storel_pi(reinterpret_cast<__m64*>(to), part);
    part = _mm_movehl_ps(part, part);
    to += 2;
  }
  if ((count & 1) != 0) _mm_store_ss(to, part);
#else
  alignas(64) float floats[kWidth];
  value.store_aligned(floats);
  for (std::int64_t i = 0; i < count; ++i) to[i] = floats[i];
#endif
}

}  // namespace
}  // namespace carousel::simd
