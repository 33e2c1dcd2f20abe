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
  const std::int64_t vectors = matrix.panel.vectors;
  const auto store_outputs = [&](const TileRange& of, const std::int32_t* products) {
    for (std::int64_t block = of.block; block < of.block + of.blocks; ++block) {
      const float* scales = matrix.scales + block * vectors * kWidth;
      for (std::int64_t row = of.row; row < of.row + of.rows; ++row) {
        float* y = list.y + row * list.y_stride;
        std::int64_t output = sums_offset(block);
        for (std::int64_t v = 0; v < vectors; ++v, output += kWidth, products += kWidth) {
          if (output >= job.output_size) continue;
          Tile<1, 1, 1> tile;
          tile.acc[0][0][0] = Batch::load_aligned(job.bias + output);
          add_scaled<kFirst<1>>(tile, products, scales + v * kWidth, rows.scales[row]);
          store_some(y + output, tile.acc[0][0][0], job.output_size - output);
        }
      }
    }
  };
  for_each_product(matrix, rows, list.count, blocks, true, store_outputs);
}

}  // namespace
}  // namespace carousel::simd
