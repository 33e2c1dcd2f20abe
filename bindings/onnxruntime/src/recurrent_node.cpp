// SPDX-License-Identifier: Apache-2.0
#include "recurrent_node.hpp"

#include "one_node_model.hpp"

#include <algorithm>

namespace carousel::onnxruntime {
namespace {

bool has_batch_first(const onnx_schema::NodeProto& node) {
  return std::any_of(node.attribute().begin(), node.attribute().end(), [](const auto& attribute) {
    return attribute.name() == "layout" && attribute.i() == 1;
  });
}

}  // namespace

void refuse_node(const std::string& where, const std::string& reason) {
  throw Error(ErrorCode::unsupported, where + ": " + reason);
}

std::string describe_node(const std::string& name, const std::string& operator_type,
                          const std::array<std::string, kOperatorOutputs>& outputs) {
  if (!name.empty()) return "node '" + name + "' (" + operator_type + ")";
  const auto made =
      std::ranges::find_if(outputs, [](const std::string& output) { return !output.empty(); });
  return "node (" + operator_type + ")" +
         (made == outputs.end() ? std::string() : " that makes '" + *made + "'");
}

void check_input(const NodeValue& value, std::size_t input, ONNXTensorElementDataType type,
                 const std::string& where) {
  const std::string what = std::string("its input ") + kInputNames.at(input);
  const bool lengths = input == kLengths;
  if (type !=
      (lengths ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)) {
    refuse_node(where, what + (lengths ? " is not int32" : " is not float32"));
  }
  if (is_weight(input) && !value.constant) refuse_node(where, what + " is not constant");
}

void complete_node(RecurrentNode& node, const std::vector<std::int64_t>& x_shape) {
  for (const OperatorInput needed : {kX, kW, kR}) {
    if (node.inputs.at(needed).exists()) continue;
    refuse_node(node.where, std::string("it has no input ") + kInputNames.at(needed));
  }
  node.batch_first = has_batch_first(node.attributes);
  node.x_batch_first = node.batch_first;
  node.y_axes = operator_axes(node.batch_first);
  if (x_shape.size() == 3) {
    node.steps = x_shape[node.batch_first ? 1 : 0];
    node.batch = x_shape[node.batch_first ? 0 : 1];
  }
  node.layer = read_one_node(node);
}

}  // namespace carousel::onnxruntime
