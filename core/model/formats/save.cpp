// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"
#include "onnx/load_onnx.hpp"
#include "spec_text.hpp"
#include "state_dict.hpp"
#include "text.hpp"

#include <carousel/model.hpp>

#include <algorithm>

namespace carousel {
namespace loading {
namespace {

bool is_relu_rnn(const LayerSpec& spec) {
  return spec.cell == Cell::rnn && spec.activations[0][0].kind == ActivationKind::relu;
}

/// What a loader would make of the state dict of such a layer.
LayerSpec spec_from_state_dict(const LayerSpec& spec) {
  LayerSpec plain = make_spec(spec.cell, spec.input_size, spec.hidden_size, spec.direction,
                              spec.proj_size, spec.bias);
  if (is_relu_rnn(spec)) {
    plain.activations[0][0] = {ActivationKind::relu, 0.0F, 0.0F};
    plain.activations[1][0] = {ActivationKind::relu, 0.0F, 0.0F};
  }
  return plain;
}

/// Without the settings of a direction that the layer does not have.
LayerSpec normalized(LayerSpec spec) {
  if (spec.directions() == 1) {
    spec.activations[1] = spec.activations[0];
  }
  return spec;
}

bool same_kind(const LayerSpec& a, const LayerSpec& b) {
  LayerSpec resized = normalized(a);
  resized.input_size = b.input_size;
  return resized == normalized(b);
}

/// Whether a loader finds out all about the layers by names and shapes (and the word for plain
/// RNNs).
bool told_by_shapes(const Model& model) {
  const LayerSpec& first = model.layers.front().spec;
  return std::ranges::all_of(model.layers, [&](const ModelLayer& layer) {
    const LayerSpec& spec = layer.spec;
    return spec.direction != Direction::reverse && normalized(spec) == spec_from_state_dict(spec) &&
           same_kind(spec, first);
  });
}

/// What tensors cannot tell is told by metadata; what these keys held before says nothing of this
/// model.
void set(std::map<std::string, std::string>& metadata, std::string_view key,
         std::string_view value) {
  if (value.empty()) {
    metadata.erase(std::string(key));
  } else {
    metadata.insert_or_assign(std::string(key), std::string(value));
  }
}

std::map<std::string, std::string> metadata_of(const Model& model) {
  std::map<std::string, std::string> metadata = model.metadata;
  const bool plain = told_by_shapes(model);
  set(metadata, kLayersKey, plain ? "" : specs_to_text(model.layers));
  set(metadata, kTailKey, model.tail == Tail::none ? "" : name(model.tail));
  if (plain && model.layers.front().spec.cell == Cell::rnn) {
    const bool relu = is_relu_rnn(model.layers.front().spec);
    const bool said = relu || metadata.contains(std::string(kActivationKey));
    set(metadata, kActivationKey, !said ? "" : relu ? "relu" : "tanh");
  }
  for (const std::string_view key : {kOnnxInputKey, kOnnxOutputKey}) set(metadata, key, "");
  return metadata;
}

}  // namespace

std::vector<std::byte> to_safetensors(const Model& model) {
  validate(model);
  safetensors::Table table;
  table.metadata = metadata_of(model);
  const std::vector<NamedArray> arrays = named_arrays(model);
  for (const NamedArray& array : arrays) {
    table.tensors.push_back(
        {array.name, safetensors::DType::f32, array.shape, std::as_bytes(array.values)});
  }
  return safetensors::serialize(table);
}

}  // namespace loading

namespace {

void write(const std::filesystem::path& file, std::span<const std::byte> bytes) {
  loading::AtomicFile output(file);
  output.write(bytes);
  output.commit();
}

}  // namespace

void save(const Model& model, const std::filesystem::path& file) {
  if (loading::is_onnx_name(file.string())) {
    loading::fail(file.string(), "save writes safetensors; save_onnx writes ONNX");
  }
  write(file, loading::to_safetensors(model));
}

void save_onnx(const Model& model, const std::filesystem::path& file,
               const SaveOnnxOptions& options) {
  write(file, loading::to_onnx(model, options));
}

}  // namespace carousel
