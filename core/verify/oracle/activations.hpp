// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/number.hpp"

#include <carousel/activation.hpp>

#include <span>
#include <vector>

namespace carousel::oracle {

/// The value of an elementwise activation function in float64; NaN gives NaN.
/// https://onnx.ai/onnx/operators/onnx__LSTM.html
[[nodiscard]] double evaluate(const Activation& activation, double x);

/// The same with error: what the argument's error makes of a monotone function, plus its own.
[[nodiscard]] Number apply(const Activation& activation, Number x, const ErrorModel& model);

/// min(1, exp(x)) with error; NaN gives NaN.
[[nodiscard]] Number exp_up_to_one(Number x, const ErrorModel& model);

/// Any activation function of all features of one frame.
[[nodiscard]] std::vector<Number> apply(const Activation& activation, std::span<const Number> frame,
                                        const ErrorModel& model);

}  // namespace carousel::oracle
