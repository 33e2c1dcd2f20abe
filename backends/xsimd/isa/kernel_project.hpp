// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inputs projected ahead: W_ih x + b for all (row, step) pairs of a segment, into the scratch for
// sums, before the first of its steps runs.

#include "backends/xsimd/isa/kernel_step.hpp"

namespace carousel::simd {
namespace {

/// Copies the bias of those accumulators that no input weights are added to.
template <AccumulatorMap kUsed, int R>
CAROUSEL_INLINE void copy_rest(float* sums, std::int64_t row_stride, const float* bias) {
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < 4; ++v) {
      if (kUsed.reaches(v)) continue;
      Batch::load_aligned(bias + v * kWidth).store_aligned(sums + r * row_stride + v * kWidth);
    }
  }
}

/// Projects a single row: several blocks at once, as one block has too few sums to keep the
/// multipliers busy.
template <AccumulatorMap kInput, bool kHalves, class Weights>
void project_one_row(const RecurrentJob& job, const float* input, Range blocks) {
  const PackedLayer& w = *job.weights;
  const float* const x[1] = {input};
  for_each_block<1, kHalves>(w, blocks, true, [&](auto some, std::int64_t block) {
    constexpr bool kHalf = decltype(some)::half;
    Tile<1, decltype(some)::count> tile;
    load(tile, w.bias + sums_offset(block), 0);
    add_product<kInput, kHalf, Weights>(job, tile, x, w.input, w.input.terms, block);
    store(tile, job.sums + sums_offset(block), 0);
  });
}

/// Projects the inputs of `count` (row, step) pairs, to which `inputs` points, for the given
/// blocks.
template <AccumulatorMap kInput, bool kHalves, class Weights>
void project_inputs(const RecurrentJob& job, const float* const* inputs, std::int64_t count,
                    Range blocks) {
  if (count == 1) return project_one_row<kInput, kHalves, Weights>(job, *inputs, blocks);
  const PackedLayer& w = *job.weights;
  const std::int64_t stride = sums_stride(w);
  const PrefetchRate rate = rate_of<kInput>(count);
  for_each_block_and_next<kHalves>(w, blocks, [&](auto one, std::int64_t block, std::int64_t next) {
    constexpr bool kHalf = decltype(one)::half;
    constexpr AccumulatorMap kUsed = map_of_block<kHalf>(kInput);
    const std::int64_t column = sums_offset(block);
    const auto add_depth = [&](const DepthBlock<Weights>& depth) {
      for_each_tile<kMostOfSeveral<kInput>>(count, [&](auto rows, std::int64_t m0) {
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
    for_each_depth_block<kInput, kHalf>(whole_depth<kInput, Weights>(w.input, block, next, rate),
                                        job.depth, add_depth);
  });
}

}  // namespace
}  // namespace carousel::simd
