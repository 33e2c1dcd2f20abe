// SPDX-License-Identifier: Apache-2.0
#include "core/model/wiring.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <map>

namespace carousel {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw Error(ErrorCode::invalid_argument, text);
}

std::string quoted(const std::string& name) { return '\'' + name + '\''; }

/// The names of a model and what they stand for.
class Names {
 public:
  explicit Names(const Model& model)
      : model_(model), inputs_(model_inputs(model)), layers_(layer_names(model)) {
    for (std::size_t k = 0; k < inputs_.size(); ++k) add(inputs_[k].name, {true, k});
    for (std::size_t k = 0; k < layers_.size(); ++k) add(layers_[k], {false, k});
  }

  [[nodiscard]] const std::string& layer(std::size_t k) const { return layers_[k]; }
  [[nodiscard]] const ModelInput& input(std::size_t k) const { return inputs_[k]; }

  /// "layer 'lstm.l0' (LSTM 4 -> 8)"
  [[nodiscard]] std::string where(std::size_t k) const {
    return "layer " + quoted(layers_[k]) + " (" + describe(model_.layers[k].spec) + ")";
  }

  /// The source of that name for layer `reader`, which must come after it.
  [[nodiscard]] Source find(const std::string& name, std::size_t reader) const {
    const auto found = sources_.find(name);
    if (found == sources_.end()) {
      refuse(where(reader) + " reads " + quoted(name) + ", but no layer or input has that name");
    }
    const Source source = found->second;
    if (!source.from_model_input && source.index >= reader) {
      refuse(where(reader) + " reads " + quoted(name) + ", which does not run before it");
    }
    return source;
  }

  [[nodiscard]] std::size_t find_output(const ModelOutput& output) const {
    const auto found = std::ranges::find(layers_, output.layer);
    if (found == layers_.end()) {
      refuse("output " + quoted(output.name) + " is of layer " + quoted(output.layer) +
             ", but there is no such layer");
    }
    return static_cast<std::size_t>(found - layers_.begin());
  }

 private:
  void add(const std::string& name, Source source) {
    if (!sources_.emplace(name, source).second) {
      refuse("the name " + quoted(name) + " stands for several layers or inputs");
    }
  }

  const Model& model_;
  std::vector<ModelInput> inputs_;
  std::vector<std::string> layers_;
  std::map<std::string, Source> sources_;
};

std::vector<Source> sources_of(const Model& model, const Names& names, std::size_t k) {
  const ModelLayer& layer = model.layers[k];
  if (layer.inputs.empty()) return {k == 0 ? Source{true, 0} : Source{false, k - 1}};
  std::vector<Source> sources;
  for (const std::string& name : layer.inputs) sources.push_back(names.find(name, k));
  return sources;
}

void check_source(const Model& model, const Names& names, std::size_t k, std::size_t index,
                  const Source& source) {
  const LayerSpec& spec = model.layers[k].spec;
  const bool ids = source.from_model_input && names.input(source.index).ids;
  if (ids != takes_ids(spec)) {
    refuse(names.where(k) + (ids ? " is given ids, but takes features"
                                 : " takes ids, which only an input of the model can give"));
  }
  const std::int64_t found = source.from_model_input ? names.input(source.index).size
                                                     : output_size(model.layers[source.index].spec);
  const std::int64_t expected = input_size(spec, index);
  if (found == expected) return;
  refuse(
      names.where(k) + ": input_size must be " + std::to_string(found) +
      ", the width of what comes before it (" +
      quoted(source.from_model_input ? names.input(source.index).name : names.layer(source.index)) +
      "), found " + std::to_string(expected));
}

void check_outputs(const std::vector<ModelOutput>& outputs) {
  for (std::size_t a = 0; a < outputs.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      if (outputs[a].name == outputs[b].name) {
        refuse("two outputs have the name " + quoted(outputs[a].name));
      }
      if (outputs[a].layer == outputs[b].layer) {
        refuse("outputs " + quoted(outputs[b].name) + " and " + quoted(outputs[a].name) +
               " are both of layer " + quoted(outputs[a].layer));
      }
    }
  }
}

}  // namespace

Wiring resolve_wiring(const Model& model) {
  if (model.layers.empty()) refuse("a model needs at least one layer");
  const Names names(model);
  Wiring wiring;
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    std::vector<Source> sources = sources_of(model, names, k);
    const std::size_t expected = input_count(model.layers[k].spec);
    if (sources.size() != expected) {
      refuse(names.where(k) + " has " + std::to_string(sources.size()) + " inputs, but needs " +
             std::to_string(expected));
    }
    for (std::size_t i = 0; i < sources.size(); ++i) check_source(model, names, k, i, sources[i]);
    wiring.sources.push_back(std::move(sources));
  }
  const std::vector<ModelOutput> outputs = model_outputs(model);
  check_outputs(outputs);
  for (const ModelOutput& output : outputs) wiring.outputs.push_back(names.find_output(output));
  return wiring;
}

}  // namespace carousel
