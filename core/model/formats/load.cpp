// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"
#include "module_names.hpp"
#include "onnx/load_onnx.hpp"
#include "spec_text.hpp"
#include "state_dict.hpp"
#include "tensor_reader.hpp"
#include "text.hpp"

#include <carousel/model.hpp>

#include <algorithm>
#include <cctype>

namespace carousel {
namespace loading {
namespace {

using safetensors::Tensor;

/// The tensor that tells sizes: a matrix without empty dimension.
const Tensor& require_matrix(const TensorReader& reader, const std::string& name) {
  const Tensor* tensor = reader.find(name);
  if (tensor == nullptr) {
    fail(reader.source(), "tensor " + quote(name) + " is missing");
  }
  if (tensor->shape.size() != 2 || tensor->shape[0] < 1 || tensor->shape[1] < 1) {
    fail(reader.source(), "tensor " + quote(name) + " has shape " + shape_text(tensor->shape) +
                              "; expected a matrix with at least one row and column");
  }
  return *tensor;
}

Cell cell_from_shapes(const TensorReader& reader, const Tensor& weight_hh, std::int64_t hidden,
                      bool projected) {
  const std::int64_t rows = weight_hh.shape[0];
  // Division, not 4 * hidden, which might overflow.
  const std::int64_t gates = rows % hidden == 0 ? rows / hidden : 0;
  if (gates == 4) {
    return Cell::lstm;
  }
  if (!projected && gates == 3) {
    return Cell::gru;
  }
  if (!projected && gates == 1) {
    return Cell::rnn;
  }
  fail(reader.source(),
       "tensor " + quote(weight_hh.name) + " has shape " + shape_text(weight_hh.shape) +
           (projected ? "; with projection, its rows must be 4 times the hidden size "
                      : "; its rows must be 4 (LSTM), 3 (GRU) or 1 (RNN) times the hidden size ") +
           std::to_string(hidden));
}

/// The spec of layer 0 of a PyTorch module; the others differ from it in input_size only.
LayerSpec infer_spec(const TensorReader& reader, const std::string& prefix, std::size_t layers) {
  const Tensor& weight_ih = require_matrix(reader, tensor_name(prefix, "weight_ih", 0, 0));
  const Tensor& weight_hh = require_matrix(reader, tensor_name(prefix, "weight_hh", 0, 0));
  const bool projected = any_layer_has(reader, prefix, layers, "weight_hr", false);
  std::int64_t hidden = weight_hh.shape[1];
  std::int64_t proj = 0;
  if (projected) {
    const Tensor& weight_hr = require_matrix(reader, tensor_name(prefix, "weight_hr", 0, 0));
    proj = weight_hr.shape[0];
    hidden = weight_hr.shape[1];
  }
  const Cell cell = cell_from_shapes(reader, weight_hh, hidden, projected);
  bool bidirectional = false;
  bool bias = false;
  for (const std::string_view slot :
       {"weight_ih", "weight_hh", "weight_hr", "bias_ih", "bias_hh"}) {
    const bool reverse = any_layer_has(reader, prefix, layers, slot, true);
    bidirectional = bidirectional || reverse;
    if (slot.starts_with("bias")) {
      bias = bias || reverse || any_layer_has(reader, prefix, layers, slot, false);
    }
  }
  return make_spec(cell, weight_ih.shape[1], hidden,
                   bidirectional ? Direction::bidirectional : Direction::forward, proj, bias);
}

void apply_activation(LayerSpec& spec, const Model& model) {
  const auto found = model.metadata.find(std::string(kActivationKey));
  if (spec.cell != Cell::rnn || found == model.metadata.end()) {
    return;
  }
  if (found->second != "tanh" && found->second != "relu") {
    fail(model.source, "metadata " + quote(kActivationKey) + " must be 'tanh' or 'relu', found " +
                           quote(found->second));
  }
  if (found->second == "relu") {
    spec.activations[0][0] = {ActivationKind::relu, 0.0F, 0.0F};
    spec.activations[1][0] = {ActivationKind::relu, 0.0F, 0.0F};
  }
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

/// The specs of all layers: as the metadata says, or those of a PyTorch module.
std::vector<LayerSpec> find_specs(const TensorReader& reader, const Model& model) {
  const std::string& prefix = model.names.prefix;
  const std::size_t layers = count_layers(reader, prefix);
  const auto found = model.metadata.find(std::string(kLayersKey));
  if (found != model.metadata.end()) {
    std::vector<LayerSpec> specs = specs_from_text(found->second, reader.source());
    if (specs.size() == layers) return specs;
    fail(reader.source(), "metadata " + quote(kLayersKey) + " tells of " +
                              std::to_string(specs.size()) + " layers, but there are tensors of " +
                              std::to_string(layers));
  }
  LayerSpec spec = infer_spec(reader, prefix, layers);
  apply_activation(spec, model);
  std::vector<LayerSpec> specs;
  for (std::size_t k = 0; k < layers; ++k) {
    check_spec(reader, spec);
    specs.push_back(spec);
    spec.input_size = spec.output_size();
  }
  return specs;
}

void read_layers(TensorReader& reader, Model& model, const std::vector<LayerSpec>& specs) {
  for (std::size_t k = 0; k < specs.size(); ++k) {
    const LayerSpec& spec = specs[k];
    ModelLayer& layer = model.layers.emplace_back();
    layer.spec = spec;
    for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
      for (const Slot& slot : slots(spec)) {
        layer.directions[d].*slot.values =
            reader.take(tensor_name(model.names.prefix, slot.name, k, d), slot.shape);
      }
      for (const Slot& slot : optional_slots(spec)) {
        const std::string name = tensor_name(model.names.prefix, slot.name, k, d);
        if (reader.find(name) != nullptr) {
          layer.directions[d].*slot.values = reader.take(name, slot.shape);
        }
      }
    }
  }
}

void read_embedding(TensorReader& reader, Model& model, const ModuleRole& role,
                    const std::optional<std::string>& given) {
  model.names.embedding = find_module(reader, role, model.names.prefix, given);
  if (model.names.embedding.empty()) {
    return;
  }
  const std::string name = module_tensor(model.names.embedding, "weight");
  const std::vector<std::int64_t> shape = reader.find(name)->shape;
  model.embedding = Embedding{shape[0], shape[1], reader.take(name, shape)};
}

void read_head(TensorReader& reader, Model& model, const ModuleRole& role,
               const std::optional<std::string>& given) {
  const std::string module = find_module(reader, role, model.names.prefix, given);
  model.names.head = module;
  if (module.empty()) {
    return;
  }
  if (module == model.names.embedding) {
    fail(reader.source(), "module " + quote(module) + " cannot be both embedding and head");
  }
  const std::int64_t outputs = reader.find(module_tensor(module, "weight"))->shape[0];
  const bool bias = reader.find(module_tensor(module, "bias")) != nullptr;
  ModelLayer head;
  head.spec = make_spec(Cell::linear, role.columns, outputs, Direction::forward, 0, bias);
  check_spec(reader, head.spec);
  for (const Slot& slot : slots(head.spec)) {
    head.directions[0].*slot.values = reader.take(module_tensor(module, slot.name), slot.shape);
  }
  model.head = std::move(head);
}

/// Why a tensor that looks like an embedding or a head was not taken for one.
std::string extra_hint(const Tensor& tensor, const ModuleRole& role) {
  if (!has_usual_name(tensor, role) ||
      (tensor.shape.size() == 2 && tensor.shape[1] == role.columns)) {
    return "";
  }
  return " (a weight of the " + std::string(role.name) + " would have shape [any, " +
         std::to_string(role.columns) + "])";
}

/// Metadata that a model with an activation at its end is saved with.
void apply_tail(Model& model) {
  const auto found = model.metadata.find(std::string(kTailKey));
  if (found == model.metadata.end()) {
    return;
  }
  std::string names;
  for (const Tail tail :
       {Tail::sigmoid, Tail::tanh, Tail::relu, Tail::softmax, Tail::log_softmax}) {
    if (found->second == name(tail)) {
      model.tail = tail;
      return;
    }
    names += (names.empty() ? "" : ", ") + quote(name(tail));
  }
  fail(model.source, "metadata " + quote(kTailKey) + " must be one of " + names + ", found " +
                         quote(found->second));
}

}  // namespace

bool is_onnx_name(std::string_view source) {
  constexpr std::string_view ending = ".onnx";
  return source.size() >= ending.size() &&
         std::ranges::equal(source.substr(source.size() - ending.size()), ending,
                            [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
}

Model model_from_table(const safetensors::Table& table, std::string_view source,
                       const LoadOptions& options) {
  TensorReader reader(table, source);
  Model model;
  model.source = std::string(source);
  model.metadata = table.metadata;
  model.names.prefix = find_prefix(reader, options.prefix);
  const std::vector<LayerSpec> specs = find_specs(reader, model);
  apply_tail(model);
  read_layers(reader, model, specs);
  const ModuleRole embedding = embedding_role(specs.front().input_size);
  const ModuleRole head = head_role(specs.back().output_size());
  read_embedding(reader, model, embedding, options.embedding);
  read_head(reader, model, head, options.head);
  if (!options.ignore_extra) {
    reader.refuse_extra([&](const Tensor& tensor) {
      return extra_hint(tensor, embedding) + extra_hint(tensor, head);
    });
  }
  reader.check();
  return model;
}

}  // namespace loading

namespace {

/// `folder` is where files beside the model may be read from; nothing: nowhere.
Model load_any(std::span<const std::byte> bytes, const std::string& source,
               const std::optional<std::filesystem::path>& folder, const LoadOptions& options) {
  Model model;
  if (loading::is_onnx_name(source)) {
    model = loading::model_from_onnx(bytes, source, folder, options);
  } else {
    if (options.from || options.to) {
      loading::fail(source, "the options from and to (--from, --to) are for ONNX files");
    }
    model = loading::model_from_table(loading::safetensors::parse(bytes, source), source, options);
  }
  validate(model);
  return model;
}

}  // namespace

Model load(std::span<const std::byte> bytes, std::string_view source, const LoadOptions& options) {
  return load_any(bytes, std::string(source.empty() ? "(memory)" : source), std::nullopt, options);
}

Model load(const std::filesystem::path& file, const LoadOptions& options) {
  return load_any(loading::read_file(file), file.string(), file.parent_path(), options);
}

}  // namespace carousel
