// SPDX-License-Identifier: Apache-2.0
// A table of tensors to a model: the layers that it tells of, and their weights.
#include "model_text.hpp"
#include "state_dict.hpp"
#include "tensor_names.hpp"
#include "text.hpp"
#include "weight_forms.hpp"
#include "xlstm.hpp"

#include "core/model/formatted.hpp"

namespace carousel::loading {
namespace {

void refuse_naming_options(std::string_view source, const LoadOptions& options) {
  if (!options.prefix && !options.embedding && !options.head) return;
  fail(source,
       formatted("the options prefix, embedding and head (--prefix, --embedding, --head) tell what "
                 "a PyTorch state dict leaves open; of this file the metadata {} tells all",
                 quote(kLayersKey)),
       ErrorCode::invalid_argument);
}

/// The layers without their weights: as the metadata says, or those of a PyTorch module.
std::vector<ModelLayer> find_layers(const TensorReader& reader, const Metadata& metadata,
                                    const LoadOptions& options) {
  const std::string* text = find_metadata(metadata, kLayersKey);
  if (text == nullptr) return infer_layers(reader, metadata, options);
  refuse_naming_options(reader.source(), options);
  return layers_from_text(*text, reader.source());
}

void read_weights(TensorReader& reader, Model& model) {
  const std::vector<std::string> names = layer_names(model);
  for (std::size_t k = 0; k < names.size(); ++k) {
    for (const WeightRole& role : weight_roles(model.layers[k].spec)) {
      const std::string name = tensor_name(names[k], role.name);
      if (!role.required && reader.find(name) == nullptr) continue;
      model.layers[k].weights.insert_or_assign(role.name, reader.take(name, role.shape));
    }
  }
}

/// Layers and weights. Those of other packages, whose tensors are not in the order of roles, are
/// read by functions of their own.
void read_layers(TensorReader& reader, const Metadata& metadata, const LoadOptions& options,
                 Model& model) {
  if (find_metadata(metadata, kLayersKey) == nullptr) {
    if (std::optional<ModelLayer> layer = find_xlstm_layer(reader, options)) {
      model.layers.push_back(std::move(*layer));
      return;
    }
  }
  model.layers = find_layers(reader, metadata, options);
  read_weights(reader, model);
}

void read_ends(const Metadata& metadata, std::string_view source, Model& model) {
  if (const std::string* text = find_metadata(metadata, kInputsKey)) {
    model.inputs = inputs_from_text(*text, source);
  }
  if (const std::string* text = find_metadata(metadata, kOutputsKey)) {
    model.outputs = outputs_from_text(*text, source);
  }
  if (const std::string* text = find_metadata(metadata, kLengthsKey)) model.lengths = *text;
}

}  // namespace

const std::string* find_metadata(const Metadata& metadata, std::string_view key) {
  const auto found = metadata.find(std::string(key));
  return found == metadata.end() ? nullptr : &found->second;
}

void set_metadata(Metadata& metadata, std::string_view key, std::string_view text) {
  if (text.empty()) {
    metadata.erase(std::string(key));
  } else {
    metadata.insert_or_assign(std::string(key), std::string(text));
  }
}

Model model_from_table(const safetensors::Table& table, std::string_view source,
                       const LoadOptions& options) {
  const bool told = find_metadata(table.metadata, kLayersKey) != nullptr;
  if (told && find_metadata(table.metadata, kTailKey) != nullptr) {
    fail(source,
         formatted("has the metadata {} and {}; the function at the end is one of the layers",
                   quote(kLayersKey), quote(kTailKey)));
  }
  const OwnedTable plain = plain_weights(table, source, !told);
  TensorReader reader(plain.table, source);
  Model model;
  model.source = std::string(source);
  model.metadata = table.metadata;
  read_layers(reader, table.metadata, options, model);
  read_ends(table.metadata, source, model);
  if (!options.ignore_extra) {
    reader.refuse_extra([&](const safetensors::StoredTensor& tensor) {
      return told ? "" : extra_hint(tensor, model.layers);
    });
  }
  reader.check();
  return model;
}

}  // namespace carousel::loading
