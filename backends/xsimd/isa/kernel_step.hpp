// SPDX-License-Identifier: Apache-2.0
#pragma once

// One step in each of the ways of `Walk`: the loops over blocks, depth blocks and tiles. Each
// starts the sums of a tile, adds the products to them, and passes them to `finish(tile, first row,
// block)` or, between two depth blocks, stores them.

#include "backends/xsimd/isa/kernel_units.hpp"

namespace carousel::simd {
namespace {

/// Terms of a block's sums that are added for all rows of the job before the next ones are.
template <class Weights>
struct DepthBlock {
  std::int64_t first;  ///< the first k
  std::int64_t terms;
  const typename Weights::Element* weights;  ///< those of the first k
  const typename Weights::Element* next;     ///< weights that are used afterwards, to be prefetched
  PrefetchRate rate;
  bool last;  ///< whether the sums of the block are complete behind it
};

/// The rate at which the tiles of so many rows prefetch the next block of a panel.
template <AccumulatorMap kMap>
CAROUSEL_INLINE PrefetchRate rate_of(std::int64_t rows) {
  return prefetch_rate<kMap.count * kWidth>(rows);
}

/// All terms of a block as one depth block; `next` is the block that is computed afterwards. `kMap`
/// is the map of a whole block.
template <AccumulatorMap kMap, class Weights>
CAROUSEL_INLINE DepthBlock<Weights> whole_depth(const AnyPanel& any, std::int64_t block,
                                                std::int64_t next, PrefetchRate rate) {
  const auto panel = with_constants<kMap, Weights>(any);
  return {0, panel.terms, panel.at(block), panel.at(next), rate, true};
}

/// Calls `body(depth block)` for the depth blocks of a block, which have at most `most` terms.
/// `kMap` is the map of a whole block, `whole` the result of `whole_depth` for this block.
template <AccumulatorMap kMap, bool kHalf, class Weights, class Body>
inline void for_each_depth_block(const DepthBlock<Weights>& whole, std::int64_t most, Body&& body) {
  const std::int64_t term = map_of_block<kHalf>(kMap).count * kWidth;
  for (std::int64_t k = 0; k < whole.terms; k += most) {
    const std::int64_t terms = smaller(most, whole.terms - k);
    const bool last = k + terms == whole.terms;
    const auto* weights = whole.weights + k * term;
    const auto* next = last ? whole.next : weights + terms * term;
    body(DepthBlock<Weights>{k, terms, weights, next, whole.rate, last});
  }
}

/// Calls `body(Blocks, first block)` over some of a layer's blocks, in ascending order or, if not
/// `upwards`, in descending order: two at once where tiles of R rows leave registers for them, or
/// have passes, which come out even for two; else single ones. A half block, which is the layer's
/// last one, is computed together with the block before it: alone it has too few sums to keep the
/// multipliers busy.
template <int R, bool kHalves, class Body>
inline void for_each_block(const PackedLayer& w, Range blocks, bool upwards, Body&& body) {
  constexpr int B = 2 * R <= kMaxRows || R > kMaxRows ? 2 : 1;
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

/// Calls `body(Blocks, block, next)` for single blocks in ascending order; `next` of the last block
/// is the first one.
template <bool kHalves, class Body>
inline void for_each_block_and_next(const PackedLayer& w, Range blocks, Body&& body) {
  for_each_block<kMaxRows, kHalves>(w, blocks, true, [&](auto one, std::int64_t block) {
    body(one, block, block + 1 < blocks.last ? block + 1 : blocks.first);
  });
}

/// Every other step goes through the blocks in descending order: the weights used last are still in
/// the L1 cache.
inline bool goes_upwards(const RecurrentJob& job, std::int64_t s) {
  return ((job.earlier_steps + s) & 1) == 0;
}

/// Adds a depth block of the recurrent part to the tile whose first row is r0.
template <AccumulatorMap kState, bool kHalf, class Weights, int R>
CAROUSEL_INLINE void add_state(const AnyPanel& recurrent, Tile<R, 1>& tile, const States& states,
                               const DepthBlock<Weights>& depth, std::int64_t r0) {
  const float* a[R];
  a[0] = states.first + r0 * states.stride + depth.first;
  for (int r = 1; r < R; ++r) a[r] = a[r - 1] + states.stride;
  const std::int64_t lower = smaller(depth.terms, lower_terms(recurrent));
  multiply<kState, kHalf, Weights>(tile, a, lower, depth.weights, 0,
                                   prefetch_share<R>(depth.next, depth.terms, depth.rate, r0));
  if (lower < depth.terms) {  // the depth block is the layer's only block: see `state_depth`
    AnyPanel block = recurrent;
    block.data = depth.weights;
    block.terms = depth.terms;
    add_upper_terms<kState, kHalf, Weights>(tile, a, lower, block);
  }
}

/// Terms of the depth blocks of the recurrent part. The only block of a layer, whose sums have two
/// halves (see `lower_terms`), is never divided.
inline std::int64_t state_depth(const RecurrentJob& job) {
  const PanelShape& recurrent = job.weights->recurrent;
  return recurrent.blocks == 1 ? recurrent.terms : job.depth;
}

/// Adds a depth block of the input part to the tile whose first row is r0.
template <AccumulatorMap kInput, bool kHalf, class Weights, int R>
CAROUSEL_INLINE void add_inputs(Tile<R, 1>& tile, const float* const* inputs,
                                const DepthBlock<Weights>& depth, std::int64_t r0) {
  const float* x[R];
  for (int r = 0; r < R; ++r) x[r] = inputs[r0 + r] + depth.first;
  multiply<kInput, kHalf, Weights>(tile, x, depth.terms, depth.weights, 0,
                                   prefetch_share<R>(depth.next, depth.terms, depth.rate, r0));
}

/// The blocks of a step for a single tile of rows. `sums` are the inputs projected ahead, or null
/// with `kFromInputs`: then the inputs are multiplied here.
template <class Finish>
void step_one_tile(const RecurrentJob& job, const Finish& finish, const States& states,
                   const float* sums, std::int64_t s, std::int64_t active, Range blocks) {
  using Weights = typename Finish::Weights;
  const PackedLayer& w = *job.weights;
  const std::int64_t stride = sums_stride(w);
  call_with_rows(active, 0, [&](auto rows, std::int64_t) {
    constexpr int R = decltype(rows)::value;
    const float* x[R];
    const float* a[R];
    for (int r = 0; r < R; ++r) {
      x[r] = Finish::kFromInputs && sums == nullptr ? x_row(job, r, s) : nullptr;
      a[r] = states.first + r * states.stride;
    }
    const auto step_some = [&](auto some, std::int64_t block) {
      constexpr bool kHalf = decltype(some)::half;
      Tile<R, decltype(some)::count> tile;
      if (Finish::kFromInputs && sums == nullptr) {
        load(tile, w.bias + sums_offset(block), 0);
        add_product<Finish::kInput, kHalf, Weights>(job, tile, x, w.input, w.input.terms, block);
      } else {
        load<Finish::kLoaded>(tile, sums + sums_offset(block), stride);
      }
      add_states<Finish::kState, kHalf, Weights>(job, tile, a, block);
      finish.template operator()<kHalf>(tile, 0, block);
    };
    for_each_block<R, Finish::kHalves>(w, blocks, goes_upwards(job, s), step_some);
  });
}

/// The blocks of a step for several tiles whose inputs have been projected ahead into `sums`. There
/// the partial sums between two depth blocks are kept as well.
template <class Finish>
void step_tiles(const RecurrentJob& job, const Finish& finish, const States& states, float* sums,
                std::int64_t s, std::int64_t active, Range blocks) {
  using Weights = typename Finish::Weights;
  constexpr AccumulatorMap kState = Finish::kState;
  const PackedLayer& w = *job.weights;
  const std::int64_t stride = sums_stride(w);
  const PrefetchRate rate = rate_of<kState>(active);
  const bool upwards = goes_upwards(job, s);
  const auto step_block = [&](auto one, std::int64_t block) {
    constexpr bool kHalf = decltype(one)::half;
    const std::int64_t next = upwards ? block + 1 : block - 1;
    const bool turn = next < blocks.first || next >= blocks.last;
    const auto add_depth = [&](const DepthBlock<Weights>& depth) {
      for_each_tile<kMostOfSeveral<kState>, kLeastOfSeveral<kState>>(
          active, [&](auto rows, std::int64_t r0) {
            constexpr int R = decltype(rows)::value;
            float* row_sums = sums + r0 * stride + sums_offset(block);
            Tile<R, 1> tile;
            load<Finish::kLoaded>(tile, row_sums, stride);
            add_state<kState, kHalf>(w.recurrent, tile, states, depth, r0);
            if (depth.last) {
              finish.template operator()<kHalf>(tile, r0, block);
            } else {
              store<Finish::kLoaded>(tile, row_sums, stride);
            }
          });
    };
    for_each_depth_block<kState, kHalf>(
        whole_depth<kState, Weights>(w.recurrent, block, turn ? block : next, rate),
        state_depth(job), add_depth);
  };
  for_each_block<kMaxRows, Finish::kHalves>(w, blocks, upwards, step_block);
}

/// The blocks of a step whose inputs have not been projected ahead: worth it when there are enough
/// rows to use each weight several times. `inputs` has room for pointers to the rows of x.
template <class Finish>
void step_from_inputs(const RecurrentJob& job, const Finish& finish, const States& states,
                      const float** inputs, std::int64_t s, std::int64_t active, Range blocks) {
  using Weights = typename Finish::Weights;
  constexpr AccumulatorMap kInput = Finish::kInput;
  constexpr AccumulatorMap kState = Finish::kState;
  const PackedLayer& w = *job.weights;
  const PrefetchRate input_rate = rate_of<kInput>(active);
  const PrefetchRate state_rate = rate_of<kState>(active);
  const NextInputs next_inputs(job, active);
  for (std::int64_t r = 0; r < active; ++r) inputs[r] = x_row(job, r, s);
  const auto step_block = [&](auto one, std::int64_t block, std::int64_t next) {
    constexpr bool kHalf = decltype(one)::half;
    const auto input = whole_depth<kInput, Weights>(w.input, block, next, input_rate);
    const auto state = whole_depth<kState, Weights>(w.recurrent, block, next, state_rate);
    for_each_tile<kMostOfSeveral<kState>>(active, [&](auto rows, std::int64_t r0) {
      constexpr int R = decltype(rows)::value;
      Tile<R, 1> tile;
      load(tile, w.bias + sums_offset(block), 0);
      next_inputs.template fetch<R>(inputs, r0, block);
      add_inputs<kInput, kHalf>(tile, inputs, input, r0);
      add_state<kState, kHalf>(w.recurrent, tile, states, state, r0);
      finish.template operator()<kHalf>(tile, r0, block);
    });
  };
  for_each_block_and_next<Finish::kHalves>(w, blocks, step_block);
}

}  // namespace
}  // namespace carousel::simd
