// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "safetensors.hpp"

#include <carousel/model.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// How the arrays of a model are called in a PyTorch state dict.
namespace carousel::loading {

/// One array that a layer of some spec has, in each of its directions.
struct Slot {
  std::string_view name;  ///< "weight_ih"; of a linear layer "weight"
  std::vector<std::int64_t> shape;
  std::vector<float> DirectionWeights::*values;
};

/// The arrays that `spec` calls for; all others of `DirectionWeights` must be empty, but for the
/// optional ones.
[[nodiscard]] std::vector<Slot> slots(const LayerSpec& spec);

/// The initial states, which a layer of that spec may or may not have.
[[nodiscard]] std::vector<Slot> optional_slots(const LayerSpec& spec);

/// "lstm.weight_ih_l0_reverse"
[[nodiscard]] std::string tensor_name(const std::string& prefix, std::string_view slot,
                                      std::size_t layer, std::size_t direction);

/// "fc" + "weight" -> "fc.weight"
[[nodiscard]] std::string module_tensor(const std::string& module, std::string_view slot);

/// One array of a model under its name in the state dict.
struct NamedArray {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<const float> values;  ///< the size may not fit the shape if the model is not valid
};

/// Every array of the model: embedding, layers bottom up, head.
[[nodiscard]] std::vector<NamedArray> named_arrays(const Model& model);

/// Reads a model out of a table of tensors; see carousel::load.
[[nodiscard]] Model model_from_table(const safetensors::Table& table, std::string_view source,
                                     const LoadOptions& options);

/// The file that carousel::save writes.
[[nodiscard]] std::vector<std::byte> to_safetensors(const Model& model);

/// Metadata key that holds what a state dict cannot tell of a plain RNN: "tanh" or "relu".
inline constexpr std::string_view kActivationKey = "carousel.activation";
/// Metadata key that holds the specs of layers that are not those of a PyTorch module; see
/// spec_text.hpp.
inline constexpr std::string_view kLayersKey = "carousel.layers";
/// Metadata key that holds the name of the model's tail, unless that is none.
inline constexpr std::string_view kTailKey = "carousel.tail";

}  // namespace carousel::loading
