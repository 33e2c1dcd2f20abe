// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the int32 sums of an int8 layer to floats. Each operation rounds to float32 by itself, with
// no fused multiply-add, so that all instruction sets get the same bits:
//
//     sum + float(product) * (weight_scale * row_scale)

#include "backends/xsimd/isa/kernel_rows.hpp"

namespace carousel::simd {
namespace {

using Int32s = xsimd::batch<std::int32_t, Arch>;

/// The sums of so many rows and blocks are computed at a time, before they become floats.
constexpr std::int64_t kProductsAtOnce = 24;

/// Quantizes `count` rows of so many terms; `row_of(r)` is the address of one.
template <class RowOf>
inline void quantize_rows(const Int8Dot& dot, const QuantizedRows& to, std::int64_t count,
                          std::int64_t terms, RowOf&& row_of) {
  for (std::int64_t r = 0; r < count; ++r) {
    to.scales[r] = dot.quantize(row_of(r), terms, to.bytes + r * to.stride);
  }
}

/// Adds the products of a row and a block to the accumulators, by `kMap`.
template <AccumulatorMap kMap, int V>
CAROUSEL_INLINE void add_scaled(Tile<1, 1, V>& tile, const std::int32_t* products,
                                const float* weight_scales, float row_scale) {
#pragma GCC unroll 4
  for (int v = 0; v < kMap.count; ++v) {
    const Batch scale = Batch::load_aligned(weight_scales + v * kWidth) * Batch(row_scale);
    const Batch product = xsimd::to_float(Int32s::load_aligned(products + v * kWidth));
    Batch& sum = tile.acc[0][0][kMap.to[v]];
    sum = sum + product * scale;
  }
}

/// Calls `body(rows and blocks, products)` for some blocks of a matrix and the first `count` of the
/// quantized rows: as many at a time as stay in the L1 cache.
template <class Body>
inline void for_each_product(const Int8Matrix& matrix, const QuantizedRows& rows,
                             std::int64_t count, Range blocks, bool upwards, Body&& body) {
  alignas(64) std::int32_t products[kProductsAtOnce * kAccumulators * kWidth];
  const std::int64_t most_rows = smaller(count, kProductsAtOnce);
  const std::int64_t most_blocks = kProductsAtOnce / most_rows;
  const std::int64_t all_blocks = blocks.last - blocks.first;
  for (std::int64_t done = 0; done < all_blocks; done += most_blocks) {
    const std::int64_t block_count = smaller(most_blocks, all_blocks - done);
    const std::int64_t block = upwards ? blocks.first + done : blocks.last - done - block_count;
    for (std::int64_t row = 0; row < count; row += most_rows) {
      const std::int64_t row_count = smaller(most_rows, count - row);
      matrix.dot->multiply({.weights = matrix.panel.at(block),
                            .start = matrix.start + block * matrix.panel.term_stride(),
                            .rows = rows.bytes + row * rows.stride,
                            .row_stride = rows.stride,
                            .groups = matrix.panel.terms,
                            .vectors = matrix.panel.vectors,
                            .row_count = row_count,
                            .block_count = block_count,
                            .sums = products});
      body(TileRange{row, row_count, block, block_count}, products);
    }
  }
}

/// Calls `body(row, block, sums of a row and a block)` for products, each added to what
/// `start(row, block)` points to.
template <AccumulatorMap kMap, class Start, class Body>
inline void for_each_scaled(const Int8Matrix& matrix, const QuantizedRows& rows,
                            const TileRange& of, const std::int32_t* products, Start&& start,
                            Body&& body) {
  constexpr std::int64_t kProducts = kMap.count * kWidth;
  for (std::int64_t block = of.block; block < of.block + of.blocks; ++block) {
    const float* scales = matrix.scales + block * kProducts;
    for (std::int64_t row = of.row; row < of.row + of.rows; ++row, products += kProducts) {
      Tile<1, 1> tile;
      load(tile, start(row, block), 0);
      add_scaled<kMap>(tile, products, scales, rows.scales[row]);
      body(row, block, tile);
    }
  }
}

}  // namespace
}  // namespace carousel::simd
