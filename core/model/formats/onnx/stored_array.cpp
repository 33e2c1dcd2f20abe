// SPDX-License-Identifier: Apache-2.0
#include "stored_array.hpp"

#include <algorithm>

namespace carousel::loading::onnx {

Array stored_array(const carousel::Tensor* weight) {
  if (weight == nullptr) return {};
  const auto bytes = weight->bytes();
  const auto as = [&](ElementType type) {
    return Array{type, weight->shape(), {bytes.begin(), bytes.end()}};
  };
  switch (weight->dtype()) {
    case DType::float16: return as(ElementType::f16);
    case DType::bfloat16: return as(ElementType::bf16);
    case DType::float32: return as(ElementType::f32);
    case DType::float64: break;
  }
  return from_floats(weight->shape(), weight->to_float32());
}

void append(Array& all, const Array& part) {
  if (all.data.empty()) all.type = part.type;
  if (all.type == part.type) {
    all.data.insert(all.data.end(), part.data.begin(), part.data.end());
    return;
  }
  std::vector<float> values = to_floats(all);
  const std::vector<float> others = to_floats(part);
  values.insert(values.end(), others.begin(), others.end());
  all = from_floats(std::move(all.shape), values);
}

Array transposed(const Array& matrix) {
  const auto rows = static_cast<std::size_t>(matrix.shape.at(0));
  const auto columns = static_cast<std::size_t>(matrix.shape.at(1));
  const auto size = static_cast<std::ptrdiff_t>(width(matrix.type));
  Array result{matrix.type, {matrix.shape[1], matrix.shape[0]}, {}};
  result.data.resize(matrix.data.size());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      const auto from = static_cast<std::ptrdiff_t>(row * columns + column) * size;
      const auto to = static_cast<std::ptrdiff_t>(column * rows + row) * size;
      std::copy_n(matrix.data.begin() + from, size, result.data.begin() + to);
    }
  }
  return result;
}

}  // namespace carousel::loading::onnx
