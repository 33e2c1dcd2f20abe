// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "array.hpp"

#include <cstdint>

/// Weights as a graph that is written has them: float16 and bfloat16 as they are stored, all others
/// as float32.
namespace carousel::loading::onnx {

/// Null: no elements, of float32.
[[nodiscard]] Array stored_array(const carousel::Tensor* weight);

/// The elements of the second array after those of the first, as float32 where their types differ.
/// The shape is left alone.
void append(Array& all, const Array& part);

/// A matrix with its rows as columns.
[[nodiscard]] Array transposed(const Array& matrix);

}  // namespace carousel::loading::onnx
