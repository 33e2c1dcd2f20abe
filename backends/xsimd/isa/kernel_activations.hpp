// SPDX-License-Identifier: Apache-2.0
#pragma once

// The activation functions, chosen at run time: those of the ONNX recurrent operators, for layers
// that do not have the default ones, and more for layers of activations (`has_vector_activation`).
// https://onnx.ai/onnx/operators/onnx__LSTM.html
//
// They are not inlined: the code would be several times as long, for layers that are rare.
//
// Comparisons with NaN are false, min and max return their second operand: NaN stays NaN.

#include "backends/xsimd/isa/kernel_math.hpp"

namespace carousel::simd {
namespace {

inline Batch softsign(Batch x) {
  const Batch size = xsimd::abs(x);
  const Batch limit = xsimd::copysign(Batch(1.0F), x);
  return xsimd::select(size > Batch(1e30F), limit, divide(x, Batch(1.0F) + size));
}

/// log(1 + e^x) without overflow, and accurate where it is small.
inline Batch softplus(Batch x) {
  return maximum(Batch(0.0F), x) + xsimd::log1p(xsimd::exp(-xsimd::abs(x)));
}

/// log(σ(x)) = -log(1 + e^-x), as accurate as softplus.
inline Batch log_sigmoid(Batch x) {
  return minimum(Batch(0.0F), x) - xsimd::log1p(xsimd::exp(-xsimd::abs(x)));
}

/// min(1, e^x)
inline Batch exp_up_to_one(Batch x) { return minimum(Batch(1.0F), xsimd::exp(x)); }

inline Batch gelu_tanh(Batch x) {
  constexpr float kRootTwoOverPi = 0.797884561F;
  const Batch cube = x * x * x;
  const Batch half = Batch(0.5F) * x;
  // Below -10, where the exact value is less than 1e-37, tanh need not be -1 to the last bit.
  return xsimd::select(
      x < Batch(-10.0F), Batch(0.0F) * x,
      half * (Batch(1.0F) + tanh(Batch(kRootTwoOverPi) * xsimd::fma(cube, Batch(0.044715F), x))));
}

inline Batch selu(Batch x) {
  constexpr float kAlpha = 1.67326319F;
  constexpr float kGamma = 1.05070102F;
  return xsimd::select(x < Batch(0.0F), Batch(kGamma * kAlpha) * xsimd::expm1(x),
                       Batch(kGamma) * x);
}

[[gnu::noinline]] inline Batch evaluate(const Activation& function, Batch x) {
  const Batch alpha(function.alpha);
  const Batch beta(function.beta);
  const Batch zero(0.0F);
  switch (function.kind) {
    case ActivationKind::sigmoid: return shut_by_infinity(sigmoid(x), x);
    case ActivationKind::tanh: return tanh(x);
    case ActivationKind::relu: return maximum(zero, x);
    case ActivationKind::affine: return xsimd::fma(alpha, x, beta);
    case ActivationKind::leaky_relu: return xsimd::select(x < zero, alpha * x, x);
    case ActivationKind::thresholded_relu: return xsimd::select(x <= alpha, zero, x);
    case ActivationKind::scaled_tanh: return alpha * tanh(beta * x);
    case ActivationKind::hard_sigmoid:
      return minimum(Batch(1.0F), maximum(zero, xsimd::fma(alpha, x, beta)));
    case ActivationKind::elu: return xsimd::select(x < zero, alpha * xsimd::expm1(x), x);
    case ActivationKind::softsign: return softsign(x);
    case ActivationKind::softplus: return softplus(x);
    case ActivationKind::exp: return xsimd::exp(x);
    case ActivationKind::gelu_tanh: return gelu_tanh(x);
    case ActivationKind::silu: return divide(x, Batch(1.0F) + xsimd::exp(-x));
    case ActivationKind::selu: return selu(x);
    case ActivationKind::mish: return x * tanh(softplus(x));
    default: break;  // none of those that `has_vector_activation` names
  }
  return x;
}

/// Bounds x to [-limit, limit]; 0: no bound.
[[gnu::noinline]] inline Batch clipped(Batch x, float limit) {
  if (limit <= 0.0F) return x;
  return minimum(Batch(limit), maximum(Batch(-limit), x));
}

}  // namespace
}  // namespace carousel::simd
