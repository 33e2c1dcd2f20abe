// SPDX-License-Identifier: Apache-2.0
#include "core/engine/network_ends.hpp"

#include <algorithm>

namespace carousel::detail {
namespace {

using Of = Source::Of;

/// For each input, how many ids every embedding that reads it knows.
std::vector<std::int64_t> count_ids(const Model& model, const Wiring& wiring, std::size_t inputs) {
  std::vector<std::int64_t> counts(inputs, std::numeric_limits<std::int64_t>::max());
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    const auto* embedding = std::get_if<EmbeddingSpec>(&model.layers[k].spec);
    if (embedding == nullptr) continue;
    std::int64_t& count = counts[wiring.sources[k].front().index];
    count = std::min(count, embedding->num_embeddings);
  }
  return counts;
}

/// The inputs of the model that each layer before the main phase depends on.
std::vector<std::vector<std::size_t>> find_needed_inputs(const Wiring& wiring) {
  std::vector<std::vector<std::size_t>> needed(wiring.sources.size());
  for (std::size_t k = 0; k < needed.size(); ++k) {
    if (wiring.phases[k] != Phase::before) continue;
    for (const Source& source : wiring.sources[k]) {
      if (source.of == Of::model_input) needed[k].push_back(source.index);
      if (source.of != Of::layer) continue;
      const std::vector<std::size_t>& above = needed[source.index];
      needed[k].insert(needed[k].end(), above.begin(), above.end());
    }
    std::ranges::sort(needed[k]);
    needed[k].erase(std::unique(needed[k].begin(), needed[k].end()), needed[k].end());
  }
  return needed;
}

/// Whether an output is made of final states only.
bool is_state(const Wiring& wiring, const Source& source) {
  return source.of == Of::final_state ||
         (source.of == Of::layer && wiring.phases[source.index] == Phase::after);
}

/// The one position for which `fits` holds; kNone unless there is exactly one.
template <class Fits>
std::size_t only_one(std::size_t count, Fits fits) {
  std::size_t found = kNone;
  for (std::size_t k = 0; k < count; ++k) {
    if (!fits(k)) continue;
    if (found != kNone) return kNone;
    found = k;
  }
  return found;
}

bool has_same_steps(const NetworkData& network, const Model& model) {
  const bool from_inputs = std::ranges::none_of(network.inputs, &ModelInput::one_step);
  const bool in_main =
      std::ranges::all_of(network.wiring.phases, [](Phase phase) { return phase == Phase::main; });
  const bool from_sequences = std::ranges::all_of(network.wiring.sources, [](const auto& sources) {
    return std::ranges::none_of(sources, [](const Source& s) { return s.of == Of::final_state; });
  });
  const bool to_sequences = std::ranges::none_of(
      network.wiring.outputs, [](const Source& s) { return s.of == Of::final_state; });
  const bool from_layers = std::ranges::none_of(
      model.layers, [](const ModelLayer& layer) { return changes_steps(layer.spec); });
  return from_inputs && in_main && from_sequences && to_sequences && from_layers;
}

}  // namespace

void find_ends(const Model& model, NetworkData& network) {
  const Wiring& wiring = network.wiring;
  network.id_counts = count_ids(model, wiring, network.inputs.size());
  network.needed_inputs = find_needed_inputs(wiring);
  network.same_steps = has_same_steps(network, model);
  network.main_input =
      only_one(network.inputs.size(), [&](std::size_t k) { return !wiring.optional_inputs[k]; });
  const std::size_t outputs = wiring.outputs.size();
  network.main_output = outputs == 1 ? 0 : only_one(outputs, [&](std::size_t k) {
    return !is_state(wiring, wiring.outputs[k]);
  });
}

}  // namespace carousel::detail
