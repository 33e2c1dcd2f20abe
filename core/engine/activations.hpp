// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/activation.hpp>

#include <span>

namespace carousel {

/// An elementwise activation function of one number; NaN gives NaN.
/// https://onnx.ai/onnx/operators/onnx__LSTM.html
[[nodiscard]] float evaluate(const Activation& activation, float x) noexcept;

/// Applies any activation function to one frame, in place.
void apply(const Activation& activation, std::span<float> frame) noexcept;

}  // namespace carousel
