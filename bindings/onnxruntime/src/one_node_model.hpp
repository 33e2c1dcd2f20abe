// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recurrent_node.hpp"

#include <onnx_schema.pb.h>
#include <span>
#include <string>

namespace carousel::onnxruntime {

/// Reads an ONNX model of a single recurrent node as a file of that kind is read, so that what
/// holds for files holds here. `node` has the operator and the attributes; `constants` are the
/// operator's inputs by place, of which the weights W, R, B and P are taken. Throws Error
/// (unsupported, bad_format) naming `where`.
[[nodiscard]] ModelLayer read_one_node(const onnx_schema::NodeProto& node, const std::string& where,
                                       std::span<const NodeValue> constants);

}  // namespace carousel::onnxruntime
