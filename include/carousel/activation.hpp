// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace carousel {

/// The activation functions of the ONNX recurrent operators, and those that work over all features
/// of a frame (`softmax`, `log_softmax`), which a recurrent cell cannot have.
/// https://onnx.ai/onnx/operators/onnx__LSTM.html
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
};

/// "Sigmoid", "Tanh", ...: the names that ONNX uses.
[[nodiscard]] CAROUSEL_API std::string_view name(ActivationKind kind) noexcept;

/// Whether each element's result depends on that element alone.
[[nodiscard]] constexpr bool is_elementwise(ActivationKind kind) noexcept {
  return kind != ActivationKind::softmax && kind != ActivationKind::log_softmax;
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
