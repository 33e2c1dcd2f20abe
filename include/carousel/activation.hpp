// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace carousel {

/// The activation functions of the ONNX recurrent operators, sigmoid to softplus, which are those
/// that a recurrent cell can have; those that work over all features of a frame (`softmax`,
/// `log_softmax`); and the functions of single features that networks have between layers.
/// https://onnx.ai/onnx/operators/onnx__LSTM.html
///
/// For `sqrt`, `log`, `reciprocal`, `sign` and those that round to integers, a number too small for
/// a normal float32 counts as zero, as it does in a run, where it is flushed.
enum class ActivationKind : std::uint8_t {
  sigmoid,
  tanh,
  relu,
  affine,
  leaky_relu,
  thresholded_relu,
  scaled_tanh,
  hard_sigmoid,
  elu,
  softsign,
  softplus,
  softmax,
  log_softmax,
  abs,
  negative,  ///< -x
  sqrt,      ///< NaN of negative numbers
  exp,
  log,         ///< -infinity of 0, NaN of negative numbers
  reciprocal,  ///< 1 / x
  erf,
  sign,        ///< -1, 0 or 1
  clip,        ///< min(max(x, alpha), beta)
  gelu,        ///< x / 2 * (1 + erf(x / sqrt(2)))
  gelu_tanh,   ///< x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))
  silu,        ///< x * sigmoid(x)
  hard_swish,  ///< x * min(max(x / 6 + 1 / 2, 0), 1)
  selu,        ///< 1.0507 * elu(x) with alpha 1.67326, both as ONNX and PyTorch have them
  mish,        ///< x * tanh(softplus(x))
  floor,
  ceil,
  round,  ///< to the nearest integer, halves to the even one
};

/// "Sigmoid", "Tanh", ...: the names that ONNX uses, as far as it has the function.
[[nodiscard]] CAROUSEL_API std::string_view name(ActivationKind kind) noexcept;

/// Whether each element's result depends on that element alone.
[[nodiscard]] constexpr bool is_elementwise(ActivationKind kind) noexcept {
  return kind != ActivationKind::softmax && kind != ActivationKind::log_softmax;
}

/// Whether a recurrent cell can have it.
[[nodiscard]] constexpr bool is_cell_function(ActivationKind kind) noexcept {
  return kind <= ActivationKind::softplus;
}

struct Activation {
  ActivationKind kind = ActivationKind::sigmoid;
  float alpha = 0.0F;  ///< Meaning as in ONNX; ignored by kinds without parameters.
  float beta = 0.0F;   ///< Meaning as in ONNX; ignored by kinds without parameters.

  friend bool operator==(const Activation&, const Activation&) = default;
};

/// Whether two functions are the same; parameters count only where the kind has them.
[[nodiscard]] CAROUSEL_API bool same_function(const Activation& a, const Activation& b) noexcept;

/// The functions of one direction of a recurrent cell: ONNX's f, g, h for an LSTM (gates; cell
/// candidate; output), f, g for a GRU, f for a plain RNN.
using ActivationSet = std::array<Activation, 3>;

}  // namespace carousel
