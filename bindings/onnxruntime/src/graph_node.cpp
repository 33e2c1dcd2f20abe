// SPDX-License-Identifier: Apache-2.0
#include "graph_node.hpp"

#include "attributes.hpp"

#include <carousel/cells.hpp>

#include <algorithm>

namespace carousel::onnxruntime {
namespace {

namespace schema = onnx_schema;

template <class T>
T read_value(const Ort::ConstOpAttr& attribute) {
  T value{};
  Ort::ThrowOnError(attribute.GetValue(value));
  return value;
}

template <class T>
std::vector<T> read_values(const Ort::ConstOpAttr& attribute) {
  std::vector<T> values;
  Ort::ThrowOnError(attribute.GetValueArray(values));
  return values;
}

void copy_attribute(const Ort::ConstOpAttr& attribute, schema::NodeProto& node,
                    const std::string& where) {
  const std::string name = attribute.GetName();
  switch (attribute.GetType()) {
    case ORT_OP_ATTR_INT: return add_attribute(node, name, read_value<std::int64_t>(attribute));
    case ORT_OP_ATTR_FLOAT: return add_attribute(node, name, read_value<float>(attribute));
    case ORT_OP_ATTR_STRING: return add_attribute(node, name, read_value<std::string>(attribute));
    case ORT_OP_ATTR_FLOATS: return add_attribute(node, name, read_values<float>(attribute));
    case ORT_OP_ATTR_STRINGS: return add_attribute(node, name, read_values<std::string>(attribute));
    default: refuse_node(where, "its attribute '" + name + "' is of an unknown type");
  }
}

schema::NodeProto read_attributes(const Ort::ConstNode& node, const std::string& where) {
  schema::NodeProto read;
  read.set_op_type(node.GetOperatorType());
  for (const Ort::ConstOpAttr& attribute : node.GetAttributes()) {
    copy_attribute(attribute, read, where);
  }
  return read;
}

/// Null is a value that the node does without.
bool is_given(const Ort::ConstValueInfo& value) {
  return static_cast<const OrtValueInfo*>(value) != nullptr && !value.GetName().empty();
}

NodeValue read_input(const Ort::ConstValueInfo& value, std::size_t input,
                     const std::string& where) {
  if (!is_given(value)) return {};
  NodeValue read{.name = value.GetName()};
  if (value.IsConstantInitializer()) {
    Ort::ConstValue constant{nullptr};
    Ort::ThrowOnError(value.GetInitializer(constant));
    read.constant = constant;
  }
  check_input(read, input, value.TypeInfo().GetTensorTypeAndShapeInfo().GetElementType(), where);
  // A fused node is given none of its constants.
  if (input == kX && read.constant) refuse_node(where, "its input X is constant");
  return read;
}

}  // namespace

bool is_recurrent(const Ort::ConstNode& node) {
  const std::string domain = node.GetDomain();
  if (!domain.empty() && domain != "ai.onnx") return false;
  const std::string type = node.GetOperatorType();
  return !type.empty() && std::any_of(kCells.begin(), kCells.end(), [&](const CellTraits& cell) {
    return cell.onnx_operator == type;
  });
}

RecurrentNode read_node(const Ort::ConstNode& node) {
  RecurrentNode read;
  const std::vector<Ort::ConstValueInfo> inputs = node.GetInputs();
  const std::vector<Ort::ConstValueInfo> outputs = node.GetOutputs();
  for (std::size_t k = 0; k < std::min(outputs.size(), kOperatorOutputs); ++k) {
    if (is_given(outputs[k])) read.outputs.at(k) = outputs[k].GetName();
  }
  read.where = describe_node(node.GetName(), node.GetOperatorType(), read.outputs);
  if (inputs.size() > kOperatorInputs || outputs.size() > kOperatorOutputs) {
    refuse_node(read.where, "it has more inputs or outputs than its operator");
  }
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    read.inputs.at(k) = read_input(inputs[k], k, read.where);
  }
  read.attributes = read_attributes(node, read.where);
  std::vector<std::int64_t> x_shape;
  if (read.inputs[kX].exists()) {
    x_shape = inputs[kX].TypeInfo().GetTensorTypeAndShapeInfo().GetShape();
  }
  complete_node(read, x_shape);
  return read;
}

}  // namespace carousel::onnxruntime
