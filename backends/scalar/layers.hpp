// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/layers/elementwise_function.hpp"

#include <carousel/backend.hpp>

#include <memory>
#include <optional>

/// Makes the layers of each kind, which run one batch row and one step at a time.
namespace carousel::scalar {

[[nodiscard]] std::unique_ptr<Layer> make_recurrent_layer(const RecurrentSpec& spec,
                                                          const Weights& weights,
                                                          Precision precision);
/// `activation` is applied to each frame of outputs.
[[nodiscard]] std::unique_ptr<Layer> make_dense_layer(
    const DenseSpec& spec, const Weights& weights, Precision precision,
    const std::optional<layers::ElementwiseFunction>& activation);

}  // namespace carousel::scalar
