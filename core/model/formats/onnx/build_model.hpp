// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

#include <carousel/model.hpp>

#include <string>
#include <vector>

namespace carousel::loading::onnx {

/// What one value that leaves the network is.
struct NetworkOutput {
  std::string name;
  Value value;
};

/// The model whose outputs (of its last layer, and final states) these are. Values that are neither
/// are left alone. Throws Refusal when the outputs are not those of one stack of layers.
[[nodiscard]] Model build_model(const Context& context, const std::vector<NetworkOutput>& outputs);

}  // namespace carousel::loading::onnx
