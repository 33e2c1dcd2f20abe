// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace carousel {

/// How a network's weights are stored and multiplied: a choice of `prepare`, not of the model. It
/// is about the matrices of recurrent, dense and convolution layers; biases, peepholes, the factors
/// of normalizations, and all other layers are float32 always (see `has_precision`).
enum class Precision : std::uint8_t {
  float32,
  float16,   ///< weights rounded to IEEE 754 binary16, multiplied and added in float32
  bfloat16,  ///< weights rounded to the upper half of a float32, multiplied and added in float32
  int8       ///< weights and activations rounded to 8 bits, products added in int32
};

/// A layer whose weights have another precision than the rest of the network.
struct LayerPrecision {
  std::string layer;  ///< as `layer_names` tells
  Precision precision = Precision::float32;
};

/// All of them, in the order of the enumeration.
[[nodiscard]] CAROUSEL_API std::span<const Precision> precisions() noexcept;

/// "float32", "float16", "bfloat16", "int8"
[[nodiscard]] CAROUSEL_API std::string_view name(Precision precision) noexcept;

/// The precision of that name. Throws Error (unsupported) naming those that there are.
[[nodiscard]] CAROUSEL_API Precision precision_by_name(std::string_view name);

}  // namespace carousel
