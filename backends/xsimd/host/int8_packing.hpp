// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/xsimd/kernels.hpp"
#include "core/engine/aligned.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace carousel::simd {

/// An int8 matrix with the memory that `matrix` points into.
struct PackedInt8 {
  Int8Matrix matrix;
  Aligned<Int8Group> weights;
  AlignedFloats scales;
  Aligned<std::int32_t> start;

  [[nodiscard]] std::size_t bytes() const noexcept {
    return weights.bytes() + scales.bytes() + start.bytes();
  }
};

/// A matrix [rows, panel.terms] in int8, its rows in the places that they have in a panel of other
/// weights.
/// `places` [blocks][vectors][W] has for each lane the number of its row, from 1 on, or 0: what
/// comes of packing these numbers as a matrix of one column.
[[nodiscard]] PackedInt8 pack_int8(const Int8Dot& dot, std::span<const float> weight,
                                   const PanelShape& panel, std::span<const float> places);

/// 1, 2, 3, ...: the numbers of so many rows.
[[nodiscard]] std::vector<float> row_numbers(std::int64_t rows);

}  // namespace carousel::simd
