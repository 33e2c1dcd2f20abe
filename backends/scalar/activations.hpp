// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/spec.hpp>

namespace carousel::scalar {

/// The activation functions of the ONNX recurrent operators; NaN gives NaN.
/// https://onnx.ai/onnx/operators/onnx__LSTM.html
[[nodiscard]] float evaluate(const Activation& activation, float x) noexcept;

}  // namespace carousel::scalar
