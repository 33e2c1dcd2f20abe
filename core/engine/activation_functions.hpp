// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/flushed.hpp"

#include <carousel/activation.hpp>

#include <cmath>
#include <limits>
#include <utility>

/// \file
/// The elementwise activation functions of one number. Comparisons are false for NaN, which goes to
/// the branch that returns it.
namespace carousel::functions {

inline float sigmoid(float x) noexcept { return 1.0F / (1.0F + std::exp(-x)); }

/// x / (1 + |x|), whose limits are -1 and 1.
inline float softsign(float x) noexcept {
  return std::isinf(x) ? std::copysign(1.0F, x) : x / (1.0F + std::fabs(x));
}

/// log(1 + e^x) without overflow, and accurate where it is small.
inline float softplus(float x) noexcept {
  return x > 0.0F ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

inline float unit_interval(float line) noexcept {
  return line < 0.0F ? 0.0F : line > 1.0F ? 1.0F : line;
}

inline float sign(float x) noexcept { return x > 0.0F ? 1.0F : x < 0.0F ? -1.0F : x; }

inline float clip(float x, float least, float most) noexcept {
  const float raised = x < least ? least : x;
  return raised > most ? most : raised;
}

/// As x / 2 * erfc(-x / sqrt(2)), which does not cancel where the result is small.
inline float gelu(float x) noexcept {
  constexpr float kRootHalf = 0.707106781F;
  return 0.5F * x * std::erfc(-x * kRootHalf);
}

inline float gelu_tanh(float x) noexcept {
  constexpr float kRootTwoOverPi = 0.797884561F;
  return 0.5F * x * (1.0F + std::tanh(kRootTwoOverPi * (x + 0.044715F * x * x * x)));
}

inline float selu(float x) noexcept {
  constexpr float kAlpha = 1.67326319F;
  constexpr float kGamma = 1.05070102F;
  return x < 0.0F ? kGamma * kAlpha * std::expm1(x) : kGamma * x;
}

/// Calls `use` with the function itself, which takes one number, so that loops around it can be
/// compiled for each function; with one that gives NaN for those that are not elementwise.
template <class Use>
void with_function(const Activation& activation, Use&& use) noexcept {
  using Kind = ActivationKind;
  const float alpha = activation.alpha;
  const float beta = activation.beta;
  switch (activation.kind) {
    case Kind::sigmoid: return use(sigmoid);
    case Kind::tanh: return use([](float x) { return std::tanh(x); });
    case Kind::relu: return use([](float x) { return x < 0.0F ? 0.0F : x; });
    case Kind::affine: return use([=](float x) { return alpha * x + beta; });
    case Kind::leaky_relu: return use([=](float x) { return x < 0.0F ? alpha * x : x; });
    case Kind::thresholded_relu: return use([=](float x) { return x <= alpha ? 0.0F : x; });
    case Kind::scaled_tanh: return use([=](float x) { return alpha * std::tanh(beta * x); });
    case Kind::hard_sigmoid: return use([=](float x) { return unit_interval(alpha * x + beta); });
    case Kind::elu: return use([=](float x) { return x < 0.0F ? alpha * std::expm1(x) : x; });
    case Kind::softsign: return use(softsign);
    case Kind::softplus: return use(softplus);
    case Kind::abs: return use([](float x) { return std::fabs(x); });
    case Kind::negative: return use([](float x) { return -x; });
    case Kind::sqrt: return use([](float x) { return std::sqrt(flushed(x)); });
    case Kind::exp: return use([](float x) { return std::exp(x); });
    case Kind::log: return use([](float x) { return std::log(flushed(x)); });
    case Kind::reciprocal: return use([](float x) { return 1.0F / flushed(x); });
    case Kind::erf: return use([](float x) { return std::erf(x); });
    case Kind::sign: return use([](float x) { return sign(flushed(x)); });
    case Kind::clip: return use([=](float x) { return clip(x, alpha, beta); });
    case Kind::gelu: return use(gelu);
    case Kind::gelu_tanh: return use(gelu_tanh);
    case Kind::silu: return use([](float x) { return x / (1.0F + std::exp(-x)); });
    case Kind::hard_swish: return use([](float x) { return x * unit_interval(x / 6.0F + 0.5F); });
    case Kind::selu: return use(selu);
    case Kind::mish: return use([](float x) { return x * std::tanh(softplus(x)); });
    case Kind::floor: return use([](float x) { return std::floor(flushed(x)); });
    case Kind::ceil: return use([](float x) { return std::ceil(flushed(x)); });
    case Kind::round: return use([](float x) { return std::nearbyint(flushed(x)); });
    case Kind::softmax:
    case Kind::log_softmax: break;
  }
  return use([](float) { return std::numeric_limits<float>::quiet_NaN(); });
}

}  // namespace carousel::functions
