// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/formats/json_reader.hpp"

#include <carousel/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// \file
/// Weights that are written as nested arrays of numbers.
namespace carousel::loading {

/// A rectangular array, row-major.
struct JsonArray {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// Throws Error naming the place when rows have different lengths, something is no number, or a
/// number is beyond float32. A single number is an array without dimensions.
[[nodiscard]] JsonArray read_array(const Json& json, const JsonPlace& place);

/// The same for an array that must have that shape.
[[nodiscard]] JsonArray read_array(const Json& json, const JsonPlace& place,
                                   const std::vector<std::int64_t>& shape);

[[nodiscard]] Tensor to_tensor(const JsonArray& array);

/// Which of Keras's gates stands at each place of PyTorch's order.
using GateOrder = std::span<const std::size_t>;

/// A matrix of Keras, [inputs, gates * units], as PyTorch has it: [gates * units, inputs].
[[nodiscard]] Tensor transposed(const JsonArray& matrix, GateOrder gates);

/// A row of Keras's biases, [gates * units], with its gates in PyTorch's order.
[[nodiscard]] Tensor reordered(std::span<const float> bias, GateOrder gates);

}  // namespace carousel::loading
