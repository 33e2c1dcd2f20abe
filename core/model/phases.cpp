// SPDX-License-Identifier: Apache-2.0
#include "core/model/phases.hpp"

#include <algorithm>

namespace carousel {
namespace {

using Of = Source::Of;

/// Goes through the layers of a model, forwards and backwards.
class PhaseFinder {
 public:
  PhaseFinder(const Model& model, Wiring& wiring)
      : model_(model), wiring_(wiring), inputs_(model_inputs(model)) {
    const std::size_t layers = model.layers.size();
    read_by_main_.resize(layers);
    input_read_by_main_.resize(inputs_.size());
    single_.resize(layers);
    find_readers();
    wiring.phases.assign(layers, Phase::main);
  }

  void find() {
    find_layers_after();
    find_layers_before();
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      wiring_.optional_inputs.push_back(!input_read_by_main_[k] && leads_somewhere(k));
    }
    find_single_steps();
    wiring_.whole_sequence = needs_whole();
  }

 private:
  /// What each layer and each input of the model leads to.
  void find_readers() {
    read_.resize(model_.layers.size());
    sets_state_.resize(model_.layers.size());
    input_leads_.resize(inputs_.size());
    for (std::size_t k = 0; k < wiring_.sources.size(); ++k) {
      for (const Source& source : wiring_.sources[k]) {
        if (source.of == Of::layer) read_[source.index] = true;
        if (source.of == Of::model_input) input_leads_[source.index] = true;
      }
      for (const InitialState& initial : wiring_.initial_states[k]) {
        const Source& source = initial.source;
        if (source.of == Of::layer) sets_state_[source.index] = true;
        if (source.of == Of::model_input) input_leads_[source.index] = true;
      }
    }
  }

  /// Layers that read only final states and what comes from them.
  void find_layers_after() {
    for (std::size_t k = 0; k < wiring_.sources.size(); ++k) {
      const bool after = std::ranges::all_of(wiring_.sources[k], [&](const Source& source) {
        return source.of == Of::final_state ||
               (source.of == Of::layer && wiring_.phases[source.index] == Phase::after);
      });
      if (after && !sets_state_[k] && !has_state(k)) wiring_.phases[k] = Phase::after;
    }
  }

  [[nodiscard]] bool has_state(std::size_t layer) const {
    return !states(model_.layers[layer].spec).empty();
  }

  /// Backwards: a layer comes before the others unless an output, or a layer of the main phase,
  /// reads it, or it reads something that the main phase makes.
  void find_layers_before() {
    for (const Source& source : wiring_.outputs) mark_read(source);
    for (std::size_t k = wiring_.sources.size(); k-- > 0;) {
      if (!read_by_main_[k] && is_before(k)) {
        wiring_.phases[k] = Phase::before;
        continue;
      }
      for (const Source& source : wiring_.sources[k]) mark_read(source);
    }
    revoke_dependent();
  }

  void mark_read(const Source& source) {
    if (source.of == Of::layer) read_by_main_[source.index] = true;
    if (source.of == Of::model_input) input_read_by_main_[source.index] = true;
  }

  [[nodiscard]] bool is_before(std::size_t k) const {
    if (wiring_.phases[k] == Phase::after || has_state(k)) return false;
    return read_[k] || sets_state_[k] || wiring_.lengths == Source{Of::layer, k};
  }

  /// A layer that reads the main phase, or an input that this reads, belongs to it as well. That
  /// may make further inputs those of the main phase, hence the repetition.
  void revoke_dependent() {
    const auto depends_on_main = [&](std::size_t k) {
      return wiring_.phases[k] == Phase::before && !comes_before(wiring_.sources[k]);
    };
    for (std::size_t k = 0; k < wiring_.sources.size();) {
      if (depends_on_main(k)) {
        make_main(k);
        k = 0;
      } else {
        ++k;
      }
    }
  }

  [[nodiscard]] bool comes_before(const std::vector<Source>& sources) const {
    return std::ranges::all_of(sources, [&](const Source& source) {
      if (source.of == Of::model_input) {
        return !input_read_by_main_[source.index] && inputs_[source.index].one_step;
      }
      return source.of == Of::layer && wiring_.phases[source.index] == Phase::before;
    });
  }

  /// With all that it reads, since these are then read by the main phase.
  void make_main(std::size_t k) {
    wiring_.phases[k] = Phase::main;
    for (const Source& source : wiring_.sources[k]) {
      mark_read(source);
      if (source.of == Of::layer && wiring_.phases[source.index] == Phase::before) {
        make_main(source.index);
      }
    }
  }

  [[nodiscard]] bool leads_somewhere(std::size_t input) const {
    return input_leads_[input] || wiring_.lengths == Source{Of::model_input, input};
  }

  [[nodiscard]] bool is_single(const Source& source) const {
    if (source.of == Of::model_input) return inputs_[source.index].one_step;
    return source.of == Of::final_state || single_[source.index];
  }

  /// Layers whose output has one step, however many the inputs of the model have.
  void find_single_steps() {
    for (std::size_t k = 0; k < single_.size(); ++k) {
      const LayerSpec& spec = model_.layers[k].spec;
      const bool from_single =
          std::ranges::all_of(wiring_.sources[k], [&](const Source& s) { return is_single(s); });
      single_[k] = std::holds_alternative<ReduceStepsSpec>(spec) ||
                   (from_single && output_steps(spec, 1) == 1);
    }
  }

  /// Single steps among sequences, steps that depend on all others, and lengths that a layer
  /// computes: all need the whole sequence at once.
  [[nodiscard]] bool needs_whole() const {
    if (wiring_.lengths && wiring_.lengths->of != Of::model_input) return true;
    for (std::size_t k = 0; k < single_.size(); ++k) {
      if (wiring_.phases[k] != Phase::main) continue;
      const LayerSpec& spec = model_.layers[k].spec;
      if (needs_whole_sequence(spec) || changes_steps(spec)) return true;
      for (const Source& source : wiring_.sources[k]) {
        if (is_single(source)) return true;
      }
      for (const InitialState& initial : wiring_.initial_states[k]) {
        if (in_main_phase(initial.source)) return true;
      }
    }
    return false;
  }

  [[nodiscard]] bool in_main_phase(const Source& source) const {
    if (source.of == Of::model_input) return input_read_by_main_[source.index];
    return source.of == Of::final_state || wiring_.phases[source.index] != Phase::before;
  }

  const Model& model_;
  Wiring& wiring_;
  std::vector<ModelInput> inputs_;
  std::vector<bool> read_by_main_;        ///< Per layer.
  std::vector<bool> input_read_by_main_;  ///< Per input of the model.
  std::vector<bool> single_;              ///< Per layer.
  std::vector<bool> read_;                ///< Per layer, whether another reads it.
  std::vector<bool> sets_state_;          ///< Per layer, whether an initial state is its output.
  std::vector<bool> input_leads_;         ///< Per input of the model, whether a layer takes it.
};

}  // namespace

void find_phases(const Model& model, Wiring& wiring) { PhaseFinder(model, wiring).find(); }

}  // namespace carousel
