// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/matrix.hpp"

#include "backends/int8_rows.hpp"
#include "backends/scalar/arithmetic.hpp"

namespace carousel::scalar {

Matrix::Matrix(std::span<const float> weight, std::int64_t columns, Precision precision)
    : columns_(columns), precision_(precision) {
  if (precision != Precision::int8) {
    values_ = copy(weight);
    return;
  }
  const auto width = static_cast<std::size_t>(columns);
  quantized_.resize(weight.size());
  for (std::size_t first = 0; first < weight.size(); first += width) {
    scales_.push_back(int8::quantize(weight.subspan(first, width), quantized_.data() + first));
  }
}

Operand Matrix::operand(const float* v, std::int8_t* scratch) const noexcept {
  if (precision_ != Precision::int8) return {.values = v};
  const float scale = int8::quantize({v, static_cast<std::size_t>(columns_)}, scratch);
  return {.quantized = scratch, .scale = scale};
}

float Matrix::add_product(float sum, std::int64_t row, const Operand& v) const noexcept {
  if (precision_ != Precision::int8) {
    return dot(sum, values_.data() + row * columns_, v.values, columns_);
  }
  const std::int8_t* const w = quantized_.data() + row * columns_;
  std::int32_t product = 0;
  for (std::int64_t k = 0; k < columns_; ++k) product += w[k] * v.quantized[k];
  return int8::add_scaled(sum, product, scales_[static_cast<std::size_t>(row)], v.scale);
}

std::size_t Matrix::bytes() const noexcept {
  return (values_.size() + scales_.size()) * sizeof(float) + quantized_.size();
}

}  // namespace carousel::scalar
