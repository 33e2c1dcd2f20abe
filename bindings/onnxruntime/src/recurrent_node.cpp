// SPDX-License-Identifier: Apache-2.0
#include "recurrent_node.hpp"

#include "one_node_model.hpp"

#include <carousel/cells.hpp>

#include <algorithm>

namespace carousel::onnxruntime {
namespace {

namespace schema = onnx_schema;

constexpr std::array<const char*, kOperatorInputs> kInputNames{
    "X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"};

bool is_weight(std::size_t input) noexcept {
  return input == kW || input == kR || input == kB || input == kPeephole;
}

ONNXTensorElementDataType expected_type(std::size_t input) noexcept {
  return input == kLengths ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32
                           : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}

[[noreturn]] void refuse(const std::string& where, const std::string& reason) {
  throw Error(ErrorCode::unsupported, where + ": " + reason);
}

std::string describe_node(const Ort::ConstNode& node) {
  return "node '" + node.GetName() + "' (" + node.GetOperatorType() + ")";
}

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

void add_attribute(schema::NodeProto& node, const Ort::ConstOpAttr& attribute,
                   const std::string& where) {
  schema::AttributeProto& added = *node.add_attribute();
  added.set_name(attribute.GetName());
  switch (attribute.GetType()) {
    case ORT_OP_ATTR_INT:
      added.set_type(schema::AttributeProto::INT);
      added.set_i(read_value<std::int64_t>(attribute));
      return;
    case ORT_OP_ATTR_FLOAT:
      added.set_type(schema::AttributeProto::FLOAT);
      added.set_f(read_value<float>(attribute));
      return;
    case ORT_OP_ATTR_STRING:
      added.set_type(schema::AttributeProto::STRING);
      added.set_s(read_value<std::string>(attribute));
      return;
    case ORT_OP_ATTR_FLOATS:
      added.set_type(schema::AttributeProto::FLOATS);
      for (const float value : read_values<float>(attribute)) added.add_floats(value);
      return;
    case ORT_OP_ATTR_STRINGS:
      added.set_type(schema::AttributeProto::STRINGS);
      for (std::string& text : read_values<std::string>(attribute)) added.add_strings(text);
      return;
    default: refuse(where, "its attribute '" + attribute.GetName() + "' is of an unknown type");
  }
}

schema::NodeProto read_attributes(const Ort::ConstNode& node, const std::string& where) {
  schema::NodeProto read;
  read.set_op_type(node.GetOperatorType());
  for (const Ort::ConstOpAttr& attribute : node.GetAttributes()) {
    add_attribute(read, attribute, where);
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
  const std::string what = std::string("its input ") + kInputNames.at(input);
  const auto type = value.TypeInfo().GetTensorTypeAndShapeInfo().GetElementType();
  if (type != expected_type(input)) {
    refuse(where, what + (input == kLengths ? " is not int32" : " is not float32"));
  }
  NodeValue read{.name = value.GetName()};
  if (value.IsConstantInitializer()) {
    Ort::ConstValue constant{nullptr};
    Ort::ThrowOnError(value.GetInitializer(constant));
    read.constant = constant;
  }
  if (is_weight(input) && !read.constant) refuse(where, what + " is not constant");
  if (input == kX && read.constant) refuse(where, what + " is constant");
  return read;
}

bool has_batch_first(const schema::NodeProto& node) {
  return std::any_of(node.attribute().begin(), node.attribute().end(), [](const auto& attribute) {
    return attribute.name() == "layout" && attribute.i() == 1;
  });
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
  RecurrentNode read{.where = describe_node(node), .layer = {}};
  const std::vector<Ort::ConstValueInfo> inputs = node.GetInputs();
  const std::vector<Ort::ConstValueInfo> outputs = node.GetOutputs();
  if (inputs.size() > kOperatorInputs || outputs.size() > kOperatorOutputs) {
    refuse(read.where, "it has more inputs or outputs than its operator");
  }
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    read.inputs.at(k) = read_input(inputs[k], k, read.where);
  }
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    if (is_given(outputs[k])) read.outputs.at(k) = outputs[k].GetName();
  }
  if (!read.inputs[kX].exists()) refuse(read.where, "it has no input X");
  const schema::NodeProto attributes = read_attributes(node, read.where);
  read.batch_first = has_batch_first(attributes);
  read.x_batch_first = read.batch_first;
  read.y_axes = operator_axes(read.batch_first);
  const auto x_shape = inputs[kX].TypeInfo().GetTensorTypeAndShapeInfo().GetShape();
  if (x_shape.size() == 3) {
    read.steps = x_shape[read.batch_first ? 1 : 0];
    read.batch = x_shape[read.batch_first ? 0 : 1];
  }
  read.layer = read_one_node(attributes, read.where, read.inputs);
  return read;
}

}  // namespace carousel::onnxruntime
