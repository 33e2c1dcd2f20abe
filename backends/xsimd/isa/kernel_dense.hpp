// SPDX-License-Identifier: Apache-2.0
#pragma once

// y = W x + b for every step of every row.

#include "backends/xsimd/isa/kernel_rows.hpp"

namespace carousel::simd {
namespace {

/// Rows that are computed together, so that the weights of a block are used several times while
/// they are in the cache.
constexpr std::int64_t kDenseRows = 8 * kMaxRows;

struct DenseRows {
  const float* x[kDenseRows];
  float* y[kDenseRows];
  std::int64_t count = 0;
};

inline void run_dense(const DenseJob& job, const DenseRows& list, Range blocks) {
  const Panel panel = with_constants<kEachItsOwn>(job.weight);
  for (std::int64_t block = blocks.first; block < blocks.last; ++block) {
    const std::int64_t first = panel.sums_offset(block);
    for_each_tile(list.count, [&](auto rows, std::int64_t m0) {
      constexpr int R = decltype(rows)::value;
      const float* x[R];
      for (int r = 0; r < R; ++r) x[r] = list.x[m0 + r];
      Tile<R, 1> tile;
      load(tile, job.bias + first, 0);
      multiply(tile, x, panel.terms, panel.at(block), 0);
      for (int r = 0; r < R; ++r) {
        for (int v = 0; v < kAccumulators; ++v) {
          const std::int64_t column = first + v * kWidth;
          if (column >= job.output_size) break;
          store_some(list.y[m0 + r] + column, tile.acc[r][0][v], job.output_size - column);
        }
      }
    });
  }
}

inline void dense(const DenseJob& job, int index, int count) {
  // Threads share the rows, or if these are few the blocks of outputs.
  const std::int64_t all = job.x.steps * job.x.batch;
  const bool by_rows = all >= count * kMaxRows;
  const Range rows = by_rows ? share(all, index, count) : Range{0, all};
  const std::int64_t all_blocks = job.weight.blocks;
  const Range blocks = by_rows ? Range{0, all_blocks} : share(all_blocks, index, count);
  DenseRows list;
  for (std::int64_t m = rows.first; m < rows.last; ++m) {
    const std::int64_t t = m / job.x.batch;
    const std::int64_t b = m % job.x.batch;
    list.x[list.count] = job.x.data + t * job.x.step_stride + b * job.x.batch_stride;
    list.y[list.count] = job.y.data + t * job.y.step_stride + b * job.y.batch_stride;
    if (++list.count == kDenseRows) {
      run_dense(job, list, blocks);
      list.count = 0;
    }
  }
  run_dense(job, list, blocks);
}

}  // namespace
}  // namespace carousel::simd
