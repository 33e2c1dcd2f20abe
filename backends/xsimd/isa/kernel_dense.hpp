// SPDX-License-Identifier: Apache-2.0
#pragma once

// y = W x + b for every step of every row.

#include "backends/xsimd/isa/kernel_rows.hpp"

namespace carousel::simd {
namespace {

/// Rows that are computed together, so that the weights of a block are used several times while
/// they are in the cache.
constexpr std::int64_t kDenseRows = 8 * kMaxRows;

/// Rows that stand equally far apart.
struct DenseRows {
  const float* x;
  float* y;
  std::int64_t x_stride, y_stride;
  std::int64_t count;
};

/// Rows of a tile that computes the first `vectors` vectors of a block: enough that multiply-adds
/// need not wait for each other, as many as there are registers for.
constexpr int rows_with(int vectors) {
  constexpr bool kManyRegisters = kMaxRows > 3;
  return vectors == 1 ? (kManyRegisters ? 8 : 6) : vectors == 2 && !kManyRegisters ? 4 : kMaxRows;
}

/// One block of outputs for all rows. Those beyond the first V vectors are padding, and those of
/// the last one may be in part.
template <int V, class Weights>
inline void run_block(const DenseJob& job, const DenseRows& list, const BasicPanel<Weights>& panel,
                      std::int64_t block) {
  const std::int64_t first = panel.sums_offset(block);
  const std::int64_t last = job.output_size - first - (V - 1) * kWidth;
  for_each_full_tile<rows_with(V)>(list.count, [&](auto rows, std::int64_t m0) {
    constexpr int R = decltype(rows)::value;
    const float* x[R];
    Tile<R, 1, V> tile;
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      x[r] = list.x + (m0 + r) * list.x_stride;
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        tile.acc[r][0][v] = Batch::load_aligned(job.bias + first + v * kWidth);
      }
    }
    multiply<kFirst<V>, false, Weights>(tile, x, panel.terms, panel.at(block), 0);
    float* y = list.y + m0 * list.y_stride + first;
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r, y += list.y_stride) {
#pragma GCC unroll 4
      for (int v = 0; v < V - 1; ++v) tile.acc[r][0][v].store_unaligned(y + v * kWidth);
      store_some(y + (V - 1) * kWidth, tile.acc[r][0][V - 1], last);
    }
  });
}

template <class Weights>
inline void run_dense(const DenseJob& job, const DenseRows& list, Range blocks) {
  const auto panel = with_constants<kEachItsOwn, Weights>(job.weight);
  for (std::int64_t block = blocks.first; block < blocks.last; ++block) {
    switch ((job.output_size - panel.sums_offset(block) + kWidth - 1) / kWidth) {
      case 1: run_block<1>(job, list, panel, block); break;
      case 2: run_block<2>(job, list, panel, block); break;
      case 3: run_block<3>(job, list, panel, block); break;
      default: run_block<4>(job, list, panel, block); break;
    }
  }
}

/// The rows of a job as stretches of rows that stand equally far apart.
struct Stretches {
  DenseRows first;
  std::int64_t x_stride, y_stride;  ///< from a stretch to the next
};

inline Stretches stretches_of(const DenseJob& job) {
  const SequenceView<const float>& x = job.x;
  const SequenceView<float>& y = job.y;
  const bool even =
      x.step_stride == x.batch * x.batch_stride && y.step_stride == y.batch * y.batch_stride;
  if (even && x.batch > 1) {
    return {{x.data, y.data, x.batch_stride, y.batch_stride, x.steps * x.batch}, 0, 0};
  }
  if (x.steps > x.batch) {
    return {
        {x.data, y.data, x.step_stride, y.step_stride, x.steps}, x.batch_stride, y.batch_stride};
  }
  return {{x.data, y.data, x.batch_stride, y.batch_stride, x.batch}, x.step_stride, y.step_stride};
}

template <class Weights>
void dense(const DenseJob& job, int index, int count) {
  // Threads share the rows, or if these are few the blocks of outputs.
  const std::int64_t all = job.x.steps * job.x.batch;
  const bool by_rows = all >= count * kMaxRows;
  const Range rows = by_rows ? share(all, index, count) : Range{0, all};
  const std::int64_t all_blocks = job.weight.blocks;
  const Range blocks = by_rows ? Range{0, all_blocks} : share(all_blocks, index, count);
  if (rows.first == rows.last) return;
  const Stretches stretches = stretches_of(job);
  const DenseRows& first = stretches.first;
  std::int64_t stretch = rows.first / first.count;
  std::int64_t at = rows.first % first.count;
  for (std::int64_t m = rows.first; m < rows.last;) {
    const std::int64_t n = smaller(kDenseRows, smaller(first.count - at, rows.last - m));
    run_dense<Weights>(job,
                       {first.x + stretch * stretches.x_stride + at * first.x_stride,
                        first.y + stretch * stretches.y_stride + at * first.y_stride,
                        first.x_stride, first.y_stride, n},
                       blocks);
    m += n;
    at += n;
    if (at < first.count) continue;
    at = 0;
    ++stretch;
  }
}

}  // namespace
}  // namespace carousel::simd
