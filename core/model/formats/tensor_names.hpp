// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// How the weights of a model are called in a PyTorch state dict: what follows from the name of a
/// layer. Loader and saver both go by `tensor_name`.
namespace carousel::loading {

/// The name of the tensor that holds the weight of that role:
/// - "lstm.l0", "weight_ih" -> "lstm.weight_ih_l0"; "weight_ih_reverse" ->
///   "lstm.weight_ih_l0_reverse", as the modules nn.LSTM, nn.GRU and nn.RNN have them;
/// - any other name, and the roles "weight" and "bias" of any name: "fc", "weight" -> "fc.weight".
[[nodiscard]] std::string tensor_name(std::string_view layer, std::string_view role);

/// The name of a layer that is number `number` of a module: "lstm.", 0 -> "lstm.l0".
[[nodiscard]] std::string stacked_name(std::string_view prefix, std::size_t number);

/// Whether `prefix` can stand before the names of stacked layers: it is empty, or ends with neither
/// letter nor digit.
[[nodiscard]] bool is_prefix(std::string_view prefix) noexcept;

/// A number in plain decimal digits; nothing for other text.
[[nodiscard]] std::optional<std::size_t> plain_number(std::string_view digits) noexcept;

/// One weight of a model under its name in the state dict.
struct NamedTensor {
  std::string name;
  std::size_t layer = 0;
  const Tensor* tensor = nullptr;
};

/// Every weight that the model has, in the order of layers and roles.
[[nodiscard]] std::vector<NamedTensor> named_tensors(const Model& model);

}  // namespace carousel::loading
