// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>

#include <string>
#include <string_view>
#include <vector>

/// The specs of a model's recurrent layers as JSON: what a safetensors file says of layers that the
/// names and shapes of a PyTorch state dict cannot tell.
namespace carousel::loading {

/// An array with an object for each layer, bottom up, that has its sizes and what differs from a
/// usual layer of its cell: [{"cell":"lstm","input_size":3,"hidden_size":2,"clip":3.0}]. Floats are
/// written with as many digits as it takes to read the same float.
[[nodiscard]] std::string specs_to_text(const std::vector<ModelLayer>& layers);

/// Throws Error naming `source`, the layer and the field that is wrong or unknown.
[[nodiscard]] std::vector<LayerSpec> specs_from_text(std::string_view text,
                                                     std::string_view source);

}  // namespace carousel::loading
