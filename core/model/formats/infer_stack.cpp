// SPDX-License-Identifier: Apache-2.0
#include "infer_stack.hpp"

#include "module_names.hpp"
#include "tensor_names.hpp"
#include "text.hpp"

#include "core/model/formatted.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace carousel::loading {

using safetensors::StoredTensor;

namespace {

/// The cells of PyTorch's recurrent modules; the first is the one that can have a projection.
constexpr std::array kTorchCells{Cell::lstm, Cell::gru, Cell::rnn};
/// The module with a choice of functions.
constexpr Cell kPlainRnn = Cell::rnn;

/// The tensor that tells sizes: a matrix without empty dimension.
const StoredTensor& require_matrix(const TensorReader& reader, const std::string& name) {
  const StoredTensor* tensor = reader.find(name);
  if (tensor == nullptr) fail(reader.source(), formatted("tensor {} is missing", quote(name)));
  if (tensor->shape.size() != 2 || tensor->shape[0] < 1 || tensor->shape[1] < 1) {
    fail(reader.source(),
         formatted("tensor {} has shape {}; expected a matrix with at least one row and column",
                   quoted_name(*tensor), shape_text(tensor->shape)));
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
    text += formatted("{}{} ({})", between, traits(cell).gates.size(), traits(cell).title);
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
  const std::string expected = projected ? formatted("; with projection, its rows must be {}",
                                                     traits(cells.front()).gates.size())
                                         : "; its rows must be " + gate_counts();
  fail(reader.source(),
       formatted("tensor {} has shape {}{} times the hidden size {}", quoted_name(weight_hh),
                 shape_text(weight_hh.shape), expected, hidden));
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
    fail(reader.source(), formatted("metadata {} must be 'tanh' or 'relu', found {}",
                                    quote(kActivationKey), quote(*found)));
  }
  for (ActivationSet& set : spec.activations) set[0] = {ActivationKind::relu};
}

}  // namespace

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

std::string_view rnn_activation_text(const LayerSpec& spec) {
  const auto* recurrent = std::get_if<RecurrentSpec>(&spec);
  if (recurrent == nullptr || recurrent->cell != kPlainRnn) return "";
  return recurrent->activations[0][0].kind == ActivationKind::relu ? "relu" : "tanh";
}

}  // namespace carousel::loading
