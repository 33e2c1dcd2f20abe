// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state_dict.hpp"

#include <string>
#include <vector>

/// \file
/// Several recurrent modules in one state dict, each reading the one before it.
namespace carousel::loading {

/// The layers, without weights, of the modules with these prefixes. `told` says that the prefixes
/// are in the order in which the modules run; otherwise their names and sizes must leave no other
/// order: numbered names ("lstm", "lstm2"), or siblings that fit in one order only. Throws Error
/// (invalid_argument) saying what is in doubt and which option settles it.
[[nodiscard]] std::vector<ModelLayer> infer_chain(const TensorReader& reader,
                                                  const Metadata& metadata,
                                                  const std::vector<std::string>& prefixes,
                                                  bool told);

}  // namespace carousel::loading
