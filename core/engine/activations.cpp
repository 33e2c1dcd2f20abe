// SPDX-License-Identifier: Apache-2.0
#include "core/engine/activations.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace carousel {
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

/// The largest value; exponentials relative to it do not overflow.
float peak(std::span<const float> frame) { return *std::ranges::max_element(frame); }

void softmax(std::span<float> frame) {
  const float top = peak(frame);
  float sum = 0.0F;
  for (float& value : frame) {
    value = std::exp(value - top);
    sum += value;
  }
  for (float& value : frame) value /= sum;
}

void log_softmax(std::span<float> frame) {
  const float top = peak(frame);
  float sum = 0.0F;
  for (const float value : frame) sum += std::exp(value - top);
  const float log_sum = std::log(sum);
  for (float& value : frame) value = (value - top) - log_sum;
}

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
    case ActivationKind::softmax:
    case ActivationKind::log_softmax: break;  // not of one number
  }
  return std::numeric_limits<float>::quiet_NaN();
}

void apply(const Activation& activation, std::span<float> frame) noexcept {
  switch (activation.kind) {
    case ActivationKind::softmax: softmax(frame); return;
    case ActivationKind::log_softmax: log_softmax(frame); return;
    default:
      std::ranges::transform(frame, frame.begin(),
                             [&](float x) { return evaluate(activation, x); });
  }
}

}  // namespace carousel
