// SPDX-License-Identifier: Apache-2.0
#include "node_case.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>

namespace carousel::onnxruntime_test {
namespace {

namespace schema = onnx_schema;
using Shape = std::vector<std::int64_t>;

/// A value of the node that is not X: a name, its shape, and whether it is a constant.
struct Part {
  std::string name;
  Shape shape;
  bool constant = true;
  int type = schema::TensorProto::FLOAT;
};

constexpr std::int64_t kOpen = -1;

/// In the operator's order; an empty name: left out.
std::vector<Part> parts_of(const NodeCase& c) {
  const std::int64_t d = c.directions();
  const std::int64_t rows = c.gates() * c.hidden_size;
  const Shape states{d, c.constant_initial ? 2 : kOpen, c.hidden_size};
  const bool initial = c.initial || c.constant_initial;
  const bool weights = c.constant_weights;
  std::vector<Part> parts{{"W", {d, rows, c.input_size}, weights},
                          {"R", {d, rows, c.hidden_size}, weights},
                          {c.bias ? "B" : "", {d, 2 * rows}, weights},
                          {c.lengths ? "lengths" : "", {kOpen}, false, schema::TensorProto::INT32},
                          {initial ? "initial_h" : "", states, c.constant_initial}};
  if (c.op != "LSTM") return parts;
  parts.push_back({initial ? "initial_c" : "", states, c.constant_initial});
  parts.push_back({c.peephole ? "P" : "", {d, 3 * c.hidden_size}, weights});
  return parts;
}

std::vector<float> values_for(const std::string& name, const Shape& shape, unsigned seed) {
  const auto count =
      std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  std::seed_seq seeds{static_cast<unsigned>(name.front()), static_cast<unsigned>(name.back()),
                      seed};
  std::mt19937 generator(seeds);
  std::uniform_real_distribution<float> distribution(-0.5F, 0.5F);
  std::vector<float> values(static_cast<std::size_t>(count));
  std::ranges::generate(values, [&] { return distribution(generator); });
  return values;
}

/// The type of all floats of the case.
int float_type(const NodeCase& c) {
  return c.float16 ? schema::TensorProto::FLOAT16 : schema::TensorProto::FLOAT;
}

Ort::Value float_tensor(const NodeCase& c, const std::string& name, const Shape& shape,
                        unsigned seed) {
  const std::vector<float> values = values_for(name, shape, seed);
  if (!c.float16) return make_tensor<float>(shape, values);
  const std::vector<Ort::Float16_t> halves(values.begin(), values.end());
  return make_tensor<Ort::Float16_t>(shape, halves);
}

void to_float16(schema::TensorProto& tensor) {
  const auto* values = reinterpret_cast<const float*>(tensor.raw_data().data());
  const std::vector<Ort::Float16_t> halves(values, values + tensor.raw_data().size() / 4);
  tensor.set_data_type(schema::TensorProto::FLOAT16);
  tensor.set_raw_data(halves.data(), halves.size() * sizeof(Ort::Float16_t));
}

schema::AttributeProto& add_attribute(schema::NodeProto& node, const std::string& name,
                                      schema::AttributeProto::AttributeType type) {
  schema::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

void add_outputs(const NodeCase& c, schema::GraphProto& graph, schema::NodeProto& node) {
  const Shape states{c.directions(), kOpen, c.hidden_size};
  node.add_output("Y");
  declare(*graph.add_output(), "Y", float_type(c), {kOpen, c.directions(), kOpen, c.hidden_size});
  node.add_output("Y_h");
  declare(*graph.add_output(), "Y_h", float_type(c), states);
  if (c.op != "LSTM") return;
  node.add_output("Y_c");
  declare(*graph.add_output(), "Y_c", float_type(c), states);
}

}  // namespace

void set_integer(schema::NodeProto& node, const std::string& name, std::int64_t value) {
  add_attribute(node, name, schema::AttributeProto::INT).set_i(value);
}

void set_real(schema::NodeProto& node, const std::string& name, float value) {
  add_attribute(node, name, schema::AttributeProto::FLOAT).set_f(value);
}

void set_text(schema::NodeProto& node, const std::string& name, const std::string& value) {
  add_attribute(node, name, schema::AttributeProto::STRING).set_s(value);
}

void set_texts(schema::NodeProto& node, const std::string& name,
               const std::vector<std::string>& values) {
  schema::AttributeProto& attribute = add_attribute(node, name, schema::AttributeProto::STRINGS);
  for (const std::string& value : values) attribute.add_strings(value);
}

void add_weight(schema::GraphProto& graph, const std::string& name, const Shape& shape) {
  schema::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(schema::TensorProto::FLOAT);
  for (const std::int64_t size : shape) tensor.add_dims(size);
  const std::vector<float> values = values_for(name, shape, 0);
  tensor.set_raw_data(values.data(), values.size() * sizeof(float));
}

void declare(schema::ValueInfoProto& value, const std::string& name, int type, const Shape& shape) {
  value.set_name(name);
  schema::TypeProto::Tensor& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    schema::TensorShapeProto::Dimension& dimension = *tensor.mutable_shape()->add_dim();
    if (shape[axis] != kOpen) dimension.set_dim_value(shape[axis]);
  }
}

schema::ModelProto new_model() {
  schema::ModelProto model;
  model.set_ir_version(schema::IR_VERSION_2019_9_19);
  model.add_opset_import()->set_version(14);
  model.mutable_graph()->set_name("test");
  return model;
}

std::string model_bytes(const NodeCase& c) {
  schema::ModelProto model = new_model();
  schema::GraphProto& graph = *model.mutable_graph();
  schema::NodeProto& node = *graph.add_node();
  node.set_name("layer");
  node.set_op_type(c.op);
  set_text(node, "direction", c.direction);
  set_integer(node, "hidden_size", c.hidden_size);
  if (c.attributes) c.attributes(node);
  node.add_input("X");
  declare(*graph.add_input(), "X", float_type(c), {kOpen, kOpen, c.input_size});
  for (const Part& part : parts_of(c)) {
    node.add_input(part.name);
    if (part.name.empty()) continue;
    if (part.constant) {
      add_weight(graph, part.name, part.shape);
      if (c.float16) to_float16(*graph.mutable_initializer(graph.initializer_size() - 1));
    } else {
      const bool is_float = part.type == schema::TensorProto::FLOAT;
      declare(*graph.add_input(), part.name, is_float ? float_type(c) : part.type, part.shape);
    }
  }
  add_outputs(c, graph, node);
  return model.SerializeAsString();
}

Tensors node_inputs(const NodeCase& c, std::int64_t steps, std::int64_t batch, unsigned seed) {
  Tensors inputs;
  inputs.emplace("X", float_tensor(c, "X", {steps, batch, c.input_size}, seed));
  for (Part& part : parts_of(c)) {
    if (part.name.empty() || part.constant) continue;
    std::ranges::replace(part.shape, kOpen, batch);
    if (part.type == schema::TensorProto::INT32) {
      std::vector<std::int32_t> lengths(static_cast<std::size_t>(batch));
      for (std::size_t row = 0; row < lengths.size(); ++row) {
        const std::int64_t less = (static_cast<std::int64_t>(row) * 2 + seed) % steps;
        lengths[row] = static_cast<std::int32_t>(steps - less);
      }
      inputs.emplace(part.name, make_tensor<std::int32_t>(part.shape, lengths));
    } else {
      inputs.emplace(part.name, float_tensor(c, part.name, part.shape, seed));
    }
  }
  return inputs;
}

std::string branches() {
  schema::ModelProto model = new_model();
  schema::GraphProto& graph = *model.mutable_graph();
  declare(*graph.add_input(), "X", schema::TensorProto::FLOAT, {-1, -1, 3});
  declare(*graph.add_input(), "cond", schema::TensorProto::BOOL, {});
  declare(*graph.add_output(), "out", schema::TensorProto::FLOAT, {-1, 1, -1, 4});
  schema::NodeProto& choice = *graph.add_node();
  choice.set_op_type("If");
  choice.add_input("cond");
  choice.add_output("out");
  for (const std::string branch : {"then", "else"}) {
    add_weight(graph, branch + "_W", {1, 16, 3});
    add_weight(graph, branch + "_R", {1, 16, 4});
    schema::AttributeProto& attribute = *choice.add_attribute();
    attribute.set_name(branch + "_branch");
    attribute.set_type(schema::AttributeProto::GRAPH);
    schema::GraphProto& inner = *attribute.mutable_g();
    inner.set_name(branch);
    declare(*inner.add_output(), branch + "_Y", schema::TensorProto::FLOAT, {-1, 1, -1, 4});
    schema::NodeProto& layer = *inner.add_node();
    layer.set_op_type("LSTM");
    for (const char* input : {"_W", "_R"}) {
      if (layer.input_size() == 0) layer.add_input("X");
      layer.add_input(branch + input);
    }
    layer.add_output(branch + "_Y");
    set_integer(layer, "hidden_size", 4);
  }
  return model.SerializeAsString();
}

}  // namespace carousel::onnxruntime_test
