// SPDX-License-Identifier: Apache-2.0
#include "attributes.hpp"

namespace carousel::onnxruntime {
namespace {

using onnx_schema::AttributeProto;
using onnx_schema::NodeProto;

AttributeProto& add_typed(NodeProto& node, const std::string& name,
                          AttributeProto::AttributeType type) {
  AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

}  // namespace

void add_attribute(NodeProto& node, const std::string& name, std::int64_t value) {
  add_typed(node, name, AttributeProto::INT).set_i(value);
}

void add_attribute(NodeProto& node, const std::string& name, float value) {
  add_typed(node, name, AttributeProto::FLOAT).set_f(value);
}

void add_attribute(NodeProto& node, const std::string& name, const std::string& value) {
  add_typed(node, name, AttributeProto::STRING).set_s(value);
}

void add_attribute(NodeProto& node, const std::string& name, const std::vector<float>& values) {
  AttributeProto& attribute = add_typed(node, name, AttributeProto::FLOATS);
  for (const float value : values) attribute.add_floats(value);
}

void add_attribute(NodeProto& node, const std::string& name,
                   const std::vector<std::string>& values) {
  AttributeProto& attribute = add_typed(node, name, AttributeProto::STRINGS);
  for (const std::string& value : values) attribute.add_strings(value);
}

}  // namespace carousel::onnxruntime
