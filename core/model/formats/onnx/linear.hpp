// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

/// \file
/// Products with a constant matrix.
namespace carousel::loading::onnx {

/// A matrix [rows, columns] as a weight [columns, rows].
[[nodiscard]] carousel::Tensor transposed_weight(const Array& array);

/// The tensor with an axis replaced by its product with a weight [outputs, inputs]: a dense layer
/// where that axis is the whole frame, else a convolution of one position.
[[nodiscard]] Tensor linear(const Call& call, const Tensor& tensor, std::size_t axis,
                            carousel::Tensor weight);

}  // namespace carousel::loading::onnx
