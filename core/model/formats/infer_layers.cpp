// SPDX-License-Identifier: Apache-2.0
// What a PyTorch state dict is, by the names and shapes of its tensors.
#include "module_names.hpp"
#include "state_dict.hpp"
#include "tensor_names.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace carousel::loading {

using safetensors::StoredTensor;

namespace {

/// The cells of PyTorch's recurrent modules; the first is the one that can have a projection.
constexpr std::array kTorchCells{Cell::lstm, Cell::gru, Cell::rnn};
/// The module with a choice of functions.
constexpr Cell kPlainRnn = Cell::rnn;

constexpr std::array<std::pair<std::string_view, ActivationKind>, 5> kTails{{
    {"sigmoid", ActivationKind::sigmoid},
    {"tanh", ActivationKind::tanh},
    {"relu", ActivationKind::relu},
    {"softmax", ActivationKind::softmax},
    {"log_softmax", ActivationKind::log_softmax},
}};

/// The tensor that tells sizes: a matrix without empty dimension.
const StoredTensor& require_matrix(const TensorReader& reader, const std::string& name) {
  const StoredTensor* tensor = reader.find(name);
  if (tensor == nullptr) fail(reader.source(), "tensor " + quote(name) + " is missing");
  if (tensor->shape.size() != 2 || tensor->shape[0] < 1 || tensor->shape[1] < 1) {
    fail(reader.source(), "tensor " + quote(name) + " has shape " + shape_text(tensor->shape) +
                              "; expected a matrix with at least one row and column");
  }
  return *tensor;
}

/// "4 (LSTM), 3 (GRU) or 1 (RNN)"
std::string gate_counts() {
  std::string text;
  for (const Cell cell : kTorchCells) {
    const char* between = cell == kTorchCells.front()  ? ""
                          : cell == kTorchCells.back() ? " or "
                                                       : ", ";
    text += between + std::to_string(traits(cell).gates.size()) + " (" +
            std::string(traits(cell).title) + ")";
  }
  return text;
}

Cell cell_from_shapes(const TensorReader& reader, const StoredTensor& weight_hh,
                      std::int64_t hidden, bool projected) {
  const std::int64_t rows = weight_hh.shape[0];
  const std::span<const Cell> cells = std::span(kTorchCells).first(projected ? 1 : 3);
  for (const Cell cell : cells) {
    const auto gates = static_cast<std::int64_t>(traits(cell).gates.size());
    // Division, not gates * hidden, which might overflow.
    if (rows % hidden == 0 && rows / hidden == gates) return cell;
  }
  const std::string expected = projected ? "; with projection, its rows must be " +
                                               std::to_string(traits(cells.front()).gates.size())
                                         : "; its rows must be " + gate_counts();
  fail(reader.source(), "tensor " + quote(weight_hh.name) + " has shape " +
                            shape_text(weight_hh.shape) + expected + " times the hidden size " +
                            std::to_string(hidden));
}

/// Whether any layer has a second direction.
bool is_bidirectional(const TensorReader& reader, const std::string& prefix, std::size_t layers) {
  return std::ranges::any_of(kStackedRoles, [&](std::string_view role) {
    return any_layer_has(reader, prefix, layers, in_direction(role, 1));
  });
}

bool has_bias(const TensorReader& reader, const std::string& prefix, std::size_t layers) {
  return std::ranges::any_of(kStackedRoles, [&](std::string_view role) {
    return role.starts_with("bias") &&
           (any_layer_has(reader, prefix, layers, role) ||
            any_layer_has(reader, prefix, layers, in_direction(role, 1)));
  });
}

/// The spec of layer 0 of a PyTorch module; the others differ from it in input_size only.
RecurrentSpec infer_spec(const TensorReader& reader, const std::string& prefix,
                         std::size_t layers) {
  const auto matrix = [&](std::string_view role) -> const StoredTensor& {
    return require_matrix(reader, tensor_name(stacked_name(prefix, 0), role));
  };
  const StoredTensor& weight_ih = matrix("weight_ih");
  const StoredTensor& weight_hh = matrix("weight_hh");
  const bool projected = any_layer_has(reader, prefix, layers, "weight_hr");
  std::int64_t hidden = weight_hh.shape[1];
  std::int64_t proj = 0;
  if (projected) {
    const StoredTensor& weight_hr = matrix("weight_hr");
    proj = weight_hr.shape[0];
    hidden = weight_hr.shape[1];
  }
  const Cell cell = cell_from_shapes(reader, weight_hh, hidden, projected);
  const bool both = is_bidirectional(reader, prefix, layers);
  return make_spec(cell, weight_ih.shape[1], hidden,
                   both ? Direction::bidirectional : Direction::forward, proj,
                   has_bias(reader, prefix, layers));
}

void apply_activation(const TensorReader& reader, const Metadata& metadata, RecurrentSpec& spec) {
  const std::string* found = find_metadata(metadata, kActivationKey);
  if (spec.cell != kPlainRnn || found == nullptr || *found == "tanh") return;
  if (*found != "relu") {
    fail(reader.source(),
         "metadata " + quote(kActivationKey) + " must be 'tanh' or 'relu', found " + quote(*found));
  }
  for (ActivationSet& set : spec.activations) set[0] = {ActivationKind::relu};
}

/// Backends and buffers are made for sizes far below int64's limits, so these are checked before
/// anything is computed from them.
void check_spec(const TensorReader& reader, const LayerSpec& spec) {
  try {
    validate(spec);
  } catch (const Error& error) {
    fail(reader.source(), error.what());
  }
}

std::vector<ModelLayer> infer_stack(const TensorReader& reader, const Metadata& metadata,
                                    const std::string& prefix) {
  const std::size_t count = count_layers(reader, prefix);
  RecurrentSpec spec = infer_spec(reader, prefix, count);
  apply_activation(reader, metadata, spec);
  std::vector<ModelLayer> layers;
  for (std::size_t k = 0; k < count; ++k) {
    check_spec(reader, spec);
    layers.push_back({.spec = spec, .name = stacked_name(prefix, k)});
    spec.input_size = spec.output_size();
  }
  return layers;
}

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
  const std::string prefix = find_prefix(reader, options.prefix);
  std::vector<ModelLayer> layers = infer_stack(reader, metadata, prefix);
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

std::string_view rnn_activation_text(const LayerSpec& spec) {
  const auto* recurrent = std::get_if<RecurrentSpec>(&spec);
  if (recurrent == nullptr || recurrent->cell != kPlainRnn) return "";
  return recurrent->activations[0][0].kind == ActivationKind::relu ? "relu" : "tanh";
}

}  // namespace carousel::loading
