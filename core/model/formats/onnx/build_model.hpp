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

/// The model that these outputs (of its layers, and final states) are of. Values that are neither
/// are left alone. Throws Refusal when nothing tells steps from batch rows, or a final state is
/// that of a layer that does not lead to the other outputs.
[[nodiscard]] Model build_model(Context& context, const std::vector<NetworkOutput>& outputs,
                                const ModelNames& names);

}  // namespace carousel::loading::onnx
