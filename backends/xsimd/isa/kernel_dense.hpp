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

/// Rows of a tile that computes `vectors` vectors of a block: as many as fit into the registers.
constexpr int rows_with(int vectors) {
  return vectors == 1 ? 2 * kMaxRows + 2 : vectors == 2 ? 2 * kMaxRows - 1 : kMaxRows;
}

/// One block of outputs for all rows. Those beyond the first V vectors are padding.
template <int V>
inline void run_block(const DenseJob& job, const DenseRows& list, const Panel& panel,
                      std::int64_t block) {
  constexpr AccumulatorMap kMap = kFirst<V>;
  const std::int64_t first = panel.sums_offset(block);
  for_each_tile<1, rows_with(V)>(list.count, [&](auto rows, std::int64_t m0) {
    constexpr int R = decltype(rows)::value;
    const float* x[R];
    for (int r = 0; r < R; ++r) x[r] = list.x[m0 + r];
    Tile<R, 1> tile;
    load<kMap>(tile, job.bias + first, 0);
    multiply<kMap>(tile, x, panel.terms, panel.at(block), 0);
    for (int r = 0; r < R; ++r) {
      for (int v = 0; v < V; ++v) {
        const std::int64_t column = first + v * kWidth;
        store_some(list.y[m0 + r] + column, tile.acc[r][0][v], job.output_size - column);
      }
    }
  });
}

inline void run_dense(const DenseJob& job, const DenseRows& list, Range blocks) {
  const Panel panel = with_constants<kEachItsOwn>(job.weight);
  for (std::int64_t block = blocks.first; block < blocks.last; ++block) {
    switch ((job.output_size - panel.sums_offset(block) + kWidth - 1) / kWidth) {
      case 1: run_block<1>(job, list, panel, block); break;
      case 2: run_block<2>(job, list, panel, block); break;
      case 3: run_block<3>(job, list, panel, block); break;
      default: run_block<4>(job, list, panel, block); break;
    }
  }
}

inline void dense(const DenseJob& job, int index, int count) {
  // Threads share the rows, or if these are few the blocks of outputs.
  const std::int64_t all = job.x.steps * job.x.batch;
  const bool by_rows = all >= count * kMaxRows;
  const Range rows = by_rows ? share(all, index, count) : Range{0, all};
  const std::int64_t all_blocks = job.weight.blocks;
  const Range blocks = by_rows ? Range{0, all_blocks} : share(all_blocks, index, count);
  if (rows.first == rows.last) return;
  std::int64_t t = rows.first / job.x.batch;
  std::int64_t b = rows.first % job.x.batch;
  DenseRows list;
  for (std::int64_t m = rows.first; m < rows.last; ++m) {
    list.x[list.count] = job.x.data + t * job.x.step_stride + b * job.x.batch_stride;
    list.y[list.count] = job.y.data + t * job.y.step_stride + b * job.y.batch_stride;
    if (++b == job.x.batch) {
      b = 0;
      ++t;
    }
    if (++list.count == kDenseRows) {
      run_dense(job, list, blocks);
      list.count = 0;
    }
  }
  run_dense(job, list, blocks);
}

}  // namespace
}  // namespace carousel::simd
