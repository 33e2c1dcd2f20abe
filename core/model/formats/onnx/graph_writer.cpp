// SPDX-License-Identifier: Apache-2.0
#include "graph_writer.hpp"

namespace carousel::loading::onnx {
namespace {

using schema::AttributeProto;
using schema::TensorProto;

void declare(schema::ValueInfoProto& value, const std::string& name, int type,
             const std::vector<NamedSize>& sizes) {
  value.set_name(name);
  schema::TypeProto::Tensor& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  for (const NamedSize& size : sizes) {
    auto& dimension = *tensor.mutable_shape()->add_dim();
    if (const auto* number = std::get_if<std::int64_t>(&size)) {
      dimension.set_dim_value(*number);
    } else {
      dimension.set_dim_param(std::get<std::string>(size));
    }
  }
}

}  // namespace

AttributeProto& AttributeWriter::add(const char* name, AttributeProto::AttributeType type) {
  AttributeProto& attribute = *node_.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

AttributeWriter& AttributeWriter::integer(const char* name, std::int64_t value) {
  add(name, AttributeProto::INT).set_i(value);
  return *this;
}

AttributeWriter& AttributeWriter::integers(const char* name,
                                           std::initializer_list<std::int64_t> values) {
  AttributeProto& attribute = add(name, AttributeProto::INTS);
  for (const std::int64_t value : values) attribute.add_ints(value);
  return *this;
}

AttributeWriter& AttributeWriter::real(const char* name, float value) {
  add(name, AttributeProto::FLOAT).set_f(value);
  return *this;
}

AttributeWriter& AttributeWriter::reals(const char* name, std::span<const float> values) {
  AttributeProto& attribute = add(name, AttributeProto::FLOATS);
  for (const float value : values) attribute.add_floats(value);
  return *this;
}

AttributeWriter& AttributeWriter::text(const char* name, std::string_view value) {
  add(name, AttributeProto::STRING).set_s(std::string(value));
  return *this;
}

AttributeWriter& AttributeWriter::texts(const char* name, std::span<const std::string> values) {
  AttributeProto& attribute = add(name, AttributeProto::STRINGS);
  for (const std::string& value : values) attribute.add_strings(value);
  return *this;
}

std::string GraphWriter::reserve(const std::string& wanted) {
  std::string name = wanted;
  while (!taken_.insert(name).second) name += '_';
  return name;
}

void GraphWriter::input(const std::string& name, int type, const std::vector<NamedSize>& sizes) {
  declare(*graph_.add_input(), name, type, sizes);
}

void GraphWriter::output(const std::string& name, const std::vector<NamedSize>& sizes) {
  declare(*graph_.add_output(), name, TensorProto::FLOAT, sizes);
}

TensorProto& GraphWriter::constant(const std::string& name, const std::vector<std::int64_t>& shape,
                                   int type, std::span<const std::byte> values) {
  TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(reserve(name));
  tensor.set_data_type(type);
  for (const std::int64_t size : shape) tensor.add_dims(size);
  tensor.set_raw_data(values.data(), values.size());
  return tensor;
}

std::string GraphWriter::floats(const std::string& name, const std::vector<std::int64_t>& shape,
                                std::span<const float> values) {
  return constant(name, shape, TensorProto::FLOAT, std::as_bytes(values)).name();
}

std::string GraphWriter::integers(const std::string& name, std::span<const std::int64_t> values) {
  return constant(name, {static_cast<std::int64_t>(values.size())}, TensorProto::INT64,
                  std::as_bytes(values))
      .name();
}

std::string GraphWriter::weight(const std::string& name, const std::vector<std::int64_t>& shape,
                                const Array& array) {
  if (array.type == ElementType::f32) {
    return constant(name, shape, TensorProto::FLOAT, array.data).name();
  }
  const int type = array.type == ElementType::f16 ? TensorProto::FLOAT16 : TensorProto::BFLOAT16;
  const std::string stored = constant(name, shape, type, array.data).name();
  std::string floats = reserve(name + ".float32");
  node("Cast", {stored}, {floats}).integer("to", TensorProto::FLOAT);
  return floats;
}

AttributeWriter GraphWriter::node(const char* op, const std::vector<std::string>& inputs,
                                  const std::vector<std::string>& outputs) {
  schema::NodeProto& node = *graph_.add_node();
  node.set_op_type(op);
  node.set_name(outputs.front());
  for (const std::string& name : inputs) node.add_input(name);
  for (const std::string& name : outputs) node.add_output(name);
  return AttributeWriter(node);
}

}  // namespace carousel::loading::onnx
