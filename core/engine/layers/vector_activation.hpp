// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include <cstdint>
#include <memory>

namespace carousel {

/// Applies an elementwise activation function to numbers that stand side by side: y[i] =
/// function(x[i]). x and y are the same or do not overlap. What comes out for a number must not
/// depend on where it stands.
using VectorActivation = void (*)(const Activation& function, const float* x, float* y,
                                  std::int64_t count);

namespace layers {

/// A layer of an activation function that a backend has code for; `vector` may be null.
[[nodiscard]] std::unique_ptr<Layer> make_activation(const ActivationSpec& spec,
                                                     VectorActivation vector);

}  // namespace layers
}  // namespace carousel
