// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/model/wiring.hpp"

namespace carousel::loading::onnx {

/// What a model's wiring says of the steps of its sequences.
class ModelSources {
 public:
  explicit ModelSources(const Model& model) : model_(model), wiring_(resolve_wiring(model)) {}

  [[nodiscard]] const Wiring& wiring() const { return wiring_; }

  /// Whether it has one step, however many the inputs of the model have.
  [[nodiscard]] bool is_single(const Source& source) const {
    if (source.of == Source::Of::model_input) return model_inputs(model_)[source.index].one_step;
    if (source.of == Source::Of::final_state) return true;
    const LayerSpec& spec = model_.layers[source.index].spec;
    constexpr std::int64_t kMany = 1'000'000;
    if (output_steps(spec, 1) != 1) return false;
    if (output_steps(spec, kMany) == 1) return true;
    return std::ranges::all_of(wiring_.sources[source.index],
                               [&](const Source& one) { return is_single(one); });
  }

  /// Whether a layer reads both single steps and sequences.
  [[nodiscard]] bool is_mixed(std::size_t layer) const {
    const std::vector<Source>& from = wiring_.sources[layer];
    return std::ranges::any_of(
        from, [&](const Source& one) { return is_single(one) != is_single(from.front()); });
  }

  /// Whether it, or what it is made of, has another number of steps than the inputs.
  [[nodiscard]] bool changes_steps(const Source& source) const {
    if (source.of != Source::Of::layer) return false;
    if (carousel::changes_steps(model_.layers[source.index].spec)) return true;
    return std::ranges::any_of(wiring_.sources[source.index],
                               [&](const Source& one) { return changes_steps(one); });
  }

  /// Whether any layer or output is a final state of that layer.
  [[nodiscard]] bool reads_states_of(std::size_t layer) const {
    const auto is_state = [&](const Source& source) {
      return source.of == Source::Of::final_state && source.index == layer;
    };
    if (std::ranges::any_of(wiring_.outputs, is_state)) return true;
    for (std::size_t k = layer + 1; k < model_.layers.size(); ++k) {
      if (std::ranges::any_of(wiring_.sources[k], is_state)) return true;
      for (const InitialState& state : wiring_.initial_states[k]) {
        if (is_state(state.source)) return true;
      }
    }
    return false;
  }

 private:
  const Model& model_;
  Wiring wiring_;
};

}  // namespace carousel::loading::onnx
