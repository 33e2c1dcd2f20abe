// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

#include <optional>
#include <string>
#include <vector>

/// \file
/// The inputs of the model: those of the graph, and what enters a part of it.
namespace carousel::loading::onnx {

/// An input of the graph: a tensor, or a constant where its value is given.
[[nodiscard]] Value input_value(Context& context, const Graph& graph, const std::string& name);

/// A value that the part of the graph that is taken reads from outside; `outside` is what it is
/// there.
[[nodiscard]] Value entering_value(Context& context, const Graph& graph, const std::string& name,
                                   const Value& outside);

/// The axes of a value by its declared shape; nothing where the file does not say.
[[nodiscard]] std::optional<std::vector<Axis>> declared_axes(Context& context, const Graph& graph,
                                                             const std::string& name);

/// Throws Error for options that name what is no value of the graph.
void check_options(const Graph& graph, const LoadOptions& options);

}  // namespace carousel::loading::onnx
