// SPDX-License-Identifier: Apache-2.0
#pragma once

// The order in which a step goes through the blocks of a panel and their depth blocks.

#include "backends/xsimd/isa/kernel_rows.hpp"

namespace carousel::simd {
namespace {

/// Terms of a block's sums that are added for all rows before the next ones are.
struct DepthBlock {
  std::int64_t first;  ///< the first k
  std::int64_t terms;
  const Panel::Element* weights;  ///< those of the first k
  const Panel::Element* next;     ///< what is worked on afterwards
  PrefetchRate rate;
  bool last;  ///< of the block
};

/// The rate at which the tiles of so many rows prefetch the next block of a panel.
template <AccumulatorMap kMap>
CAROUSEL_INLINE PrefetchRate rate_of(std::int64_t rows) {
  return prefetch_rate<kMap.count * Panel::Weights::vector_elements(kWidth)>(rows);
}

/// All terms of a block as one depth block; `next` is the block that follows. `kMap` is that of a
/// whole block.
template <AccumulatorMap kMap>
CAROUSEL_INLINE DepthBlock whole_depth(const Panel& any, std::int64_t block, std::int64_t next,
                                       PrefetchRate rate) {
  const Panel panel = with_constants<kMap>(any);
  return {0, panel.terms, panel.at(block), panel.at(next), rate, true};
}

/// Calls `body(depth block)` for the depth blocks of a block, which have at most `most` terms.
/// `kMap` is that of a whole block, `whole` what `whole_depth` returns for the block.
template <AccumulatorMap kMap, bool kHalf, class Body>
inline void for_each_depth_block(const Panel& any, const DepthBlock& whole, std::int64_t most,
                                 Body&& body) {
  const std::int64_t term = with_constants<kMap>(any).term_stride(kHalf);
  for (std::int64_t k = 0; k < whole.terms; k += most) {
    const std::int64_t terms = smaller(most, whole.terms - k);
    const bool last = k + terms == whole.terms;
    const Panel::Element* weights = whole.weights + k * term;
    const Panel::Element* next = last ? whole.next : weights + terms * term;
    body(DepthBlock{k, terms, weights, next, whole.rate, last});
  }
}

/// Calls `body(Blocks, first block)` over some of a layer's blocks, upwards or downwards: two at
/// once where R rows leave room for them in the registers, else single ones. A half block, which is
/// the layer's last one, goes with the one before it: alone it has too few sums to keep the
/// multipliers busy.
template <int R, bool kHalves, class Body>
inline void for_each_block(const PackedLayer& w, Range blocks, bool upwards, Body&& body) {
  constexpr int B = 2 * R <= kMaxRows ? 2 : 1;
  std::int64_t first = blocks.first;
  std::int64_t last = blocks.last;
  if constexpr (kHalves) {
    if (w.recurrent.half && last == w.recurrent.blocks && first < last) {
      const bool alone = B == 1 || last - first == 1;
      const Range whole{first, last - (alone ? 1 : B)};
      if (upwards) for_each_block<R, false>(w, whole, upwards, body);
      if (alone) {
        body(Blocks<1, true>{}, whole.last);
      } else {
        body(Blocks<B, true>{}, whole.last);
      }
      if (!upwards) for_each_block<R, false>(w, whole, upwards, body);
      return;
    }
  }
  const std::int64_t rest = (last - first) % B;
  if (upwards) {
    for (; first + B <= last; first += B) body(Blocks<B>{}, first);
  }
  if constexpr (B > 1) {
    for (std::int64_t i = 0; i < rest; ++i) body(Blocks<1>{}, last - 1 - i);
  }
  if (!upwards) {
    for (last -= rest; last > first; last -= B) body(Blocks<B>{}, last - B);
  }
}

/// Calls `body(Blocks, block, next)` for single blocks, upwards; the first one follows the last.
template <bool kHalves, class Body>
inline void for_each_block_and_next(const PackedLayer& w, Range blocks, Body&& body) {
  for_each_block<kMaxRows, kHalves>(w, blocks, true, [&](auto one, std::int64_t block) {
    body(one, block, block + 1 < blocks.last ? block + 1 : blocks.first);
  });
}

/// Every other step goes through the blocks downwards: the weights used last are still in the
/// nearest cache.
inline bool goes_upwards(const RecurrentJob& job, std::int64_t s) {
  return ((job.earlier_steps + s) & 1) == 0;
}

}  // namespace
}  // namespace carousel::simd
