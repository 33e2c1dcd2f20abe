// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recurrent_node.hpp"

#include <onnx_schema.pb.h>
#include <span>

namespace carousel::onnxruntime {

/// An ONNX model of this node alone: its weights are constants; those of its other inputs that
/// are `given`, and the outputs that are `asked` for, are the graph's, under the operator's names.
[[nodiscard]] onnx_schema::ModelProto one_node_model(const RecurrentNode& node,
                                                     std::span<const OperatorInput> given,
                                                     std::span<const OperatorOutput> asked);

/// The layer that a node is, read as a file of it is read, so that what holds for files holds here.
/// Throws Error (unsupported, bad_format) naming the node.
[[nodiscard]] ModelLayer read_one_node(const RecurrentNode& node);

}  // namespace carousel::onnxruntime
