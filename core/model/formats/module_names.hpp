// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tensor_reader.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Finds out which tensors of a state dict are what, by their names and shapes.
namespace carousel::loading {

/// The prefixes of recurrent modules: the given ones, separated by commas (a missing final dot is
/// forgiven), or all that precede a `weight_ih_l0`, in the order of the alphabet. Throws Error when
/// there are none.
[[nodiscard]] std::vector<std::string> find_prefixes(const TensorReader& reader,
                                                     const std::optional<std::string>& given);

/// Throws Error listing the prefixes of several modules, of which the caller must choose.
[[noreturn]] void refuse_several(const TensorReader& reader,
                                 const std::vector<std::string>& prefixes);

/// Number of layers under `prefix`, from the highest layer number in any tensor's name.
[[nodiscard]] std::size_t count_layers(const TensorReader& reader, const std::string& prefix);

/// The weights that PyTorch's recurrent modules have in each layer and direction.
inline constexpr std::array<std::string_view, 5> kStackedRoles{"weight_ih", "weight_hh", "bias_ih",
                                                               "bias_hh", "weight_hr"};

/// Whether any layer has the weight of that role ("bias_ih", "bias_ih_reverse").
[[nodiscard]] bool any_layer_has(const TensorReader& reader, const std::string& prefix,
                                 std::size_t layers, std::string_view role);

/// A module beside the recurrent stack whose weight is a matrix with `columns` columns.
struct ModuleRole {
  std::string_view name;               ///< "embedding", "head": also the name of the option.
  std::span<const char* const> names;  ///< Usual last components of such a module's path.
  std::int64_t columns;
};

[[nodiscard]] ModuleRole embedding_role(std::int64_t input_size);
[[nodiscard]] ModuleRole head_role(std::int64_t features);

/// The module in that role, or an empty string when there is none. A given name must exist and fit.
[[nodiscard]] std::string find_module(const TensorReader& reader, const ModuleRole& role,
                                      const std::string& prefix,
                                      const std::optional<std::string>& given);

/// Whether `tensor` has a name that is usual for that role.
[[nodiscard]] bool has_usual_name(const safetensors::StoredTensor& tensor, const ModuleRole& role);

}  // namespace carousel::loading
