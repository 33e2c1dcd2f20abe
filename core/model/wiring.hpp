// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>
#include <carousel/model.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace carousel {

/// Where a sequence comes from.
struct Source {
  enum class Of : std::uint8_t {
    model_input,
    layer,        ///< what a layer puts out
    final_state,  ///< a state of a layer after the run, one step
  };
  Of of = Of::layer;
  std::size_t index = 0;  ///< Index of `model_inputs` or of the layers.
  std::size_t state = 0;  ///< Of a final state: index of the layer's `states(spec)`.

  friend bool operator==(const Source&, const Source&) = default;
};

/// A state that a run sets before it begins.
struct InitialState {
  std::size_t state = 0;  ///< Index of the layer's `states(spec)`.
  Source source;
};

/// When a layer runs. The sequences that flow in the main phase may be given in pieces, unless the
/// network needs the whole; before and after them flow single steps.
enum class Phase : std::uint8_t {
  before,  ///< it leads to initial states and lengths only
  main,
  after,  ///< it reads only final states, and what comes from them
};

/// A model's names resolved.
struct Wiring {
  std::vector<std::vector<Source>> sources;               ///< Per layer, per input.
  std::vector<std::vector<InitialState>> initial_states;  ///< Per layer, by their state.
  std::vector<Source> outputs;                            ///< Per output of the model.
  std::optional<Source> lengths;  ///< What says how many steps of each row are real.
  std::vector<Phase> phases;      ///< Per layer.
  /// Per input of the model: whether a run may go without it, since it leads to initial states and
  /// lengths only.
  std::vector<bool> optional_inputs;
  /// Whether a run in pieces could change what the network gives.
  bool whole_sequence = false;
};

/// Throws Error (invalid_argument) naming the layer and the rule that its names, the number of its
/// inputs or their sizes break. Exported for the oracle and the conformance suite.
[[nodiscard]] CAROUSEL_API Wiring resolve_wiring(const Model& model);

/// What texts call a layer: "layer 'l0' (LSTM 3 -> 4)".
[[nodiscard]] std::string layer_text(const std::string& name, const LayerSpec& spec);

/// Throws Error (invalid_argument) if an input or a layer has been given that name.
void require_new_name(const Model& model, const std::string& name);

/// Adds an input or an output. Throws Error (invalid_argument) for a name that is there already and
/// for a size that no input has; what else is wrong shows when the model is complete.
void add_input(Model& model, ModelInput input);
void add_output(Model& model, ModelOutput output);

/// Features of a frame of that sequence.
[[nodiscard]] CAROUSEL_API std::int64_t source_size(const Model& model, const Source& source);

}  // namespace carousel
