// SPDX-License-Identifier: Apache-2.0
#include "model_facts.hpp"

#include <algorithm>
#include <set>

#include "core/model/stored_weights.hpp"

namespace carousel::cli {
namespace {

/// Whether layer `index`, of a kind with one input, reads that input of the model.
bool reads(const Model& model, std::size_t index, std::string_view input) {
  const std::vector<std::string>& names = model.layers[index].inputs;
  if (!names.empty()) return names.front() == input;
  return index == 0 && model_inputs(model).front().name == input;
}

std::int64_t element_count(const WeightRole& role) {
  std::int64_t count = 1;
  for (const std::int64_t size : role.shape) count *= size;
  return count;
}

/// The matrices of the first direction; the others have the same.
MatrixSizes sizes_of(const LayerSpec& spec) {
  MatrixSizes sizes;
  if (flops_per_row(spec) == 0) return sizes;
  for (const WeightRole& role : weight_roles(spec)) {
    if (role.shape.size() < 2 || role.name.ends_with("_reverse")) continue;
    const bool recurrent = role.name.starts_with("weight_h");
    (recurrent ? sizes.each_step : sizes.once) += element_count(role);
  }
  if (const auto* recurrent = std::get_if<RecurrentSpec>(&spec)) {
    sizes.directions = recurrent->directions();
  }
  return sizes;
}

void add_once(std::string& list, const std::string& name) {
  if (list.find(name) == std::string::npos) list += (list.empty() ? "" : "+") + name;
}

}  // namespace

std::int64_t id_count(const Model& model, std::string_view input) {
  std::int64_t count = 0;
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    const auto* embedding = std::get_if<EmbeddingSpec>(&model.layers[k].spec);
    if (embedding == nullptr || !reads(model, k, input)) continue;
    const std::int64_t rows = embedding->num_embeddings;
    count = count == 0 ? rows : std::min(count, rows);
  }
  return count;
}

std::int64_t id_count(const Model& model) {
  const std::vector<ModelInput> inputs = model_inputs(model);
  return inputs.empty() ? 0 : id_count(model, inputs.front().name);
}

std::int64_t source_size(const Model& model, std::string_view name) {
  for (const ModelInput& input : model_inputs(model)) {
    if (input.name == name) return input.size;
  }
  const std::vector<std::string> names = layer_names(model);
  for (std::size_t k = 0; k < names.size(); ++k) {
    const LayerSpec& spec = model.layers[k].spec;
    if (names[k] == name) return output_size(spec);
    for (const StateSpec& state : states(spec)) {
      if (names[k] + ":" + state.name == name) return state.size;
    }
  }
  return 0;
}

std::vector<MatrixSizes> matrix_sizes(const Model& model) {
  std::vector<MatrixSizes> all;
  for (const ModelLayer& layer : model.layers) all.push_back(sizes_of(layer.spec));
  return all;
}

std::string stored_types(const ModelLayer& layer) {
  std::set<std::string_view> matrices;
  std::set<std::string_view> all;
  for (const auto& [role, weight] : layer.weights) {
    all.insert(name(weight.dtype()));
    if (is_matrix(role)) matrices.insert(name(weight.dtype()));
  }
  std::string text;
  for (const std::string_view type : matrices.empty() ? all : matrices) {
    text += (text.empty() ? "" : ", ") + std::string(type);
  }
  return text;
}

std::string precision_note(Precision precision) {
  return precision == Precision::float32 ? "" : ", in " + std::string(name(precision));
}

std::string backends_of(const Network& network) {
  std::string computing;
  std::string all;
  for (const LayerPlan& layer : network.layers()) {
    add_once(all, layer.backend);
    if (flops_per_row(layer.spec) > 0) add_once(computing, layer.backend);
  }
  return computing.empty() ? all : computing;
}

}  // namespace carousel::cli
