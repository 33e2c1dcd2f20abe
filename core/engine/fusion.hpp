// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/buffers.hpp"

#include <carousel/backend.hpp>
#include <carousel/plan.hpp>

#include <functional>
#include <optional>
#include <vector>

namespace carousel::detail {

/// The backend that runs a layer.
using BackendOf = std::function<const Backend&(const LayerPlan&)>;

/// Finds the activation layers whose function the layer before them can apply as it writes its
/// outputs: nobody else reads these, and that layer's backend knows how (`Backend::fuses`). Returns
/// per layer the function that it is to apply, and sets `fused_into` in the plans of the activation
/// layers.
[[nodiscard]] std::vector<std::optional<Activation>> fuse_activations(const Model& model,
                                                                      const Wiring& wiring,
                                                                      const BufferPlan& buffers,
                                                                      std::vector<LayerPlan>& plans,
                                                                      const BackendOf& backend_of);

}  // namespace carousel::detail
