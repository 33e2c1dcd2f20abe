// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

#include <optional>

namespace carousel::loading::onnx {

/// The sum of a tensor and a constant as the tensor's layer with a bias; nothing unless that is a
/// dense layer or a convolution without one, and the constant is the same at every position.
[[nodiscard]] std::optional<Tensor> with_bias(const Call& call, const Tensor& tensor,
                                              const Array& constant);

}  // namespace carousel::loading::onnx
