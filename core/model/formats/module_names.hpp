// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tensor_reader.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Finds out which tensors of a state dict are what, by their names and shapes.
namespace carousel::loading {

/// The prefix of the recurrent tensors: the given one (a missing final dot is forgiven) or the only
/// one that precedes a `weight_ih_l0`. Throws Error listing the candidates.
[[nodiscard]] std::string find_prefix(const TensorReader& reader,
                                      const std::optional<std::string>& given);

/// Number of layers under `prefix`, from the highest layer number in any tensor's name.
[[nodiscard]] std::size_t count_layers(const TensorReader& reader, const std::string& prefix);

/// Whether any layer has such a tensor: `slot` "bias_ih", or with `reverse` its "..._reverse" form.
[[nodiscard]] bool any_layer_has(const TensorReader& reader, const std::string& prefix,
                                 std::size_t layers, std::string_view slot, bool reverse);

/// A module beside the recurrent stack whose weight is a matrix with `columns` columns.
struct ModuleRole {
  std::string_view name;               ///< "embedding", "head"; also the name of the option
  std::span<const char* const> names;  ///< usual last components of such a module's path
  std::int64_t columns;
};

[[nodiscard]] ModuleRole embedding_role(std::int64_t input_size);
[[nodiscard]] ModuleRole head_role(std::int64_t features);

/// The module in that role, or an empty string when there is none. A given name must exist and fit.
[[nodiscard]] std::string find_module(const TensorReader& reader, const ModuleRole& role,
                                      const std::string& prefix,
                                      const std::optional<std::string>& given);

/// Whether `tensor` has a name that is usual for that role.
[[nodiscard]] bool has_usual_name(const safetensors::Tensor& tensor, const ModuleRole& role);

}  // namespace carousel::loading
