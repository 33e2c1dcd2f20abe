// SPDX-License-Identifier: Apache-2.0
#pragma once

// The sums of a tile over inputs and state. They are added in the order bias, inputs, state, k
// ascending, whichever function does it; only in layers of a single block the upper half of the
// state's terms (see `lower_terms`) is a sum of its own, added last.

#include "backends/xsimd/isa/kernel_rows.hpp"

namespace carousel::simd {
namespace {

/// The rows that the recurrent weights are multiplied with in a step, or in one part of it.
struct States {
  const float* first;   ///< the first row
  std::int64_t stride;  ///< floats from a row to the next
};

inline States states_before(const RecurrentJob& job, std::int64_t s) {
  return {h_before(job, s), job.state_stride};
}

/// The terms of the recurrent sums that are added to the inputs' sums. In a layer of one block they
/// are half of all; the others are a sum of their own, because one row alone has so few
/// accumulators that each addition would wait for the one before.
inline std::int64_t lower_terms(const PanelShape& recurrent) {
  return recurrent.blocks == 1 ? recurrent.terms / 2 : recurrent.terms;
}

/// Adds to a layer's only block the terms from `first` on, as a sum of their own.
template <AccumulatorMap kState, bool kHalf, class Weights, int R>
CAROUSEL_INLINE void add_upper_terms(Tile<R, 1>& tile, const float* const (&a)[R],
                                     std::int64_t first, const AnyPanel& any) {
  const auto panel = with_constants<kState, Weights>(any);
  const float* upper[R];
  for (int r = 0; r < R; ++r) upper[r] = a[r] + first;
  Tile<R, 1> sum;
  clear(sum);
  multiply<kState, kHalf, Weights>(sum, upper, panel.terms - first, panel.at(0, first, kHalf), 0);
  add<map_of_block<kHalf>(kState)>(tile, sum);
}

/// Adds all terms of a layer's only block to the tile of one row. The loop adds a term to each of
/// the two sums.
template <AccumulatorMap kState, bool kHalf, class Weights>
CAROUSEL_INLINE void add_both_sums(Tile<1, 1>& tile, const float* a, const AnyPanel& any) {
  constexpr AccumulatorMap kMap = map_of_block<kHalf>(kState);
  const auto panel = with_constants<kState, Weights>(any);
  const std::int64_t half = lower_terms(panel);
  const auto* lower_w = panel.at(0);
  const auto* upper_w = panel.at(0, half, kHalf);
  Tile<1, 1> lower = tile;
  Tile<1, 1> upper;
  clear(upper);
  for (std::int64_t k = 0; k < half; ++k) {
    const auto* low_term = lower_w + k * panel.term_stride(kHalf);
    const auto* high_term = upper_w + k * panel.term_stride(kHalf);
#pragma GCC unroll 4
    for (int v = 0; v < kMap.count; ++v) {
      Batch& low = lower.acc[0][0][kMap.to[v]];
      Batch& high = upper.acc[0][0][kMap.to[v]];
      low = xsimd::fma(Batch(a[k]), load_weights<Weights, false>(low_term, v, kMap.stored), low);
      high = xsimd::fma(Batch(a[half + k]), load_weights<Weights, false>(high_term, v, kMap.stored),
                        high);
    }
  }
  const float* const rest[1] = {a + 2 * half};
  multiply<kState, kHalf, Weights>(upper, rest, panel.terms - 2 * half,
                                   panel.at(0, 2 * half, kHalf), 0);
  add<kMap>(lower, upper);
  tile = lower;
}

/// Whether a single tile of R rows prefetches. With fewer rows the loads of the weights themselves
/// are the limit; with more, sums are added in passes, which do not,
/// or by pairs of rows, which prefetch what they need.
template <int R>
constexpr bool kTimeToFetch = 2 * R > kMaxRows&& R <= kMaxRows;

/// Adds the first `terms` terms of the tile's blocks, of which `block` is the first. All rows are
/// in this tile.
template <AccumulatorMap kMap, bool kHalf, class Weights, int R, int B>
CAROUSEL_INLINE void add_product(const RecurrentJob& job, Tile<R, B>& tile,
                                 const float* const (&a)[R], const AnyPanel& any,
                                 std::int64_t terms, std::int64_t block) {
  using Element = typename Weights::Element;
  constexpr std::int64_t kTerm = kMap.count * kWidth;
  const auto panel = with_constants<kMap, Weights>(any);
  const Element* weights = panel.at(block);
  if constexpr (kHasPairs<kMap, Weights, R>) {
    if (job.pairs) {
      return multiply_by_pairs<kMap, Weights>(tile, a, terms, weights, panel.block_stride());
    }
  }
  if constexpr (kTimeToFetch<R>) {
    if (job.prefetch_distance > 0) {
      return multiply<kMap, kHalf, Weights>(
          tile, a, terms, weights, panel.block_stride(),
          PrefetchTerm<kTerm, Element>{weights + job.prefetch_distance});
    }
  }
  multiply<kMap, kHalf, Weights>(tile, a, terms, weights, panel.block_stride());
}

/// Adds the recurrent part to the tile's blocks, of which `block` is the first. All rows are in
/// this tile.
template <AccumulatorMap kState, bool kHalf, class Weights, int R, int B>
CAROUSEL_INLINE void add_states(const RecurrentJob& job, Tile<R, B>& tile,
                                const float* const (&a)[R], std::int64_t block) {
  const AnyPanel& recurrent = job.weights->recurrent;
  const std::int64_t lower = lower_terms(recurrent);
  if constexpr (R == 1 && B == 1) {
    if (lower < recurrent.terms)
      return add_both_sums<kState, kHalf, Weights>(tile, a[0], recurrent);
  }
  add_product<kState, kHalf, Weights>(job, tile, a, recurrent, lower, block);
  if constexpr (R > 1 && B == 1) {
    if (lower < recurrent.terms) add_upper_terms<kState, kHalf, Weights>(tile, a, lower, recurrent);
  }
}

}  // namespace
}  // namespace carousel::simd
