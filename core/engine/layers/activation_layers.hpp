// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/layers/elementwise_function.hpp"

#include <carousel/backend.hpp>

#include <memory>
#include <optional>

namespace carousel::layers {

/// A layer of an activation function that a backend has code for; `vector` may be null.
[[nodiscard]] std::unique_ptr<Layer> make_activation(const ActivationSpec& spec,
                                                     VectorActivation vector);

/// The layer of an activation function that the layer before it applies
/// (`LayerOptions::activation`): there is nothing left to do.
[[nodiscard]] std::unique_ptr<Layer> make_fused_activation();

/// A normalization that applies an activation function to each frame that it has normalized, if it
/// is given one.
[[nodiscard]] std::unique_ptr<Layer> make_normalization(
    const NormalizationSpec& spec, const Weights& weights,
    const std::optional<ElementwiseFunction>& activation);

}  // namespace carousel::layers
