// SPDX-License-Identifier: Apache-2.0
#include "core/verify/oracle/activations.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace carousel::oracle {
namespace {

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

double softplus(double x) {
  return x > 0.0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

double softsign(double x) {
  return std::isinf(x) ? std::copysign(1.0, x) : x / (1.0 + std::fabs(x));
}

double unit_interval(double x) { return x < 0.0 ? 0.0 : x > 1.0 ? 1.0 : x; }

double sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x; }

double clip(double x, double least, double most) {
  const double raised = x < least ? least : x;
  return raised > most ? most : raised;
}

double gelu(double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }

double gelu_tanh(double x) {
  const double root_two_over_pi = std::sqrt(2.0 / std::acos(-1.0));
  return 0.5 * x * (1.0 + std::tanh(root_two_over_pi * (x + 0.044715 * x * x * x)));
}

double selu(double x) {
  constexpr double kAlpha = 1.6732632423543772;
  constexpr double kGamma = 1.0507009873554805;
  return x < 0.0 ? kGamma * kAlpha * std::expm1(x) : kGamma * x;
}

/// Unit in the last place of numbers in [1/2, 1).
constexpr double kGateUlp = kUnit;

/// Where a function that is monotone on either side of one point changes, with its two limits
/// there.
struct Kink {
  double at;
  double left;
  double right;
};

std::optional<Kink> kink(const Activation& activation) {
  const double alpha = activation.alpha;
  const auto lowest = [&](double at) {
    const double value = evaluate(activation, at);
    return Kink{at, value, value};
  };
  switch (activation.kind) {
    case ActivationKind::relu:
    case ActivationKind::leaky_relu:
    case ActivationKind::elu:
    case ActivationKind::abs: return Kink{0.0, 0.0, 0.0};
    case ActivationKind::sign: return Kink{0.0, -1.0, 1.0};
    case ActivationKind::gelu: return lowest(-0.7517915);
    case ActivationKind::gelu_tanh: return lowest(-0.7524614);
    case ActivationKind::silu: return lowest(-1.2784645);
    case ActivationKind::hard_swish: return lowest(-1.5);
    case ActivationKind::mish: return lowest(-1.1924445);
    case ActivationKind::thresholded_relu: return Kink{alpha, 0.0, alpha};
    default: return std::nullopt;
  }
}

/// Whether the function has no value to the left of 0.
bool is_of_positive_numbers(ActivationKind kind) {
  return kind == ActivationKind::sqrt || kind == ActivationKind::log;
}

/// The largest change of the function on [x - error, x + error]: it is at an end or at the kink.
double inherited(const Activation& activation, Number x, double value) {
  if (!(x.error > 0.0)) return 0.0;
  if (activation.kind == ActivationKind::reciprocal && std::fabs(x.value) <= x.error) {
    return std::numeric_limits<double>::infinity();
  }
  double low = x.value - x.error;
  if (is_of_positive_numbers(activation.kind)) low = std::max(low, 0.0);
  double worst = std::max(std::fabs(evaluate(activation, x.value + x.error) - value),
                          std::fabs(evaluate(activation, low) - value));
  const std::optional<Kink> k = kink(activation);
  if (k && std::fabs(k->at - x.value) <= x.error) {
    worst = std::max({worst, std::fabs(k->left - value), std::fabs(k->right - value)});
  }
  return worst;
}

/// What computing the function of `x` adds, where it may give anything up to `largest` in size.
double own_error(const Activation& activation, Number x, double largest, const ErrorModel& model) {
  const double argument = kUnit * (std::fabs(x.value) + x.error);
  const double library = model.activation_ulp * 2.0 * kUnit * largest;
  switch (activation.kind) {
    case ActivationKind::sigmoid: return std::max(library, model.gate_ulp * kGateUlp);
    case ActivationKind::relu:
    case ActivationKind::thresholded_relu:
    case ActivationKind::abs:
    case ActivationKind::negative:
    case ActivationKind::sign:
    case ActivationKind::clip:
    case ActivationKind::floor:
    case ActivationKind::ceil:
    case ActivationKind::round: return 0.0;                             // a selection
    case ActivationKind::selu: return library + 4.0 * kUnit * largest;  // two constants
    case ActivationKind::hard_swish: return 6.0 * argument;
    // x times a function that is off by units in the last place of 1, as those from 0 to 1 are, and
    // the roundings around it.
    case ActivationKind::gelu:
    case ActivationKind::gelu_tanh:
    case ActivationKind::silu:
    case ActivationKind::mish: return (2.0 * model.activation_ulp + 5.0) * argument;
    case ActivationKind::leaky_relu: return kUnit * largest;           // at most one product
    case ActivationKind::elu: return library + 2.0 * kUnit * largest;  // expm1, times alpha
    default: return library;
  }
}

Number line(const Activation& activation, Number x) {
  return Number{activation.alpha, 0.0} * x + Number{activation.beta, 0.0};
}

Number computed(const Activation& activation, Number x, const ErrorModel& model) {
  const double value = evaluate(activation, x.value);
  if (!std::isfinite(value)) return {value, 0.0};
  const double before = inherited(activation, x, value);
  return {value, before + own_error(activation, x, std::fabs(value) + before, model) + kFlush};
}

/// log(sum(exp(frame))), and the most that its terms' inherited errors can change it.
Number log_sum_exp(std::span<const Number> frame) {
  double top = frame.front().value;
  for (const Number& x : frame) top = std::max(top, x.value);
  double sum = 0.0;
  double error = 0.0;
  for (const Number& x : frame) {
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
  if (!std::isfinite(value)) return {value, 0.0};
  const double sizes = std::fabs(x.value) + std::fabs(total.value) + std::fabs(value);
  return {value, x.error + total.error + sum_error(n, model) + 4.0 * kUnit * sizes + kFlush};
}

Number share(Number x, Number total, std::size_t n, const ErrorModel& model) {
  const double value = std::exp(x.value - total.value);
  if (!(value > 0.0)) return {value, kFlush};
  const double rounding = sum_error(n, model) + kUnit * std::fabs(x.value - total.value);
  const double inherited = std::expm1(x.error + total.error);
  return {value, value * (rounding + inherited) + kFlush};
}

/// The shares of a frame's features, or their logarithms.
std::vector<Number> softmax(bool logarithm, std::span<const Number> frame,
                            const ErrorModel& model) {
  const Number total = log_sum_exp(frame);
  std::vector<Number> result;
  for (const Number& x : frame) {
    result.push_back((logarithm ? log_share : share)(x, total, frame.size(), model));
  }
  return result;
}

}  // namespace

// Comparisons are written so that NaN falls through to the branch that returns it.
double evaluate(const Activation& activation, double x) {
  const double alpha = activation.alpha;
  const double beta = activation.beta;
  switch (activation.kind) {
    case ActivationKind::sigmoid: return sigmoid(x);
    case ActivationKind::tanh: return std::tanh(x);
    case ActivationKind::relu: return x < 0.0 ? 0.0 : x;
    case ActivationKind::affine: return alpha * x + beta;
    case ActivationKind::leaky_relu: return x < 0.0 ? alpha * x : x;
    case ActivationKind::thresholded_relu: return x <= alpha ? 0.0 : x;
    case ActivationKind::scaled_tanh: return alpha * std::tanh(beta * x);
    case ActivationKind::hard_sigmoid: return unit_interval(alpha * x + beta);
    case ActivationKind::elu: return x < 0.0 ? alpha * std::expm1(x) : x;
    case ActivationKind::softsign: return softsign(x);
    case ActivationKind::softplus: return softplus(x);
    case ActivationKind::abs: return std::fabs(x);
    case ActivationKind::negative: return -x;
    case ActivationKind::sqrt: return std::sqrt(flushed(x));
    case ActivationKind::exp: return in_float_range(std::exp(x));
    case ActivationKind::log: return std::log(flushed(x));
    case ActivationKind::reciprocal: return 1.0 / flushed(x);
    case ActivationKind::erf: return std::erf(x);
    case ActivationKind::sign: return sign(flushed(x));
    case ActivationKind::clip: return clip(x, alpha, beta);
    case ActivationKind::gelu: return gelu(x);
    case ActivationKind::gelu_tanh: return gelu_tanh(x);
    case ActivationKind::silu: return x / (1.0 + std::exp(-x));
    case ActivationKind::hard_swish: return x * unit_interval(x / 6.0 + 0.5);
    case ActivationKind::selu: return selu(x);
    case ActivationKind::mish: return x * std::tanh(softplus(x));
    case ActivationKind::floor: return std::floor(flushed(x));
    case ActivationKind::ceil: return std::ceil(flushed(x));
    case ActivationKind::round: return std::nearbyint(flushed(x));
    case ActivationKind::softmax:
    case ActivationKind::log_softmax: break;  // not functions of one element
  }
  return std::nan("");
}

Number apply(const Activation& activation, Number x, const ErrorModel& model) {
  switch (activation.kind) {
    case ActivationKind::affine: return line(activation, x);
    case ActivationKind::hard_sigmoid: return between(0.0, line(activation, x), 1.0);
    case ActivationKind::scaled_tanh: {
      const Number argument = Number{activation.beta, 0.0} * x;
      return Number{activation.alpha, 0.0} * computed({ActivationKind::tanh}, argument, model);
    }
    default: return computed(activation, x, model);
  }
}

Number exp_up_to_one(Number x, const ErrorModel& model) {
  const auto function = [](double v) { return std::exp(std::min(v, 0.0)); };
  const double value = function(x.value);
  if (!std::isfinite(x.value)) return {value, std::isnan(value) ? 0.0 : kFlush};
  const double before =
      std::max(function(x.value + x.error) - value, value - function(x.value - x.error));
  return {value, before + model.activation_ulp * 2.0 * kUnit * (value + before) + kFlush};
}

std::vector<Number> apply(const Activation& activation, std::span<const Number> frame,
                          const ErrorModel& model) {
  if (!is_elementwise(activation.kind)) {
    return softmax(activation.kind == ActivationKind::log_softmax, frame, model);
  }
  std::vector<Number> result;
  for (const Number& x : frame) result.push_back(apply(activation, x, model));
  return result;
}

}  // namespace carousel::oracle
