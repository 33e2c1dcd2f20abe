// SPDX-License-Identifier: Apache-2.0
#pragma once

// The sums of quantized rows and packed weights, for instructions of which one structure of
// int8_vectors.hpp says all.

#include "backends/xsimd/isa/int8_vectors.hpp"

#if !CAROUSEL_INT8_AVX2

namespace carousel::simd {
namespace {

/// The sums of R rows and B neighbouring blocks of V vectors, which stay in registers while the
/// weights pass by. Each weight is loaded once for R rows, each group of a row once for B blocks.
template <int R, int B, int V>
void multiply_tile(const Int8Product& p, std::int64_t row, std::int64_t block) {
  constexpr std::int64_t kSums = V * kWidth;
  const std::int64_t block_stride = p.groups * kSums;
  const Int8Group* w = p.weights + block * block_stride;
  const std::int8_t* a = p.rows + row * p.row_stride;
  Ints sums[R][B][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < B * V; ++v) {
      sums[r][v / V][v % V] = DotProducts::kHasStart
                                  ? Ints::load_aligned(p.start + block * kSums + v * kWidth)
                                  : Ints(0);
    }
  }
  for (std::int64_t group = 0; group < p.groups; ++group) {
    DotProducts::Row rows[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) rows[r] = DotProducts::row(a + r * p.row_stride);
#pragma GCC unroll 8
    for (int v = 0; v < B * V; ++v) {
      const DotProducts::Weights weights =
          DotProducts::load(w + v / V * block_stride + v % V * kWidth);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        Ints& sum = sums[r][v / V][v % V];
        sum = DotProducts::add(sum, weights, rows[r]);
      }
    }
    a += kGroupTerms;
    w += kSums;
  }
#pragma GCC unroll 8
  for (int b = 0; b < B; ++b) {
    std::int32_t* to = p.sums + ((block + b) * p.row_count + row) * kSums;
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r, to += kSums) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[r][b][v].store_aligned(to + v * kWidth);
    }
  }
}

/// All blocks for R rows: two at once where the registers have room for their sums.
template <int R, int V>
void multiply_rows(const Int8Product& p, std::int64_t row) {
  constexpr int B = 2 * R <= kMaxRows ? 2 : 1;
  std::int64_t block = 0;
  for (; block + B <= p.block_count; block += B) multiply_tile<R, B, V>(p, row, block);
  if (block < p.block_count) multiply_tile<R, 1, V>(p, row, block);
}

template <int V, int R = kMaxRows>
void multiply_some_rows(const Int8Product& p, std::int64_t rows, std::int64_t row) {
  if (rows == R) {
    multiply_rows<R, V>(p, row);
  } else if constexpr (R > 1) {
    multiply_some_rows<V, R - 1>(p, rows, row);
  }
}

/// All rows, in tiles of nearly equal numbers.
template <int V>
void multiply_all(const Int8Product& p) {
  std::int64_t tiles = (p.row_count + kMaxRows - 1) / kMaxRows;
  for (std::int64_t row = 0; row < p.row_count; --tiles) {
    const std::int64_t rows = (p.row_count - row + tiles - 1) / tiles;
    multiply_some_rows<V>(p, rows, row);
    row += rows;
  }
}

void multiply(const Int8Product& product) {
  switch (product.vectors) {
    case 1: return multiply_all<1>(product);
    case 2: return multiply_all<2>(product);
    case 3: return multiply_all<3>(product);
    default: return multiply_all<4>(product);
  }
}

}  // namespace
}  // namespace carousel::simd

#endif
