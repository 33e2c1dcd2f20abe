// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "graph.hpp"

#include <carousel/model.hpp>

#include <functional>
#include <string>

namespace carousel::loading::onnx {

/// Whether a graph loads with these options.
using Loads = std::function<bool(const LoadOptions& options)>;

/// "; for example --input-shape 'input=1,512'": a shape of an input of open sizes with which the
/// graph loads, of a few that are tried; empty where none of them does.
[[nodiscard]] std::string example_shape(const Graph& graph, const LoadOptions& options,
                                        const Loads& loads);

}  // namespace carousel::loading::onnx
