// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/number.hpp"

#include <carousel/spec.hpp>

namespace carousel::oracle {

/// The value of an activation function in float64; NaN gives NaN.
/// https://onnx.ai/onnx/operators/onnx__LSTM.html
[[nodiscard]] double evaluate(const Activation& activation, double x);

/// The same with error: what the argument's error makes of a monotone function, plus its own.
[[nodiscard]] Number apply(const Activation& activation, Number x, const ErrorModel& model);

}  // namespace carousel::oracle
