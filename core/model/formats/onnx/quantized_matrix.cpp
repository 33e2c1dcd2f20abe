// SPDX-License-Identifier: Apache-2.0
#include "quantized_matrix.hpp"

#include <vector>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// The axes of the values.
enum MatrixAxis : std::size_t { kDirections, kColumns, kRows };

constexpr std::int64_t kGates = 4;

void check_values(const QuantizedMatrix& matrix, const QuantizedSizes& sizes) {
  if (matrix.values == nullptr) throw Malformed(formatted("input {} is missing", matrix.name));
  const Array& values = *matrix.values;
  if (values.type != ElementType::i8 && values.type != ElementType::u8) {
    throw Malformed(formatted("input {} has the element type {}; expected int8 or uint8",
                              matrix.name, name(values.type)));
  }
  const bool recurrent = matrix.name == "R";
  const bool fits = values.rank() == 3 && values.shape[kDirections] == sizes.directions &&
                    values.shape[kRows] % kGates == 0 &&
                    values.shape[kRows] / kGates == sizes.hidden &&
                    (!recurrent || values.shape[kColumns] == sizes.hidden);
  if (fits) return;
  throw Malformed(formatted(
      "input {} has the shape {}; expected [{}, {}, {} * {}], the transpose of what LSTM has",
      matrix.name, shape_text(values.shape), sizes.directions,
      recurrent ? std::to_string(sizes.hidden) : "input_size", kGates, sizes.hidden));
}

/// Of an array of int8 or uint8.
float element(const Array& array, std::size_t k) {
  const auto bits = std::to_integer<std::uint8_t>(array.data[k]);
  return static_cast<float>(array.type == ElementType::i8 ? static_cast<std::int8_t>(bits) : bits);
}

/// Of an array of floats, int8 or uint8.
std::vector<float> numbers(const Array& array) {
  if (is_float(array.type)) return to_floats(array);
  std::vector<float> values(array.size());
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = element(array, k);
  return values;
}

/// One value for each row of a direction, for each direction, or for all.
class Parameter {
 public:
  Parameter(const std::string& input, const Array& array, const Array& matrix)
      : values_(numbers(array)), rows_(static_cast<std::size_t>(matrix.shape[kRows])) {
    const std::vector<std::int64_t> by_direction{matrix.shape[kDirections]};
    const std::vector<std::int64_t> by_row{matrix.shape[kDirections], matrix.shape[kRows]};
    by_direction_ = array.shape == by_direction;
    by_row_ = array.shape == by_row;
    if (by_direction_ || by_row_ || values_.size() == 1) return;
    throw Malformed(
        formatted("input {} has the shape {}; expected [directions] = {} or [directions, 4 * "
                  "hidden_size] = {}",
                  input, shape_text(array.shape), shape_text(by_direction), shape_text(by_row)));
  }

  [[nodiscard]] float at(std::size_t direction, std::size_t row) const {
    if (by_row_) return values_[direction * rows_ + row];
    return values_[by_direction_ ? direction : 0];
  }

 private:
  std::vector<float> values_;
  std::size_t rows_;
  bool by_direction_ = false;
  bool by_row_ = false;
};

Parameter read_scale(const QuantizedMatrix& matrix) {
  const std::string input = matrix.name + "_scale";
  if (matrix.scale == nullptr) throw Malformed(formatted("input {} is missing", input));
  if (!is_float(matrix.scale->type)) {
    throw Malformed(formatted("input {} has the element type {}; expected float", input,
                              name(matrix.scale->type)));
  }
  return {input, *matrix.scale, *matrix.values};
}

Parameter read_zero_point(const QuantizedMatrix& matrix) {
  const std::string input = matrix.name + "_zero_point";
  const Array none{matrix.values->type, {}, std::vector<std::byte>(1)};
  const Array& zero_point = matrix.zero_point == nullptr ? none : *matrix.zero_point;
  if (zero_point.type != matrix.values->type) {
    throw Malformed(formatted("input {} has the element type {}; expected that of {}, {}", input,
                              name(zero_point.type), matrix.name, name(matrix.values->type)));
  }
  return {input, zero_point, *matrix.values};
}

}  // namespace

Array dequantized(const QuantizedMatrix& matrix, const QuantizedSizes& sizes) {
  check_values(matrix, sizes);
  const Parameter scale = read_scale(matrix);
  const Parameter zero_point = read_zero_point(matrix);
  const std::vector<std::int64_t>& shape = matrix.values->shape;
  const auto columns = static_cast<std::size_t>(shape[kColumns]);
  const auto rows = static_cast<std::size_t>(shape[kRows]);
  std::vector<float> result;
  result.reserve(matrix.values->size());
  for (std::size_t d = 0; d < static_cast<std::size_t>(sizes.directions); ++d) {
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t column = 0; column < columns; ++column) {
        const float value = element(*matrix.values, (d * columns + column) * rows + row);
        result.push_back((value - zero_point.at(d, row)) * scale.at(d, row));
      }
    }
  }
  return from_floats({shape[kDirections], shape[kRows], shape[kColumns]}, result);
}

}  // namespace carousel::loading::onnx
