// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"
#include "state_dict.hpp"
#include "text.hpp"

#include <carousel/model.hpp>

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

/// A state dict has names and shapes only. What those cannot express must not be lost silently.
void require_expressible(const Model& model) {
  const LayerSpec& first = model.layers.front().spec;
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    const LayerSpec& spec = model.layers[k].spec;
    std::string reason;
    if (spec.direction == Direction::reverse) {
      reason = "PyTorch has no layer that runs in reverse only";
    } else if (normalized(spec) != spec_from_state_dict(spec)) {
      reason =
          "a PyTorch state dict cannot express its variant (peephole, coupling, clip, "
          "activations, precision)";
    } else if (!same_kind(spec, first)) {
      reason = "the layers of a PyTorch module differ in input_size only";
    }
    if (!reason.empty()) {
      throw Error("layer " + std::to_string(k) + " (" + describe(spec) +
                  ") cannot be saved: " + reason);
    }
  }
}

}  // namespace

std::vector<std::byte> to_safetensors(const Model& model) {
  validate(model);
  require_expressible(model);
  safetensors::Table table;
  table.metadata = model.metadata;
  if (model.layers.front().spec.cell == Cell::rnn) {
    const bool relu = is_relu_rnn(model.layers.front().spec);
    if (relu || table.metadata.contains(std::string(kActivationKey))) {
      table.metadata[std::string(kActivationKey)] = relu ? "relu" : "tanh";
    }
  }
  table.metadata.erase(std::string(kTailKey));
  if (model.tail != Tail::none) table.metadata[std::string(kTailKey)] = name(model.tail);
  const std::vector<NamedArray> arrays = named_arrays(model);
  for (const NamedArray& array : arrays) {
    table.tensors.push_back(
        {array.name, safetensors::DType::f32, array.shape, std::as_bytes(array.values)});
  }
  return safetensors::serialize(table);
}

}  // namespace loading

void save(const Model& model, const std::filesystem::path& file) {
  const std::vector<std::byte> bytes = loading::to_safetensors(model);
  loading::AtomicFile output(file);
  output.write(bytes);
  output.commit();
}

}  // namespace carousel
