// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parse.hpp"

#include <string_view>

namespace carousel::loading::onnx {

/// Replaces nodes that call a function of the model by the nodes of that function. Throws Error for
/// functions that call themselves or make the graph huge.
void inline_functions(schema::ModelProto& model, std::string_view source);

}  // namespace carousel::loading::onnx
