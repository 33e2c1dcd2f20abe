// SPDX-License-Identifier: Apache-2.0
#include <carousel/model.hpp>

#include "core/model/element_count.hpp"
#include "core/model/formatted.hpp"
#include "core/model/quote.hpp"
#include "core/model/wiring.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace carousel {
namespace {

[[noreturn]] void refuse_model(const std::string& text) {
  throw Error(ErrorCode::invalid_argument, text);
}

/// What a layer without a name is called; recurrent layers are numbered from 0, as in PyTorch.
std::string_view usual_name(const LayerSpec& spec) {
  if (std::holds_alternative<RecurrentSpec>(spec)) return "l";
  if (std::holds_alternative<DenseSpec>(spec)) return "head";
  return kind_name(spec);
}

/// The first name of that kind that nobody has: "l0", "l1" or "head", "head2". `tried` has for each
/// kind how many were tried for layers before.
std::string free_name(const LayerSpec& spec, const std::set<std::string>& taken,
                      std::map<std::string, std::size_t>& tried) {
  const std::string stem(usual_name(spec));
  const bool numbered = std::holds_alternative<RecurrentSpec>(spec);
  for (std::size_t& k = tried[stem];;) {
    const std::string number = numbered ? std::to_string(k) : k == 0 ? "" : std::to_string(k + 1);
    ++k;
    if (!taken.contains(stem + number)) return stem + number;
  }
}

void check_weights(const std::string& where, const ModelLayer& layer) {
  const std::vector<WeightRole> roles = weight_roles(layer.spec);
  for (const WeightRole& role : roles) {
    const Tensor* tensor = find_weight(layer.weights, role.name);
    if (tensor == nullptr && !role.required) continue;
    if (tensor != nullptr && tensor->shape() == role.shape) continue;
    refuse_model(formatted("{}: {} must have shape {}, found {}", where, role.name,
                           shape_text(role.shape),
                           tensor == nullptr ? "none" : shape_text(tensor->shape())));
  }
  // A weight that the spec does not call for would be silently ignored.
  for (const auto& weight : layer.weights) {
    if (std::ranges::find(roles, weight.first, &WeightRole::name) != roles.end()) continue;
    refuse_model(formatted("{} has no weight of the role {}", where, quote(weight.first)));
  }
}

void check_layers(const Model& model) {
  const std::vector<std::string> names = layer_names(model);
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    const ModelLayer& layer = model.layers[k];
    try {
      validate(layer.spec);
    } catch (const Error& error) {
      refuse_model(formatted("layer {}: {}", quote(names[k]), error.what()));
    }
    check_weights(layer_text(names[k], layer.spec), layer);
  }
}

}  // namespace

const Tensor* find_weight(const Weights& weights, std::string_view role) {
  const auto found = weights.find(role);
  return found == weights.end() ? nullptr : &found->second;
}

std::vector<std::string> layer_names(const Model& model) {
  std::set<std::string> taken;
  for (const ModelInput& input : model.inputs) taken.insert(input.name);
  for (const ModelLayer& layer : model.layers) taken.insert(layer.name);
  std::map<std::string, std::size_t> tried;
  std::vector<std::string> names;
  for (const ModelLayer& layer : model.layers) {
    names.push_back(layer.name.empty() ? free_name(layer.spec, taken, tried) : layer.name);
    taken.insert(names.back());
  }
  return names;
}

std::vector<ModelInput> model_inputs(const Model& model) {
  if (!model.inputs.empty() || model.layers.empty()) return model.inputs;
  const LayerSpec& first = model.layers.front().spec;
  const bool ids = takes_ids(first);
  return {{ids ? "ids" : "x", carousel::input_size(first), ids}};
}

std::vector<ModelOutput> model_outputs(const Model& model) {
  if (!model.outputs.empty() || model.layers.empty()) return model.outputs;
  return {{"y", layer_names(model).back()}};
}

std::int64_t Model::input_size() const {
  const std::vector<ModelInput> all = model_inputs(*this);
  return all.empty() ? 0 : all.front().size;
}

bool Model::takes_ids() const {
  const std::vector<ModelInput> all = model_inputs(*this);
  return !all.empty() && all.front().ids;
}

std::int64_t Model::output_size() const {
  if (layers.empty()) return 0;
  if (outputs.empty()) return carousel::output_size(layers.back().spec);
  const std::vector<std::string> names = layer_names(*this);
  const auto found = std::ranges::find(names, outputs.front().layer);
  if (found == names.end()) return 0;
  return carousel::output_size(layers[static_cast<std::size_t>(found - names.begin())].spec);
}

std::int64_t Model::parameter_count() const {
  std::int64_t count = 0;
  for (const ModelLayer& layer : layers) count += carousel::parameter_count(layer.spec);
  return count;
}

double Model::flops_per_row() const {
  double flops = 0;
  for (const ModelLayer& layer : layers) flops += carousel::flops_per_row(layer.spec);
  return flops;
}

void validate(const Model& model) {
  try {
    (void)resolve_wiring(model);
    check_layers(model);
  } catch (const Error& error) {
    const bool from_file = !model.source.empty();
    throw Error(from_file ? ErrorCode::bad_format : error.code(),
                formatted("{}: {}", from_file ? escaped(model.source) : "model", error.what()));
  }
}

}  // namespace carousel
