// SPDX-License-Identifier: Apache-2.0
#include "core/model/wiring.hpp"
#include "core/model/formatted.hpp"

#include "core/model/limits.hpp"
#include "core/model/phases.hpp"
#include "core/model/quote.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace carousel {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw Error(ErrorCode::invalid_argument, text);
}

[[noreturn]] void refuse_second(const std::string& name) {
  refuse(formatted("the name {} stands for several layers or inputs", quote(name)));
}

[[noreturn]] void refuse_second_output(const std::string& name) {
  refuse("two outputs have the name " + quote(name));
}

/// By itself: what reads it looks at its size, too, but nothing need read it.
void check_own_size(const ModelInput& input) {
  detail::require_in(formatted("input {}: its size", quote(input.name)), input.size, 1,
                     input.ids ? 1 : detail::kMostNumbers);
}

/// The names of a model and what they stand for.
class Names {
 public:
  explicit Names(const Model& model)
      : model_(model), inputs_(model_inputs(model)), layers_(layer_names(model)) {
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      check_own_size(inputs_[k]);
      add(inputs_[k].name, {Source::Of::model_input, k});
    }
    for (std::size_t k = 0; k < layers_.size(); ++k) add(layers_[k], {Source::Of::layer, k});
  }

  [[nodiscard]] const ModelInput& input(std::size_t k) const { return inputs_[k]; }
  [[nodiscard]] std::size_t input_count() const { return inputs_.size(); }

  /// Features of a frame of that sequence, without the copies that `source_size` makes of inputs.
  [[nodiscard]] std::int64_t size_of(const Source& source) const {
    if (source.of == Source::Of::model_input) return inputs_[source.index].size;
    return source_size(model_, source);
  }

  /// "layer 'lstm.l0' (LSTM 4 -> 8)"
  [[nodiscard]] std::string where(std::size_t k) const {
    return layer_text(layers_[k], model_.layers[k].spec);
  }

  /// 'lstm.l0:h'
  [[nodiscard]] std::string name_of(const Source& source) const {
    if (source.of == Source::Of::model_input) return quote(inputs_[source.index].name);
    const std::string& layer = layers_[source.index];
    if (source.of == Source::Of::layer) return quote(layer);
    return quote(
        formatted("{}:{}", layer, states(model_.layers[source.index].spec)[source.state].name));
  }

  /// What a name stands for: a layer, an input, or a final state. Throws unless there is one;
  /// `reader` says who wants it.
  [[nodiscard]] Source find(const std::string& name, const std::string& reader) const {
    const auto found = sources_.find(name);
    if (found != sources_.end()) return found->second;
    if (const std::optional<Source> state = find_state(name)) return *state;
    refuse(
        formatted("{} {}, but no layer, final state or input has that name", reader, quote(name)));
  }

  /// The source of that name for layer `reader`, which must come after it.
  [[nodiscard]] Source find_before(const std::string& name, std::size_t reader) const {
    const Source source = find(name, where(reader) + " reads");
    if (source.of != Source::Of::model_input && source.index >= reader) {
      refuse(formatted("{} reads {}, which does not run before it", where(reader), quote(name)));
    }
    return source;
  }

 private:
  void add(const std::string& name, Source source) {
    if (!sources_.emplace(name, source).second) refuse_second(name);
  }

  /// "lstm.l0:h" is the state "h" of the layer "lstm.l0".
  [[nodiscard]] std::optional<Source> find_state(const std::string& name) const {
    const std::size_t colon = name.rfind(':');
    if (colon == std::string::npos) return std::nullopt;
    const auto layer = sources_.find(name.substr(0, colon));
    if (layer == sources_.end() || layer->second.of != Source::Of::layer) return std::nullopt;
    const std::size_t k = layer->second.index;
    const std::vector<StateSpec> all = states(model_.layers[k].spec);
    const auto found = std::ranges::find(all, name.substr(colon + 1), &StateSpec::name);
    if (found == all.end()) return std::nullopt;
    return Source{Source::Of::final_state, k, static_cast<std::size_t>(found - all.begin())};
  }

  const Model& model_;
  std::vector<ModelInput> inputs_;
  std::vector<std::string> layers_;
  std::map<std::string, Source> sources_;
};

std::vector<Source> sources_of(const Model& model, const Names& names, std::size_t k) {
  const ModelLayer& layer = model.layers[k];
  if (layer.inputs.empty()) {
    return {k == 0 ? Source{Source::Of::model_input, 0} : Source{Source::Of::layer, k - 1}};
  }
  std::vector<Source> sources;
  for (const std::string& name : layer.inputs) sources.push_back(names.find_before(name, k));
  return sources;
}

bool gives_ids(const Names& names, const Source& source) {
  return source.of == Source::Of::model_input && names.input(source.index).ids;
}

void check_source(const Model& model, const Names& names, std::size_t k, std::size_t index,
                  const Source& source) {
  const LayerSpec& spec = model.layers[k].spec;
  const bool ids = gives_ids(names, source);
  if (ids != takes_ids(spec)) {
    refuse(names.where(k) + (ids ? " is given ids, but takes features"
                                 : " takes ids, which only an input of the model can give"));
  }
  const std::int64_t found = names.size_of(source);
  const std::int64_t expected = input_size(spec, index);
  if (found == expected) return;
  refuse(formatted("{}: input_size must be {}, the width of what comes before it ({}), found {}",
                   names.where(k), found, names.name_of(source), expected));
}

/// What a layer reads.
std::vector<Source> read_sources(const Model& model, const Names& names, std::size_t k) {
  std::vector<Source> sources = sources_of(model, names, k);
  const std::size_t expected = input_count(model.layers[k].spec);
  if (sources.size() != expected) {
    refuse(formatted("{} has {} inputs, but needs {}", names.where(k), sources.size(), expected));
  }
  for (std::size_t i = 0; i < sources.size(); ++i) check_source(model, names, k, i, sources[i]);
  return sources;
}

/// The states of a layer that a run sets.
std::vector<InitialState> read_initial_states(const Model& model, const Names& names,
                                              std::size_t k) {
  const std::vector<StateSpec> all = states(model.layers[k].spec);
  std::vector<InitialState> initial;
  for (const auto& [name, from] : model.layers[k].initial_states) {
    const auto state = std::ranges::find(all, name, &StateSpec::name);
    if (state == all.end()) refuse(formatted("{} has no state {}", names.where(k), quote(name)));
    const Source source = names.find_before(from, k);
    const std::int64_t found = names.size_of(source);
    if (found != state->size || gives_ids(names, source)) {
      refuse(formatted("{}: its state {} of size {} cannot begin as {} of size {}", names.where(k),
                       quote(name), state->size, names.name_of(source), found));
    }
    initial.push_back({static_cast<std::size_t>(state - all.begin()), source});
  }
  return initial;
}

std::vector<Source> read_outputs(const Model& model, const Names& names) {
  const std::vector<ModelOutput> outputs = model_outputs(model);
  std::vector<Source> sources;
  std::set<std::string_view> seen;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    if (!seen.insert(outputs[k].name).second) refuse_second_output(outputs[k].name);
    sources.push_back(
        names.find(outputs[k].layer, formatted("output {} is", quote(outputs[k].name))));
    if (gives_ids(names, sources.back())) {
      refuse(formatted("output {} is the input of ids {}", quote(outputs[k].name),
                       quote(outputs[k].layer)));
    }
  }
  return sources;
}

std::optional<Source> read_lengths(const Model& model, const Names& names) {
  if (model.lengths.empty()) return std::nullopt;
  const Source source = names.find(model.lengths, "the lengths are");
  if (source_size(model, source) != 1 || gives_ids(names, source)) {
    refuse(formatted("the lengths are {}, which must have one feature", quote(model.lengths)));
  }
  if (source.of == Source::Of::model_input && !names.input(source.index).one_step) {
    refuse(formatted("the lengths are {}, which must have one step", quote(model.lengths)));
  }
  return source;
}

/// Whether a layer looks at the real steps of each row.
bool looks_at_lengths(const LayerSpec& spec) {
  if (const auto* reduce = std::get_if<ReduceStepsSpec>(&spec)) return reduce->lengths;
  if (const auto* select = std::get_if<SelectStepsSpec>(&spec)) return select->lengths;
  return !states(spec).empty();
}

/// Lengths must be there before the first layer that looks at them.
void check_order(const Model& model, const Names& names, const Wiring& wiring) {
  if (!wiring.lengths || wiring.lengths->of == Source::Of::model_input) return;
  for (std::size_t k = 0; k <= wiring.lengths->index; ++k) {
    if (looks_at_lengths(model.layers[k].spec)) {
      refuse(formatted("{} runs before {}, which gives the lengths", names.where(k),
                       names.name_of(*wiring.lengths)));
    }
  }
}

}  // namespace

std::int64_t source_size(const Model& model, const Source& source) {
  if (source.of == Source::Of::model_input) return model_inputs(model).at(source.index).size;
  const LayerSpec& spec = model.layers.at(source.index).spec;
  return source.of == Source::Of::layer ? output_size(spec) : states(spec).at(source.state).size;
}

std::string layer_text(const std::string& name, const LayerSpec& spec) {
  return formatted("layer {} ({})", quote(name), describe(spec));
}

void require_new_name(const Model& model, const std::string& name) {
  if (name.empty()) refuse("a name of an input or layer is empty");
  const bool layer = std::ranges::find(model.layers, name, &ModelLayer::name) != model.layers.end();
  const bool input = std::ranges::find(model.inputs, name, &ModelInput::name) != model.inputs.end();
  if (layer || input) refuse_second(name);
}

void add_input(Model& model, ModelInput input) {
  check_own_size(input);
  require_new_name(model, input.name);
  model.inputs.push_back(std::move(input));
}

void add_output(Model& model, ModelOutput output) {
  if (output.name.empty()) refuse("the name of an output is empty");
  if (std::ranges::find(model.outputs, output.name, &ModelOutput::name) != model.outputs.end()) {
    refuse_second_output(output.name);
  }
  model.outputs.push_back(std::move(output));
}

Wiring resolve_wiring(const Model& model) {
  if (model.layers.empty()) refuse("a model needs at least one layer");
  const Names names(model);
  Wiring wiring;
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    wiring.sources.push_back(read_sources(model, names, k));
    wiring.initial_states.push_back(read_initial_states(model, names, k));
  }
  wiring.outputs = read_outputs(model, names);
  wiring.lengths = read_lengths(model, names);
  check_order(model, names, wiring);
  find_phases(model, wiring);
  return wiring;
}

}  // namespace carousel
