// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"
#include "model_text.hpp"
#include "onnx/load_onnx.hpp"
#include "state_dict.hpp"
#include "tensor_names.hpp"
#include "text.hpp"

#include <carousel/model.hpp>

#include <algorithm>

#include "core/model/own_errors.hpp"

namespace carousel {
namespace loading {
namespace {

/// Without the settings of a direction that the layer does not have.
LayerSpec normalized(LayerSpec spec) {
  auto* recurrent = std::get_if<RecurrentSpec>(&spec);
  if (recurrent != nullptr && recurrent->directions() == 1) {
    recurrent->activations[1] = recurrent->activations[0];
  }
  return spec;
}

bool same_layers(const Model& a, const Model& b) {
  return layer_names(a) == layer_names(b) && told_inputs(a) == told_inputs(b) &&
         std::ranges::equal(a.layers, b.layers, [](const ModelLayer& x, const ModelLayer& y) {
           return normalized(x.spec) == normalized(y.spec) && x.initial_states == y.initial_states;
         });
}

/// Whether the loader would find the layers of the model by the names and shapes of the tensors,
/// and this metadata.
bool tells_all(const safetensors::Table& table, const Model& model) {
  try {
    Model found;
    found.layers = infer_layers(TensorReader(table, "saved"), table.metadata, {});
    found.inputs = model.inputs;
    return same_layers(found, model);
  } catch (const Error&) {
    return false;
  }
}

/// What the metadata of the model say beside its layers. Keys that held something else before say
/// nothing of this model.
Metadata plain_metadata(const Model& model) {
  Metadata metadata = model.metadata;
  for (const std::string_view key : {kLayersKey, kTailKey}) {
    set_metadata(metadata, key, "");
  }
  set_metadata(metadata, kInputsKey, model.inputs.empty() ? "" : inputs_to_text(model.inputs));
  set_metadata(metadata, kOutputsKey, model.outputs.empty() ? "" : outputs_to_text(model.outputs));
  set_metadata(metadata, kLengthsKey, model.lengths);
  return metadata;
}

/// The same with what a PyTorch module with an activation after it needs.
Metadata torch_metadata(const Model& model) {
  Metadata metadata = plain_metadata(model);
  set_metadata(metadata, kTailKey, tail_text(model.layers.back().spec));
  const auto recurrent = std::ranges::find_if(model.layers, [](const ModelLayer& layer) {
    return std::holds_alternative<RecurrentSpec>(layer.spec);
  });
  if (recurrent == model.layers.end()) return metadata;
  const std::string_view function = rnn_activation_text(recurrent->spec);
  // tanh is what the key says where it is missing.
  if (function == "relu" || find_metadata(metadata, kActivationKey) != nullptr) {
    if (!function.empty()) set_metadata(metadata, kActivationKey, function);
  }
  return metadata;
}

safetensors::StoredTensor stored(const NamedTensor& named) {
  const Tensor& tensor = *named.tensor;
  return {named.name, *safetensors::dtype_from_name(name(tensor.dtype())), tensor.shape(),
          tensor.bytes()};
}

}  // namespace

std::vector<std::byte> to_safetensors(const Model& model) {
  validate(model);
  safetensors::Table table;
  for (const NamedTensor& named : named_tensors(model)) table.tensors.push_back(stored(named));
  // A file is sorted: whatever the order of the layers could tell is not in it.
  std::ranges::sort(table.tensors, {}, &safetensors::StoredTensor::name);
  table.metadata = torch_metadata(model);
  if (!tells_all(table, model)) {
    table.metadata = plain_metadata(model);
    set_metadata(table.metadata, kLayersKey, layers_to_text(model));
  }
  return safetensors::serialize(table);
}

}  // namespace loading

void save(const Model& model, const std::filesystem::path& file) {
  with_own_errors([&] {
    if (loading::is_onnx_name(file.string())) {
      loading::fail(file.string(), "save writes safetensors; save_onnx writes ONNX",
                    ErrorCode::invalid_argument);
    }
    loading::write_file(file, loading::to_safetensors(model));
  });
}

void save_onnx(const Model& model, const std::filesystem::path& file,
               const SaveOnnxOptions& options) {
  with_own_errors([&] { loading::write_file(file, loading::to_onnx(model, options)); });
}

}  // namespace carousel
