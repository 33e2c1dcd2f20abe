// SPDX-License-Identifier: Apache-2.0
#include "oracle/activations.hpp"

#include <algorithm>
#include <cmath>

namespace carousel::oracle {
namespace {

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

double softplus(double x) {
  return x > 0.0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

double softsign(double x) {
  return std::isinf(x) ? std::copysign(1.0, x) : x / (1.0 + std::fabs(x));
}

bool is_gate(ActivationKind kind) {
  return kind == ActivationKind::sigmoid || kind == ActivationKind::hard_sigmoid;
}

/// Unit in the last place of numbers in [1/2, 1).
constexpr double kGateUlp = kUnit;

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
    case ActivationKind::hard_sigmoid: {
      const double line = alpha * x + beta;
      return line < 0.0 ? 0.0 : line > 1.0 ? 1.0 : line;
    }
    case ActivationKind::elu: return x < 0.0 ? alpha * std::expm1(x) : x;
    case ActivationKind::softsign: return softsign(x);
    case ActivationKind::softplus: return softplus(x);
  }
  return std::nan("");
}

Number apply(const Activation& activation, Number x, const ErrorModel& model) {
  const double value = evaluate(activation, x.value);
  if (!std::isfinite(value)) return {value, 0.0};
  double inherited = 0.0;
  if (x.error > 0.0) {
    inherited = std::max(std::fabs(evaluate(activation, x.value + x.error) - value),
                         std::fabs(evaluate(activation, x.value - x.error) - value));
  }
  double own = model.activation_ulp * 2.0 * kUnit * (std::fabs(value) + inherited) + kFlush;
  if (is_gate(activation.kind)) own = std::max(own, model.gate_ulp * kGateUlp);
  return {value, inherited + own};
}

}  // namespace carousel::oracle
