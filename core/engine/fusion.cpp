// SPDX-License-Identifier: Apache-2.0
#include "core/engine/fusion.hpp"

#include <cstddef>

namespace carousel::detail {
namespace {

/// The layer that a layer of one input reads, if it works in place on what that layer wrote: then
/// nobody else reads it.
std::optional<std::size_t> layer_worked_on(const Wiring& wiring, const BufferPlan& buffers,
                                           std::size_t layer) {
  const Source& source = wiring.sources[layer].front();
  if (source.of != Source::Of::layer) return std::nullopt;
  const Place& before = buffers.writes[source.index];
  const Place& after = buffers.writes[layer];
  const bool in_place = before.in == after.in && before.index == after.index;
  return in_place ? std::optional(source.index) : std::nullopt;
}

}  // namespace

std::vector<std::optional<Activation>> fuse_activations(const Model& model, const Wiring& wiring,
                                                        const BufferPlan& buffers,
                                                        std::vector<LayerPlan>& plans,
                                                        const BackendOf& backend_of) {
  std::vector<std::optional<Activation>> fused(model.layers.size());
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    const auto* activation = std::get_if<ActivationSpec>(&model.layers[k].spec);
    if (activation == nullptr) continue;
    const auto before = layer_worked_on(wiring, buffers, k);
    if (!before) continue;
    const Backend& backend = backend_of(plans[*before]);
    if (!backend.fuses(model.layers[*before].spec, activation->function)) continue;
    fused[*before] = activation->function;
    plans[k].fused_into = plans[*before].name;
  }
  return fused;
}

}  // namespace carousel::detail
