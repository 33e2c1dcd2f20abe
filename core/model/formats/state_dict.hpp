// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "safetensors.hpp"
#include "tensor_reader.hpp"

#include <carousel/model.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// A model as a table of tensors with metadata, there and back.
namespace carousel::loading {

using Metadata = std::map<std::string, std::string>;

/// What a state dict cannot tell of a plain RNN: "tanh" or "relu".
inline constexpr std::string_view kActivationKey = "carousel.activation";
/// The activation that is the last layer, where the state dict tells all else.
inline constexpr std::string_view kTailKey = "carousel.tail";
/// All layers of a model that is more than a PyTorch module with an embedding before and a linear
/// layer and an activation after it; see model_text.hpp.
inline constexpr std::string_view kLayersKey = "carousel.layers";
/// The inputs and outputs of a model that names them.
inline constexpr std::string_view kInputsKey = "carousel.inputs";
inline constexpr std::string_view kOutputsKey = "carousel.outputs";
/// What says how many steps of each row are real, by name.
inline constexpr std::string_view kLengthsKey = "carousel.lengths";

/// The metadata under that key; null when there is none.
[[nodiscard]] const std::string* find_metadata(const Metadata& metadata, std::string_view key);
/// Sets the metadata under that key; an empty text removes it.
void set_metadata(Metadata& metadata, std::string_view key, std::string_view text);

/// The layers, without weights, that names and shapes of tensors tell of: an optional embedding, a
/// linear layer, the layers of recurrent modules, a linear layer, and the activation that the
/// metadata may tell. Throws Error when they leave a doubt, or one of them is not possible.
[[nodiscard]] std::vector<ModelLayer> infer_layers(const TensorReader& reader,
                                                   const Metadata& metadata,
                                                   const LoadOptions& options);

/// Why a tensor that looks like an embedding or a linear layer was not taken for one; mostly empty.
[[nodiscard]] std::string extra_hint(const safetensors::StoredTensor& tensor,
                                     const std::vector<ModelLayer>& layers);

/// The value of `kTailKey` for a model that ends with that layer; empty where there is none.
[[nodiscard]] std::string_view tail_text(const LayerSpec& last);
/// The value of `kActivationKey` for a model whose recurrent layers are all like that one; empty
/// for other cells than the plain RNN.
[[nodiscard]] std::string_view rnn_activation_text(const LayerSpec& spec);

/// Reads a model out of a table of tensors; see carousel::load.
[[nodiscard]] Model model_from_table(const safetensors::Table& table, std::string_view source,
                                     const LoadOptions& options);

/// The file that carousel::save writes.
[[nodiscard]] std::vector<std::byte> to_safetensors(const Model& model);

}  // namespace carousel::loading
