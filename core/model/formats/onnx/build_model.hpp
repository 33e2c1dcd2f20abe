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

/// The model that these outputs are of: the layers that lead to them, which get `layer_names` if
/// these are as many. Throws Refusal when an output
/// is nothing that a network gives, an axis could count this or that, or layers disagree about
/// lengths.
[[nodiscard]] Model build_model(Context& context, const Graph& graph,
                                const std::vector<NetworkOutput>& outputs,
                                const std::vector<std::string>& layer_names);

}  // namespace carousel::loading::onnx
