// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/model/wiring.hpp"

namespace carousel::loading::onnx {

/// What a model's wiring says of the steps of its sequences, found out once for all layers.
class ModelSources {
 public:
  explicit ModelSources(const Model& model)
      : model_(model),
        wiring_(resolve_wiring(model)),
        inputs_(model_inputs(model)),
        read_states_(model.layers.size()) {
    // What a layer reads comes before it.
    for (std::size_t k = 0; k < model.layers.size(); ++k) {
      single_.push_back(finds_single(k));
      changes_.push_back(finds_change(k));
      for (const Source& source : wiring_.sources[k]) note_state(source);
      for (const InitialState& state : wiring_.initial_states[k]) note_state(state.source);
    }
    for (const Source& source : wiring_.outputs) note_state(source);
  }

  [[nodiscard]] const Wiring& wiring() const { return wiring_; }

  /// Whether it has one step, however many the inputs of the model have.
  [[nodiscard]] bool is_single(const Source& source) const {
    if (source.of == Source::Of::model_input) return inputs_[source.index].one_step;
    return source.of == Source::Of::final_state || single_[source.index];
  }

  /// Whether a layer reads both single steps and sequences.
  [[nodiscard]] bool is_mixed(std::size_t layer) const {
    const std::vector<Source>& from = wiring_.sources[layer];
    return std::ranges::any_of(
        from, [&](const Source& one) { return is_single(one) != is_single(from.front()); });
  }

  /// Whether it, or what it is made of, has another number of steps than the inputs.
  [[nodiscard]] bool changes_steps(const Source& source) const {
    return source.of == Source::Of::layer && changes_[source.index];
  }

  /// Whether any layer or output is a final state of that layer.
  [[nodiscard]] bool reads_states_of(std::size_t layer) const { return read_states_[layer]; }

 private:
  [[nodiscard]] bool finds_single(std::size_t layer) const {
    const LayerSpec& spec = model_.layers[layer].spec;
    constexpr std::int64_t kMany = 1'000'000;
    if (output_steps(spec, 1) != 1) return false;
    if (output_steps(spec, kMany) == 1) return true;
    return std::ranges::all_of(wiring_.sources[layer],
                               [&](const Source& one) { return is_single(one); });
  }

  [[nodiscard]] bool finds_change(std::size_t layer) const {
    if (carousel::changes_steps(model_.layers[layer].spec)) return true;
    return std::ranges::any_of(wiring_.sources[layer],
                               [&](const Source& one) { return changes_steps(one); });
  }

  void note_state(const Source& source) {
    if (source.of == Source::Of::final_state) read_states_[source.index] = true;
  }

  const Model& model_;
  Wiring wiring_;
  std::vector<ModelInput> inputs_;
  std::vector<bool> single_;       ///< Per layer, of its output.
  std::vector<bool> changes_;      ///< Likewise.
  std::vector<bool> read_states_;  ///< Per layer.
};

}  // namespace carousel::loading::onnx
