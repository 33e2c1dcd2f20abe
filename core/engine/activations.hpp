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

/// Applies an elementwise activation function; `from` and `to` have as many elements, and are the
/// same or do not overlap.
void apply(const Activation& activation, std::span<const float> from, std::span<float> to) noexcept;

}  // namespace carousel
