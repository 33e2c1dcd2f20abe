// SPDX-License-Identifier: Apache-2.0
#include "core/verify/oracle/tail.hpp"

#include "core/verify/oracle/activations.hpp"

#include <algorithm>
#include <cmath>

namespace carousel::oracle {
namespace {

/// log(sum(exp(outputs))), and the most that its terms' inherited errors can change it.
Number log_sum_exp(std::span<const Number> outputs) {
  double top = outputs.front().value;
  for (const Number& x : outputs) top = std::max(top, x.value);
  double sum = 0.0;
  double error = 0.0;
  for (const Number& x : outputs) {
    sum += std::exp(x.value - top);
    error = std::max(error, x.error);
  }
  return {top + std::log(sum), error};
}

/// Relative error of n exponentials and their sum.
double sum_error(std::size_t n, const ErrorModel& model) {
  return (2.0 * model.activation_ulp + static_cast<double>(n) + 4.0) * kUnit;
}

Number log_share(Number x, Number total, std::size_t n, const ErrorModel& model) {
  const double value = x.value - total.value;
  const double sizes = std::fabs(x.value) + std::fabs(total.value) + std::fabs(value);
  return {value, x.error + total.error + sum_error(n, model) + 4.0 * kUnit * sizes + kFlush};
}

Number share(Number x, Number total, std::size_t n, const ErrorModel& model) {
  const double value = std::exp(x.value - total.value);
  const double rounding = sum_error(n, model) + kUnit * std::fabs(x.value - total.value);
  const double inherited = std::expm1(x.error + total.error);
  return {value, value * (rounding + inherited) + kFlush};
}

std::vector<Number> elementwise(ActivationKind kind, std::span<const Number> outputs,
                                const ErrorModel& model) {
  std::vector<Number> result;
  for (const Number& x : outputs) result.push_back(apply(Activation{kind}, x, model));
  return result;
}

}  // namespace

std::vector<Number> apply(Tail tail, std::span<const Number> outputs, const ErrorModel& model) {
  switch (tail) {
    case Tail::none: break;
    case Tail::sigmoid: return elementwise(ActivationKind::sigmoid, outputs, model);
    case Tail::tanh: return elementwise(ActivationKind::tanh, outputs, model);
    case Tail::relu: return elementwise(ActivationKind::relu, outputs, model);
    case Tail::softmax:
    case Tail::log_softmax: {
      const Number total = log_sum_exp(outputs);
      const auto part = tail == Tail::softmax ? share : log_share;
      std::vector<Number> result;
      for (const Number& x : outputs) result.push_back(part(x, total, outputs.size(), model));
      return result;
    }
  }
  return {outputs.begin(), outputs.end()};
}

}  // namespace carousel::oracle
