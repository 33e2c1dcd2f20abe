// SPDX-License-Identifier: Apache-2.0
#pragma once

// y = W x + b in int8.

#include "backends/xsimd/isa/int8_products.hpp"
#include "backends/xsimd/isa/kernel_dense.hpp"

namespace carousel::simd {
namespace {

/// Some blocks of outputs of neighbouring rows. The last vectors of a block may be padding.
template <>
inline void run_dense<Int8Weights>(const DenseJob& job, const DenseRows& list, Range blocks) {
  const Int8Matrix& matrix = *job.int8;
  const QuantizedRows& rows = job.quantized;
  quantize_rows(*matrix.dot, rows, list.count, matrix.columns,
                [&](std::int64_t r) { return list.x + r * list.x_stride; });
  const auto store_outputs = [&](std::int64_t r, std::int64_t block, const std::int32_t* products,
                                 const float* scales) {
    float* y = list.y + r * list.y_stride;
    std::int64_t output = sums_offset(block);
    for (std::int64_t v = 0; v < matrix.panel.vectors && output < job.output_size; ++v) {
      Tile<1, 1, 1> tile;
      tile.acc[0][0][0] = Batch::load_aligned(job.bias + output);
      add_scaled<kFirst<1>>(tile, products + v * kWidth, scales + v * kWidth, rows.scales[r]);
      store_some(y + output, tile.acc[0][0][0], job.output_size - output);
      output += kWidth;
    }
  };
  for_each_product(matrix, rows, list.count, blocks, true, store_outputs);
}

}  // namespace
}  // namespace carousel::simd
