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

/// What a file says of a model beside its graph: save_onnx puts it among the properties. Everything
/// may be empty.
struct ModelNames {
  std::vector<std::string> layers;
  std::vector<ModelInput> inputs;
  std::vector<ModelOutput> outputs;
};

/// The model that these outputs are of: the layers that lead to them. Throws Refusal when an output
/// is nothing that a network gives, an axis could count this or that, or layers disagree about
/// lengths.
[[nodiscard]] Model build_model(Context& context, const Graph& graph,
                                const std::vector<NetworkOutput>& outputs, const ModelNames& names);

}  // namespace carousel::loading::onnx
