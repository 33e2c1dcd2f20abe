// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model_sources.hpp"
#include "parse.hpp"

#include <carousel/model.hpp>

#include <cstddef>
#include <string>

/// \file
/// The nodes of a model, layer by layer.
namespace carousel::loading::onnx {

/// Why ONNX has no operators for a layer of a valid model, whose sources are given; empty: it has.
[[nodiscard]] std::string inexpressible(const Model& model, const ModelSources& sources,
                                        std::size_t layer);

/// Writes the graph of a model that is valid and whose layers can all be expressed.
void write_model(const Model& model, const SaveOnnxOptions& options, schema::GraphProto& graph);

}  // namespace carousel::loading::onnx
