// SPDX-License-Identifier: Apache-2.0
#pragma once

// The micro-kernel, `multiply`. docs/kernels.md has its contract.

#include "backends/xsimd/isa/kernel_prefetch.hpp"
#include "backends/xsimd/isa/kernel_tile.hpp"
#include "backends/xsimd/isa/kernel_weights.hpp"

namespace carousel::simd {
namespace {

/// The panel of this policy, with the sizes that this object's kernels know when they are compiled.
template <AccumulatorMap kMap, class Weights>
CAROUSEL_INLINE BasicPanel<Weights> with_constants(const AnyPanel& any) {
  BasicPanel<Weights> panel = any.as<Weights>();
  panel.width = kWidth;
  panel.vectors = kMap.count;
  return panel;
}

/// Keeps a vector that several instructions use in a register. GCC would repeat its load in each of
/// two or three of them, and these loads would be what the loop waits for.
CAROUSEL_INLINE Batch held_in_register(Batch vector) {
#if defined(__x86_64__)
  __asm__("" : "+v"(vector.data));
#endif
  return vector;
}

/// Adds the terms to the accumulators of the weight vectors [kFirst, kFirst + kCount) of a tile's
/// blocks, counted through all blocks.
template <AccumulatorMap kMap, class Weights, int kFirst, int kCount, int R, int B,
          class AnyPrefetch>
CAROUSEL_INLINE void multiply_pass(Tile<R, B>& tile, const float* const (&a)[R], std::int64_t terms,
                                   const typename Weights::Element* w, std::int64_t block_stride,
                                   AnyPrefetch& prefetch) {
  const auto sum = [&](int r, int v) -> Batch& {
    return tile.acc[r][(kFirst + v) / kMap.count][kMap.to[(kFirst + v) % kMap.count]];
  };
  Batch t[R][kCount];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kCount; ++v) t[r][v] = sum(r, v);
  }
  for (std::int64_t k = 0; k < terms; ++k, w += kMap.stored * kWidth) {
    if constexpr (kFirst == 0) {
      prefetch.template fetch<(kMap.count * kWidth > kLineElements<typename Weights::Element>)>();
    }
    Batch weight[kCount];
#pragma GCC unroll 4
    for (int v = 0; v < kCount; ++v) {
      const auto* block = w + (kFirst + v) / kMap.count * block_stride;
      weight[v] = held_in_register(
          load_weights<Weights, true>(block, (kFirst + v) % kMap.count, kMap.stored));
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Batch row = held_in_register(Batch(a[r][k]));
#pragma GCC unroll 4
      for (int v = 0; v < kCount; ++v) t[r][v] = xsimd::fma(row, weight[v], t[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kCount; ++v) sum(r, v) = t[r][v];
  }
}

/// The passes from vector kFirst on: three vectors each, or two where the last pass would be left
/// with one, whose multiply-adds would wait for each other.
template <AccumulatorMap kMap, class Weights, int kFirst = 0, int R, int B, class AnyPrefetch>
CAROUSEL_INLINE void multiply_passes(Tile<R, B>& tile, const float* const (&a)[R],
                                     std::int64_t terms, const typename Weights::Element* w,
                                     std::int64_t block_stride, AnyPrefetch& prefetch) {
  constexpr int kLeft = B * kMap.count - kFirst;
  constexpr int kCount = kLeft == 4 ? 2 : kLeft < 3 ? kLeft : 3;
  multiply_pass<kMap, Weights, kFirst, kCount>(tile, a, terms, w, block_stride, prefetch);
  if constexpr (kCount < kLeft) {
    multiply_passes<kMap, Weights, kFirst + kCount>(tile, a, terms, w, block_stride, prefetch);
  }
}

/// `multiply` for a tile of more accumulators than there are registers: the terms are added to some
/// of them after the others. Weights thus come from memory once for more rows. The terms that are
/// added at a time fill half of an L1 cache of 32 KiB, so that they stay there from pass to pass
/// beside the rows and the first weights of the next ones.
template <AccumulatorMap kMap, class Weights, int R, int B, class AnyPrefetch>
CAROUSEL_INLINE void multiply_in_passes(Tile<R, B>& tile, const float* const (&a)[R],
                                        std::int64_t terms, const typename Weights::Element* w,
                                        std::int64_t block_stride, AnyPrefetch prefetch) {
  constexpr std::int64_t kTermBytes =
      B * kMap.stored * kWidth * static_cast<std::int64_t>(sizeof(typename Weights::Element));
  constexpr std::int64_t kTermsAtATime = (std::int64_t{16} << 10) / kTermBytes;
  const float* row[R];
  for (int r = 0; r < R; ++r) row[r] = a[r];
  for (std::int64_t k = 0; k < terms; k += kTermsAtATime) {
    const std::int64_t some = terms - k < kTermsAtATime ? terms - k : kTermsAtATime;
    multiply_passes<kMap, Weights>(tile, row, some, w, block_stride, prefetch);
    for (int r = 0; r < R; ++r) row[r] += some;
    w += some * kMap.stored * kWidth;
  }
}

/// `multiply` for a tile whose accumulators all stay in registers.
template <AccumulatorMap kMap, bool kHalf, class Weights, int R, int B, int V, class AnyPrefetch>
CAROUSEL_INLINE void multiply_at_once(Tile<R, B, V>& tile, const float* const (&a)[R],
                                      std::int64_t terms, const typename Weights::Element* w,
                                      std::int64_t block_stride, AnyPrefetch prefetch) {
  constexpr bool kHold = R == 2 || R == 3;
  constexpr AccumulatorMap kLast = map_of_block<kHalf>(kMap);
  constexpr std::int64_t kWidest = (B > 1 ? kMap : kLast).count * kWidth;
  const auto* last = w + (B - 1) * block_stride;
  Tile<R, B, V> t = tile;  // a local copy stays in registers
  const auto add_term = [&](std::int64_t k) __attribute__((always_inline)) {
    Batch row[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) row[r] = Batch(a[r][k]);
    prefetch.template fetch<(kWidest > kLineElements<typename Weights::Element>)>();
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
      const bool half = kHalf && b == B - 1;
      const AccumulatorMap& map = half ? kLast : kMap;
#pragma GCC unroll 4
      for (int v = 0; v < map.count; ++v) {
        const Batch loaded =
            load_weights<Weights, R == kMaxRows>(half ? last : w + b * block_stride, v, map.stored);
        const Batch weight = kHold ? held_in_register(loaded) : loaded;
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) {
          t.acc[r][b][map.to[v]] = xsimd::fma(row[r], weight, t.acc[r][b][map.to[v]]);
        }
      }
    }
    w += kMap.stored * kWidth;
    last += kLast.stored * kWidth;
  };
  std::int64_t k = 0;
  if constexpr (R == 1 && kTwoTermsAtATime) {
    for (; k + 1 < terms; k += 2) {
      add_term(k);
      add_term(k + 1);
    }
  }
  for (; k < terms; ++k) add_term(k);
  tile = t;
}

/// The micro-kernel: acc[r][b][kMap.to[v]] += sum over k < terms of a[r][k] * w[b][k][v], k
/// ascending. With `kHalf` the last block is a half block, whose vectors are added by its own map.
template <AccumulatorMap kMap, bool kHalf, class Weights, int R, int B, int V,
          class AnyPrefetch = NoPrefetch>
CAROUSEL_INLINE void multiply(Tile<R, B, V>& tile, const float* const (&a)[R], std::int64_t terms,
                              const typename Weights::Element* w, std::int64_t block_stride,
                              AnyPrefetch prefetch = {}) {
  if constexpr (V == kAccumulators && R > kMaxRows) {
    static_assert(!kHalf);
    multiply_in_passes<kMap, Weights>(tile, a, terms, w, block_stride, prefetch);
  } else {
    multiply_at_once<kMap, kHalf, Weights>(tile, a, terms, w, block_stride, prefetch);
  }
}

/// Adds the terms to two rows of a tile of four, whose block `b` has the weights `w`.
template <AccumulatorMap kMap, class Weights, int kFirst, int B, class AnyPrefetch>
CAROUSEL_INLINE void multiply_two_rows(Tile<4, B>& tile, int b, const float* const (&a)[4],
                                       std::int64_t first, std::int64_t terms,
                                       const typename Weights::Element* w, AnyPrefetch prefetch) {
  const float* const row[2] = {a[kFirst] + first, a[kFirst + 1] + first};
  Tile<2, 1> two;
#pragma GCC unroll 2
  for (int r = 0; r < 2; ++r) copy_blocks<1>(two.acc[r], &tile.acc[kFirst + r][b]);
  multiply_at_once<kMap, false, Weights>(two, row, terms, w, 0, prefetch);
#pragma GCC unroll 2
  for (int r = 0; r < 2; ++r) copy_blocks<1>(&tile.acc[kFirst + r][b], two.acc[r]);
}

/// Whether `multiply_by_pairs` is for tiles of R rows. Weights of 16 bits would be widened twice.
template <AccumulatorMap kMap, class Weights, int R>
constexpr bool kHasPairs = R == 4 && kMaxRows < 4 && kMap.count == kAccumulators &&
                           sizeof(typename Weights::Element) == sizeof(float);

/// `multiply` for four rows: some terms are added for two rows and then, from the L1 cache, for the
/// other two. Each of them prefetches half of the next terms, so that weights come from the farther
/// caches at one pace. Terms and next terms fill half of an L1 cache of 32 KiB.
template <AccumulatorMap kMap, class Weights, int B>
CAROUSEL_INLINE void multiply_by_pairs(Tile<4, B>& tile, const float* const (&a)[4],
                                       std::int64_t terms, const typename Weights::Element* w,
                                       std::int64_t block_stride) {
  using Element = typename Weights::Element;
  constexpr std::int64_t kTerm = kMap.stored * kWidth;
  constexpr std::int64_t kTermsAtATime =
      (std::int64_t{8} << 10) / (kTerm * static_cast<std::int64_t>(sizeof(Element)));
  for (int b = 0; b < B; ++b, w += block_stride) {
    for (std::int64_t k = 0; k < terms; k += kTermsAtATime) {
      const std::int64_t some = terms - k < kTermsAtATime ? terms - k : kTermsAtATime;
      const Element* at = w + k * kTerm;
      const PrefetchTerm<kTerm / 2, Element> lower{at + some * kTerm};
      const PrefetchTerm<kTerm / 2, Element> upper{at + some * kTerm + some * kTerm / 2};
      multiply_two_rows<kMap, Weights, 0>(tile, b, a, k, some, at, lower);
      multiply_two_rows<kMap, Weights, 2>(tile, b, a, k, some, at, upper);
    }
  }
}

}  // namespace
}  // namespace carousel::simd
