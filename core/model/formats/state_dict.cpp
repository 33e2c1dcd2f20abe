// SPDX-License-Identifier: Apache-2.0
#include "state_dict.hpp"

namespace carousel::loading {
namespace {

using Weights = DirectionWeights;

std::vector<Slot> linear_slots(const LayerSpec& spec) {
  std::vector<Slot> result{{"weight", {spec.hidden_size, spec.input_size}, &Weights::weight_ih}};
  if (spec.bias) {
    result.push_back({"bias", {spec.hidden_size}, &Weights::bias_ih});
  }
  return result;
}

void append_layer(std::vector<NamedArray>& arrays, const Model& model, std::size_t k) {
  const ModelLayer& layer = model.layers[k];
  const std::vector<Slot> layer_slots = slots(layer.spec);
  for (std::size_t d = 0; d < static_cast<std::size_t>(layer.spec.directions()); ++d) {
    for (const Slot& slot : layer_slots) {
      arrays.push_back({tensor_name(model.names.prefix, slot.name, k, d), slot.shape,
                        layer.directions[d].*slot.values});
    }
    for (const Slot& slot : optional_slots(layer.spec)) {
      const std::vector<float>& values = layer.directions[d].*slot.values;
      if (!values.empty()) {
        arrays.push_back({tensor_name(model.names.prefix, slot.name, k, d), slot.shape, values});
      }
    }
  }
}

/// Models built in memory need not name their modules.
std::string or_default(const std::string& name, const char* fallback) {
  return name.empty() ? fallback : name;
}

}  // namespace

std::vector<Slot> slots(const LayerSpec& spec) {
  if (!spec.recurrent()) {
    return linear_slots(spec);
  }
  const std::int64_t rows = spec.gates() * spec.hidden_size;
  std::vector<Slot> result{{"weight_ih", {rows, spec.input_size}, &Weights::weight_ih},
                           {"weight_hh", {rows, spec.state_size()}, &Weights::weight_hh}};
  if (spec.bias) {
    result.push_back({"bias_ih", {rows}, &Weights::bias_ih});
    result.push_back({"bias_hh", {rows}, &Weights::bias_hh});
  }
  if (spec.proj_size > 0) {
    result.push_back({"weight_hr", {spec.proj_size, spec.hidden_size}, &Weights::weight_hr});
  }
  if (spec.peephole) {
    result.push_back({"peephole", {3 * spec.hidden_size}, &Weights::peephole});
  }
  return result;
}

std::vector<Slot> optional_slots(const LayerSpec& spec) {
  if (!spec.recurrent()) {
    return {};
  }
  std::vector<Slot> result{{"initial_h", {spec.state_size()}, &Weights::initial_h}};
  if (spec.has_cell_state()) {
    result.push_back({"initial_c", {spec.hidden_size}, &Weights::initial_c});
  }
  return result;
}

std::string tensor_name(const std::string& prefix, std::string_view slot, std::size_t layer,
                        std::size_t direction) {
  return prefix + std::string(slot) + "_l" + std::to_string(layer) +
         (direction == 0 ? "" : "_reverse");
}

std::string module_tensor(const std::string& module, std::string_view slot) {
  return module + "." + std::string(slot);
}

std::vector<NamedArray> named_arrays(const Model& model) {
  std::vector<NamedArray> arrays;
  if (model.embedding) {
    const Embedding& embedding = *model.embedding;
    arrays.push_back({module_tensor(or_default(model.names.embedding, "embedding"), "weight"),
                      {embedding.num_embeddings, embedding.embedding_dim},
                      embedding.weight});
  }
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    append_layer(arrays, model, k);
  }
  if (model.head) {
    const std::string module = or_default(model.names.head, "head");
    for (const Slot& slot : slots(model.head->spec)) {
      arrays.push_back(
          {module_tensor(module, slot.name), slot.shape, model.head->directions[0].*slot.values});
    }
  }
  return arrays;
}

}  // namespace carousel::loading
