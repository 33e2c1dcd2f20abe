// SPDX-License-Identifier: Apache-2.0
#pragma once

// The loops over blocks and tiles: inputs projected ahead, and one step in each of the ways of
// `Walk`. Each starts a tile's sums, adds to them, and hands them to `finish(tile, first row,
// block)` or puts them away.

#include "backends/xsimd/isa/kernel_units.hpp"

namespace carousel::simd {
namespace {

/// Copies the vectors of the bias that no inputs are added to.
template <AccumulatorMap kUsed, int R>
CAROUSEL_INLINE void copy_rest(float* sums, std::int64_t row_stride, const float* bias) {
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < 4; ++v) {
      if (kUsed.reaches(v)) continue;
      Batch::load_aligned(bias + v * kWidth).store_aligned(sums + r * row_stride + v * kWidth);
    }
  }
}

/// Projects the listed inputs of `count` (row, step) pairs for the given blocks.
template <AccumulatorMap kInput, bool kHalves>
void project_inputs(const RecurrentJob& job, const float* const* inputs, std::int64_t count,
                    Range blocks) {
  const PackedLayer& w = *job.weights;
  const std::int64_t stride = sums_stride(w);
  const PrefetchRate rate = rate_of<kInput>(count);
  for_each_block_and_next<kHalves>(w, blocks, [&](auto one, std::int64_t block, std::int64_t next) {
    constexpr bool kHalf = decltype(one)::half;
    constexpr AccumulatorMap kUsed = map_of_block<kHalf>(kInput);
    const std::int64_t column = sums_offset(w, block);
    const auto add_depth = [&](const DepthBlock& depth) {
      for_each_tile(count, [&](auto rows, std::int64_t m0) {
        constexpr int R = decltype(rows)::value;
        float* sums = job.sums + m0 * stride + column;
        Tile<R, 1> tile{};
        if (depth.first == 0) {
          load<kUsed>(tile, w.bias + column, 0);
          copy_rest<kUsed, R>(sums, stride, w.bias + column);
        } else {
          load<kUsed>(tile, sums, stride);
        }
        add_inputs<kInput, kHalf>(tile, inputs, depth, m0);
        store<kUsed>(tile, sums, stride);
      });
    };
    for_each_depth_block<kInput, kHalf>(w.input, whole_depth<kInput>(w.input, block, next, rate),
                                        job.depth, add_depth);
  });
}

/// The blocks of a step for a single tile of rows: from its inputs, or from `sums` if they have
/// been projected (else null).
template <class Finish>
void step_one_tile(const RecurrentJob& job, const Finish& finish, const States& states,
                   const float* sums, std::int64_t s, std::int64_t active, Range blocks) {
  const PackedLayer& w = *job.weights;
  const std::int64_t stride = sums_stride(w);
  call_with_rows(active, 0, [&](auto rows, std::int64_t) {
    constexpr int R = decltype(rows)::value;
    const float* x[R];
    const float* a[R];
    for (int r = 0; r < R; ++r) {
      x[r] = sums == nullptr ? x_row(job, r, s) : nullptr;
      a[r] = states.first + r * states.stride;
    }
    const auto step_some = [&](auto some, std::int64_t block) {
      constexpr bool kHalf = decltype(some)::half;
      Tile<R, decltype(some)::count> tile;
      if (sums == nullptr) {
        load(tile, w.bias + sums_offset(w, block), 0);
        add_product<Finish::kInput, kHalf>(job, tile, x, w.input, w.input.terms, block);
      } else {
        load<Finish::kLoaded>(tile, sums + sums_offset(w, block), stride);
      }
      add_states<Finish::kState, kHalf>(job, tile, a, block);
      finish.template operator()<kHalf>(tile, 0, block);
    };
    for_each_block<R, Finish::kHalves>(w, blocks, goes_upwards(job, s), step_some);
  });
}

/// The blocks of a step for several tiles whose inputs have been projected. Partial sums of a depth
/// block replace `sums`.
template <class Finish>
void step_tiles(const RecurrentJob& job, const Finish& finish, const States& states, float* sums,
                std::int64_t s, std::int64_t active, Range blocks) {
  constexpr AccumulatorMap kState = Finish::kState;
  const PackedLayer& w = *job.weights;
  const std::int64_t stride = sums_stride(w);
  const PrefetchRate rate = rate_of<kState>(active);
  const bool upwards = goes_upwards(job, s);
  const auto step_block = [&](auto one, std::int64_t block) {
    constexpr bool kHalf = decltype(one)::half;
    const std::int64_t next = upwards ? block + 1 : block - 1;
    const bool turn = next < blocks.first || next >= blocks.last;
    const auto add_depth = [&](const DepthBlock& depth) {
      for_each_tile<kLeastOfSeveral>(active, [&](auto rows, std::int64_t r0) {
        constexpr int R = decltype(rows)::value;
        float* row_sums = sums + r0 * stride + sums_offset(w, block);
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
        w.recurrent, whole_depth<kState>(w.recurrent, block, turn ? block : next, rate),
        state_depth(job), add_depth);
  };
  for_each_block<kMaxRows, Finish::kHalves>(w, blocks, upwards, step_block);
}

/// Prefetches the inputs of the next step, where a step's are too many for the caches to have
/// fetched them by themselves: each block's tiles a share of their rows'. It may be behind the end,
/// where a prefetch reads nothing.
struct NextInputs {
  static constexpr std::int64_t kMany = 4096;  ///< floats of a step
  std::int64_t step;                           ///< floats from a step to the next
  std::int64_t share;                          ///< floats of a row

  NextInputs(const RecurrentJob& job, std::int64_t active)
      : step(job.backwards ? -job.x.step_stride : job.x.step_stride), share(0) {
    const Panel& input = job.weights->input;
    if (active * input.terms <= kMany) return;
    const std::int64_t lines = (input.terms + kLineFloats - 1) / kLineFloats;
    share = (lines + input.blocks - 1) / input.blocks * kLineFloats;
  }

  template <int R>
  CAROUSEL_INLINE void fetch(const float* const* inputs, std::int64_t r0,
                             std::int64_t block) const {
    for (int r = 0; r < R; ++r) {
      const float* next = inputs[r0 + r] + step + block * share;
      for (std::int64_t i = 0; i < share; i += kLineFloats) __builtin_prefetch(next + i, 0, 2);
    }
  }
};

/// The blocks of a step from x itself: worth it when there are enough rows to use each weight
/// several times. `inputs` has room for pointers to the rows.
template <class Finish>
void step_from_inputs(const RecurrentJob& job, const Finish& finish, const States& states,
                      const float** inputs, std::int64_t s, std::int64_t active, Range blocks) {
  constexpr AccumulatorMap kInput = Finish::kInput;
  constexpr AccumulatorMap kState = Finish::kState;
  const PackedLayer& w = *job.weights;
  const PrefetchRate input_rate = rate_of<kInput>(active);
  const PrefetchRate state_rate = rate_of<kState>(active);
  const NextInputs next_inputs(job, active);
  for (std::int64_t r = 0; r < active; ++r) inputs[r] = x_row(job, r, s);
  const auto step_block = [&](auto one, std::int64_t block, std::int64_t next) {
    constexpr bool kHalf = decltype(one)::half;
    const DepthBlock input = whole_depth<kInput>(w.input, block, next, input_rate);
    const DepthBlock state = whole_depth<kState>(w.recurrent, block, next, state_rate);
    for_each_tile(active, [&](auto rows, std::int64_t r0) {
      constexpr int R = decltype(rows)::value;
      Tile<R, 1> tile;
      load(tile, w.bias + sums_offset(w, block), 0);
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
