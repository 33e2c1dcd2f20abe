// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "frames.hpp"

/// \file
/// Functions of every element of the network's tensors, with ONNX's broadcasting.
namespace carousel::loading::onnx {

/// Whether the results are true or false.
[[nodiscard]] bool is_comparison(ElementwiseOperation operation);

/// Of two tensors. The result is of the type of the first one.
[[nodiscard]] Tensor combine(const Call& call, ElementwiseOperation operation, const Tensor& a,
                             const Tensor& b);
/// Of a tensor and a constant, which comes first if `first`.
[[nodiscard]] Tensor combine(const Call& call, ElementwiseOperation operation, const Tensor& tensor,
                             const Array& constant, bool first = false);
/// Of a tensor and a number.
[[nodiscard]] Tensor combine(const Call& call, ElementwiseOperation operation, const Tensor& tensor,
                             double number, bool first = false);

/// A constant as the values of a whole frame of the tensor. Throws Refusal when it is not the same
/// at every step and for every row, or would make the tensor larger.
[[nodiscard]] std::vector<float> frame_constant(const Call& call, const Tensor& tensor,
                                                const Array& constant);

/// 1 where the tensor is not 0, else 0.
[[nodiscard]] Tensor to_truth(const Call& call, const Tensor& tensor);
/// 1 - tensor.
[[nodiscard]] Tensor negated_truth(const Call& call, const Tensor& tensor);

}  // namespace carousel::loading::onnx
