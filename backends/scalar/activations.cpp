// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/activations.hpp"

#include <cmath>
#include <limits>

namespace carousel::scalar {
namespace {

float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

/// x / (1 + |x|), whose limits are -1 and 1.
float softsign(float x) {
  return std::isinf(x) ? std::copysign(1.0F, x) : x / (1.0F + std::fabs(x));
}

/// log(1 + e^x) without overflow, and accurate where it is small.
float softplus(float x) {
  return x > 0.0F ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

float hard_sigmoid(float line) { return line < 0.0F ? 0.0F : line > 1.0F ? 1.0F : line; }

}  // namespace

// Comparisons are false for NaN, which goes to the branch that returns it.
float evaluate(const Activation& activation, float x) noexcept {
  const float alpha = activation.alpha;
  const float beta = activation.beta;
  switch (activation.kind) {
    case ActivationKind::sigmoid: return sigmoid(x);
    case ActivationKind::tanh: return std::tanh(x);
    case ActivationKind::relu: return x < 0.0F ? 0.0F : x;
    case ActivationKind::affine: return alpha * x + beta;
    case ActivationKind::leaky_relu: return x < 0.0F ? alpha * x : x;
    case ActivationKind::thresholded_relu: return x <= alpha ? 0.0F : x;
    case ActivationKind::scaled_tanh: return alpha * std::tanh(beta * x);
    case ActivationKind::hard_sigmoid: return hard_sigmoid(alpha * x + beta);
    case ActivationKind::elu: return x < 0.0F ? alpha * std::expm1(x) : x;
    case ActivationKind::softsign: return softsign(x);
    case ActivationKind::softplus: return softplus(x);
  }
  return std::numeric_limits<float>::quiet_NaN();
}

}  // namespace carousel::scalar
