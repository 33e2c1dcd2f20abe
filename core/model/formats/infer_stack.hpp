// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state_dict.hpp"

#include <string>
#include <vector>

namespace carousel::loading {

/// The layers, without weights, of the recurrent module of PyTorch whose tensors have that prefix.
/// Throws Error naming the tensor whose shape is that of no such module.
[[nodiscard]] std::vector<ModelLayer> infer_stack(const TensorReader& reader,
                                                  const Metadata& metadata,
                                                  const std::string& prefix);

/// Backends and buffers are made for sizes far below int64's limits, so these are checked before
/// anything is computed from them. Throws Error naming the file.
void check_spec(const TensorReader& reader, const LayerSpec& spec);

}  // namespace carousel::loading
