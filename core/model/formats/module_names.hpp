// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tensor_reader.hpp"

#include <array>
#include <optional>
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

/// Throws Error listing the prefixes of several modules, of which the caller must choose; `hint`
/// says more.
[[noreturn]] void refuse_several(const TensorReader& reader,
                                 const std::vector<std::string>& prefixes,
                                 const std::string& hint = "");

/// Number of layers under `prefix`, from the highest layer number in any tensor's name.
[[nodiscard]] std::size_t count_layers(const TensorReader& reader, const std::string& prefix);

/// The weights that PyTorch's recurrent modules have in each layer and direction.
inline constexpr std::array<std::string_view, 5> kStackedRoles{"weight_ih", "weight_hh", "bias_ih",
                                                               "bias_hh", "weight_hr"};

/// Whether any layer has the weight of that role ("bias_ih", "bias_ih_reverse").
[[nodiscard]] bool any_layer_has(const TensorReader& reader, const std::string& prefix,
                                 std::size_t layers, std::string_view role);

/// The prefixes of all recurrent modules, in the order of the alphabet.
[[nodiscard]] std::vector<std::string> all_prefixes(const TensorReader& reader);

/// "'a', 'b'", a few of them.
[[nodiscard]] std::string list_names(const std::vector<std::string>& names);

}  // namespace carousel::loading
