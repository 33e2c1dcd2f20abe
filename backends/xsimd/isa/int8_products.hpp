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

/// Calls `body(row, block, products, weight scales)` for some blocks of a matrix and the first
/// `count` of the quantized rows.
template <class Body>
inline void for_each_product(const Int8Matrix& matrix, const QuantizedRows& rows,
                             std::int64_t count, Range blocks, bool upwards, Body&& body) {
  alignas(64) std::int32_t sums[kProductsAtOnce * kAccumulators * kWidth];
  const std::int64_t row_sums = matrix.panel.vectors * kWidth;
  const std::int64_t rows_at_once = smaller(count, kProductsAtOnce);
  const std::int64_t blocks_at_once = kProductsAtOnce / rows_at_once;
  for (std::int64_t done = 0; done < blocks.last - blocks.first; done += blocks_at_once) {
    const std::int64_t n = smaller(blocks_at_once, blocks.last - blocks.first - done);
    const std::int64_t first = upwards ? blocks.first + done : blocks.last - done - n;
    for (std::int64_t r0 = 0; r0 < count; r0 += rows_at_once) {
      const std::int64_t row_count = smaller(rows_at_once, count - r0);
      matrix.dot->multiply({.weights = matrix.panel.at(first),
                            .start = matrix.start + first * row_sums,
                            .rows = rows.bytes + r0 * rows.stride,
                            .row_stride = rows.stride,
                            .groups = matrix.panel.terms,
                            .vectors = matrix.panel.vectors,
                            .row_count = row_count,
                            .block_count = n,
                            .sums = sums});
      const std::int32_t* products = sums;
      for (std::int64_t block = first; block < first + n; ++block) {
        const float* scales = matrix.scales + block * row_sums;
        for (std::int64_t r = r0; r < r0 + row_count; ++r, products += row_sums) {
          body(r, block, products, scales);
        }
      }
    }
  }
}

}  // namespace
}  // namespace carousel::simd
