// SPDX-License-Identifier: Apache-2.0
// What a PyTorch state dict is, by the names and shapes of its tensors.
#include "infer_stack.hpp"
#include "module_chain.hpp"
#include "module_names.hpp"
#include "state_dict.hpp"
#include "tensor_names.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace carousel::loading {

using safetensors::StoredTensor;

namespace {

constexpr std::array<std::pair<std::string_view, ActivationKind>, 5> kTails{{
    {"sigmoid", ActivationKind::sigmoid},
    {"tanh", ActivationKind::tanh},
    {"relu", ActivationKind::relu},
    {"softmax", ActivationKind::softmax},
    {"log_softmax", ActivationKind::log_softmax},
}};

ModelLayer embedding_layer(const TensorReader& reader, const std::string& module) {
  const StoredTensor& table = *reader.find(tensor_name(module, "weight"));
  const EmbeddingSpec spec{table.shape[0], table.shape[1]};
  check_spec(reader, spec);
  return {.spec = spec, .name = module};
}

ModelLayer head_layer(const TensorReader& reader, const std::string& module) {
  const StoredTensor& weight = *reader.find(tensor_name(module, "weight"));
  const DenseSpec spec{.input_size = weight.shape[1],
                       .output_size = weight.shape[0],
                       .bias = reader.find(tensor_name(module, "bias")) != nullptr};
  check_spec(reader, spec);
  return {.spec = spec, .name = module};
}

/// The activation that the metadata tells of, if it does.
std::optional<ActivationKind> find_tail(const TensorReader& reader, const Metadata& metadata) {
  const std::string* found = find_metadata(metadata, kTailKey);
  if (found == nullptr) return std::nullopt;
  std::string names;
  for (const auto& [name, kind] : kTails) {
    if (*found == name) return kind;
    names += (names.empty() ? "" : ", ") + quote(name);
  }
  fail(reader.source(),
       "metadata " + quote(kTailKey) + " must be one of " + names + ", found " + quote(*found));
}

/// What a tensor would be in that role, if it has a name that is usual for it but another shape.
std::string hint_of(const StoredTensor& tensor, const ModuleRole& role) {
  const bool fits = tensor.shape.size() == 2 && tensor.shape[1] == role.columns;
  if (fits || !has_usual_name(tensor, role)) return "";
  return " (a weight of the " + std::string(role.name) + " would have shape [any, " +
         std::to_string(role.columns) + "])";
}

bool is_recurrent(const ModelLayer& layer) {
  return std::holds_alternative<RecurrentSpec>(layer.spec);
}

}  // namespace

std::vector<ModelLayer> infer_layers(const TensorReader& reader, const Metadata& metadata,
                                     const LoadOptions& options) {
  const std::vector<std::string> prefixes = find_prefixes(reader, options.prefix);
  const std::string& prefix = prefixes.front();
  std::vector<ModelLayer> layers =
      infer_chain(reader, metadata, prefixes, options.prefix.has_value());
  const ModuleRole below = embedding_role(input_size(layers.front().spec));
  const ModuleRole above = head_role(output_size(layers.back().spec));
  const std::string embedding = find_module(reader, below, prefix, options.embedding);
  const std::string head = find_module(reader, above, prefix, options.head);
  if (!head.empty() && head == embedding) {
    fail(reader.source(), "module " + quote(head) + " cannot be both embedding and head",
         ErrorCode::invalid_argument);
  }
  if (!embedding.empty()) layers.insert(layers.begin(), embedding_layer(reader, embedding));
  if (!head.empty()) layers.push_back(head_layer(reader, head));
  if (const std::optional<ActivationKind> tail = find_tail(reader, metadata)) {
    layers.push_back({.spec = ActivationSpec{{*tail}, output_size(layers.back().spec)}});
  }
  return layers;
}

std::string extra_hint(const StoredTensor& tensor, const std::vector<ModelLayer>& layers) {
  const auto first = std::ranges::find_if(layers, is_recurrent);
  const auto last = std::find_if(layers.rbegin(), layers.rend(), is_recurrent);
  if (first == layers.end()) return "";
  return hint_of(tensor, embedding_role(input_size(first->spec))) +
         hint_of(tensor, head_role(output_size(last->spec)));
}

std::string_view tail_text(const LayerSpec& last) {
  const auto* spec = std::get_if<ActivationSpec>(&last);
  for (const auto& [name, kind] : kTails) {
    if (spec != nullptr && spec->function.kind == kind) return name;
  }
  return "";
}

}  // namespace carousel::loading
