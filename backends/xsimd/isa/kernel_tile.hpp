// SPDX-License-Identifier: Apache-2.0
#pragma once

// The register tile that all matrix work goes through. Included by kernels.cpp only, inside its
// anonymous namespace.
//
// A tile is R rows times B blocks of four vectors. Its accumulators live in registers while k runs,
// so each weight vector is loaded once for R rows and each row's element once for B blocks. Every
// accumulator sums in the order of k, whatever R and B are: that is why results do not depend on
// how rows are grouped.

template <int R, int B>
struct Tile {
  Batch acc[R][B][4];
};

/// Which accumulators the weight vectors of each k add to.
struct Lanes {
  int count;
  int to[4];

  [[nodiscard]] constexpr bool include(int accumulator) const {
    for (int v = 0; v < count; ++v) {
      if (to[v] == accumulator) return true;
    }
    return false;
  }
};
constexpr Lanes kAllLanes{4, {0, 1, 2, 3}};

/// Neighbouring blocks of units that a tile works on; the last one may be a half block.
template <int kCount, bool kHalf = false>
struct Blocks {
  static constexpr int count = kCount;
  static constexpr bool half = kHalf;
};

/// What the weight vectors of a block add to: in a half block, two of them share each vector.
template <bool kHalf>
constexpr Lanes lanes_of_block(Lanes lanes) {
  return kHalf ? Lanes{(lanes.count + 1) / 2, {lanes.to[0], lanes.to[2], 0, 0}} : lanes;
}

/// Starts from four vectors per block at `start + r * row_stride + b * 4W` (row_stride 0: a bias),
/// or those of `kUsed`: the others would occupy registers.
template <Lanes kUsed = kAllLanes, int R, int B>
CAROUSEL_INLINE void load(Tile<R, B>& tile, const float* start, std::int64_t row_stride) {
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < 4 * B; ++v) {
      if (!kUsed.include(v % 4)) continue;
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

/// Adds the other tile's vectors of `kUsed`.
template <Lanes kUsed, int R, int B>
CAROUSEL_INLINE void add(Tile<R, B>& tile, const Tile<R, B>& other) {
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < 4 * B; ++v) {
      if (!kUsed.include(v % 4)) continue;
      Batch& sum = tile.acc[r][v / 4][v % 4];
      sum = sum + other.acc[r][v / 4][v % 4];
    }
  }
}

/// As `load`.
template <Lanes kUsed = kAllLanes, int R, int B>
CAROUSEL_INLINE void store(const Tile<R, B>& tile, float* start, std::int64_t row_stride) {
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < 4 * B; ++v) {
      if (!kUsed.include(v % 4)) continue;
      tile.acc[r][v / 4][v % 4].store_aligned(start + r * row_stride + v * kWidth);
    }
  }
}

constexpr std::int64_t kLineFloats = 16;

/// What is fetched while a tile is worked on, into the nearest cache or the second one: at each k
/// the cache line at `at` and, where a step is wider than a line, the one after it. That may be
/// behind the end of the matrix: it is not read.
template <bool kNear>
struct Ahead {
  const float* at;
  std::int64_t step;  ///< floats from one k to the next

  template <bool kWide>
  CAROUSEL_INLINE void fetch() {
    __builtin_prefetch(at, 0, kNear ? 3 : 2);
    if constexpr (kWide) {
      __builtin_prefetch(at + (step > kLineFloats ? kLineFloats : 0), 0, kNear ? 3 : 2);
    }
    at += step;
  }
};

/// Likewise all lines of a step of so many floats, into the nearest cache.
template <std::int64_t kStep>
struct AllAhead {
  const float* at;

  template <bool>
  CAROUSEL_INLINE void fetch() {
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < kStep; i += kLineFloats) __builtin_prefetch(at + i);
    at += kStep;
  }
};

struct NothingAhead {
  template <bool>
  CAROUSEL_INLINE void fetch() {}
};

/// A vector that several instructions use. GCC would repeat a load in each of two or three of them,
/// and these loads would be what the loop waits for.
CAROUSEL_INLINE Batch load_once(const float* from) {
  Batch vector = Batch::load_aligned(from);
#if defined(__x86_64__)
  __asm__("" : "+v"(vector.data));
#endif
  return vector;
}

/// acc[r][b][lanes.to[v]] += sum over k of a[r][k] * w[b][k][v], k ascending; likewise with the
/// lanes of a half block, if the last one is (`kHalf`).
template <Lanes lanes = kAllLanes, bool kHalf = false, int R, int B, class AnyAhead = NothingAhead>
CAROUSEL_INLINE void multiply(Tile<R, B>& tile, const float* const (&a)[R], std::int64_t count,
                              const float* w, std::int64_t block_stride, AnyAhead ahead = {}) {
  constexpr bool kOnce = R == 2 || R == 3;
  constexpr Lanes kLast = lanes_of_block<kHalf>(lanes);
  constexpr int kWidest = (B > 1 ? lanes : kLast).count * kWidth;
  const float* last = w + (B - 1) * block_stride;
  Tile<R, B> t = tile;  // a local copy stays in registers
  for (std::int64_t k = 0; k < count; ++k) {
    Batch row[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) row[r] = Batch(a[r][k]);
    ahead.template fetch<(kWidest > kLineFloats)>();
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
      const bool half = kHalf && b == B - 1;
      const Lanes& in = half ? kLast : lanes;
#pragma GCC unroll 4
      for (int v = 0; v < in.count; ++v) {
        const float* const at = (half ? last : w + b * block_stride) + v * kWidth;
        const Batch weight = kOnce ? load_once(at) : Batch::load_aligned(at);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) {
          t.acc[r][b][in.to[v]] = xsimd::fma(row[r], weight, t.acc[r][b][in.to[v]]);
        }
      }
    }
    w += lanes.count * kWidth;
    last += kLast.count * kWidth;
  }
  tile = t;
}

/// Calls `body(integral constant rows, first row)`, for rows in kLeast..R.
template <int kLeast = 1, int R = kMaxRows, class Body>
inline void call_with_rows(std::int64_t rows, std::int64_t first, Body&& body) {
  if (rows == R) {
    body(Int<R>{}, first);
  } else if constexpr (R > kLeast) {
    call_with_rows<kLeast, R - 1>(rows, first, body);
  }
}

/// The least height of a tile where one tile is not enough.
constexpr int kLeastOfSeveral = (kMaxRows + 1) / 2;

/// Cuts rows into ceil(count / kMaxRows) tiles of nearly equal height, kLeast at least.
template <int kLeast = 1, class Body>
inline void for_each_tile(std::int64_t count, Body&& body) {
  std::int64_t tiles = (count + kMaxRows - 1) / kMaxRows;
  for (std::int64_t first = 0; first < count; --tiles) {
    const std::int64_t rows = (count - first + tiles - 1) / tiles;
    call_with_rows<kLeast>(rows, first, body);
    first += rows;
  }
}

/// The upper half of the vector below, the lower half above.
CAROUSEL_INLINE Batch swap_halves(Batch v) {
#if defined(__AVX512F__)
  return _mm512_shuffle_f32x4(v, v, 0x4E);
#else
  alignas(64) float twice[2 * kWidth];
  v.store_aligned(twice);
  v.store_aligned(twice + kWidth);
  return Batch::load_unaligned(twice + kWidth / 2);
#endif
}

/// Gives those that shared a vector of the half block, which is the last one, each its own. Their
/// upper halves are nothing of use.
template <Lanes lanes, int R, int B>
CAROUSEL_INLINE void spread_half_block(Tile<R, B>& tile) {
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 2
    for (int v = 1; v < lanes.count; v += 2) {
      tile.acc[r][B - 1][lanes.to[v]] = swap_halves(tile.acc[r][B - 1][lanes.to[v - 1]]);
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
#else
  alignas(64) float lanes[kWidth];
  value.store_aligned(lanes);
  for (std::int64_t i = 0; i < count; ++i) to[i] = lanes[i];
#endif
}
