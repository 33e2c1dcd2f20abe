// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/precision.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace carousel::scalar {

/// A vector that a matrix is multiplied with: as it is, or quantized for an int8 matrix.
struct Operand {
  const float* values = nullptr;
  const std::int8_t* quantized = nullptr;
  float scale = 0.0F;
};

/// A weight matrix, in float32 or in int8 with a scale for each row (see backends/int8_rows.hpp).
class Matrix {
 public:
  /// `weight` [rows, columns]; it may be empty.
  Matrix(std::span<const float> weight, std::int64_t columns, Precision precision);

  /// v [columns] as what `add_product` takes. `scratch` [columns] is used where it is quantized.
  [[nodiscard]] Operand operand(const float* v, std::int8_t* scratch) const noexcept;

  /// sum + W v of one row.
  [[nodiscard]] float add_product(float sum, std::int64_t row, const Operand& v) const noexcept;

  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  std::int64_t columns_;
  Precision precision_;
  std::vector<float> values_;           ///< [rows, columns]; empty in int8.
  std::vector<std::int8_t> quantized_;  ///< The same; empty in float32.
  std::vector<float> scales_;           ///< [rows]; empty in float32.
};

}  // namespace carousel::scalar
