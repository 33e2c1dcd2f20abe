// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loading/files_of_bytes.hpp"

#include <carousel/file_axes.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <onnx_schema.pb.h>

/// Builds ONNX files, good and bad, with the messages of the schema and nothing of the loader.
namespace carousel::onnx_test {

namespace schema = onnx_schema;

using Names = std::vector<std::string>;
using Sizes = std::vector<std::int64_t>;

/// A node, for attributes: `node.set("axis", 1).set("perm", Sizes{1, 0, 2})`.
class NodeBuilder {
 public:
  explicit NodeBuilder(schema::NodeProto& node) : node_(node) {}

  NodeBuilder& set(const std::string& name, std::int64_t value) {
    add(name, schema::AttributeProto::INT).set_i(value);
    return *this;
  }
  NodeBuilder& set(const std::string& name, int value) { return set(name, std::int64_t{value}); }
  NodeBuilder& set(const std::string& name, float value) {
    add(name, schema::AttributeProto::FLOAT).set_f(value);
    return *this;
  }
  NodeBuilder& set(const std::string& name, const std::string& value) {
    add(name, schema::AttributeProto::STRING).set_s(value);
    return *this;
  }
  NodeBuilder& set(const std::string& name, const Sizes& values) {
    auto& attribute = add(name, schema::AttributeProto::INTS);
    for (const std::int64_t value : values) attribute.add_ints(value);
    return *this;
  }
  NodeBuilder& set(const std::string& name, const std::vector<float>& values) {
    auto& attribute = add(name, schema::AttributeProto::FLOATS);
    for (const float value : values) attribute.add_floats(value);
    return *this;
  }
  NodeBuilder& set(const std::string& name, const Names& values) {
    auto& attribute = add(name, schema::AttributeProto::STRINGS);
    for (const std::string& value : values) attribute.add_strings(value);
    return *this;
  }
  [[nodiscard]] schema::NodeProto& proto() { return node_; }

 private:
  schema::AttributeProto& add(const std::string& name, schema::AttributeProto::AttributeType type) {
    schema::AttributeProto& attribute = *node_.add_attribute();
    attribute.set_name(name);
    attribute.set_type(type);
    return attribute;
  }

  schema::NodeProto& node_;
};

/// Sizes of a recurrent node; its weights are ramps that differ everywhere (see `weights`).
struct RecurrentSizes {
  std::string op = "LSTM";
  std::int64_t input = 3;
  std::int64_t hidden = 2;
  std::int64_t directions = 1;
  bool bias = true;

  [[nodiscard]] std::int64_t gates() const { return op == "LSTM" ? 4 : op == "GRU" ? 3 : 1; }
  [[nodiscard]] Sizes w() const { return {directions, gates() * hidden, input}; }
  [[nodiscard]] Sizes r() const { return {directions, gates() * hidden, hidden}; }
  [[nodiscard]] Sizes b() const { return {directions, 2 * gates() * hidden}; }
};

class GraphBuilder {
 public:
  explicit GraphBuilder(std::int64_t operator_set = 14) {
    model_.set_ir_version(8);
    model_.add_opset_import()->set_version(operator_set);
    graph().set_name("test");
  }

  [[nodiscard]] schema::ModelProto& model() { return model_; }
  [[nodiscard]] schema::GraphProto& graph() { return *model_.mutable_graph(); }

  /// -1: a size known only at run time.
  GraphBuilder& input(const std::string& name, const Sizes& shape,
                      int type = schema::TensorProto::FLOAT) {
    declare(*graph().add_input(), name, shape, type);
    return *this;
  }
  GraphBuilder& output(const std::string& name) {
    graph().add_output()->set_name(name);
    return *this;
  }

  std::string floats(const std::string& name, const Sizes& shape,
                     const std::vector<float>& values) {
    schema::TensorProto& tensor = constant(name, shape, schema::TensorProto::FLOAT);
    for (const float value : values) tensor.add_float_data(value);
    return name;
  }
  /// 0.5 steps, from a start of its own for each tensor.
  std::string ramp(const std::string& name, const Sizes& shape) {
    const auto start = static_cast<float>(graph().initializer_size());
    return floats(name, shape, testing::ramp(testing::product(shape), start));
  }
  std::string integers(const std::string& name, const Sizes& values) {
    return integers(name, {static_cast<std::int64_t>(values.size())}, values);
  }
  std::string integers(const std::string& name, const Sizes& shape, const Sizes& values) {
    schema::TensorProto& tensor = constant(name, shape, schema::TensorProto::INT64);
    for (const std::int64_t value : values) tensor.add_int64_data(value);
    return name;
  }
  schema::TensorProto& constant(const std::string& name, const Sizes& shape, int type) {
    schema::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const std::int64_t size : shape) tensor.add_dims(size);
    return tensor;
  }

  /// The node is called after its operator and its first output: "LSTM_y".
  NodeBuilder node(const std::string& op, const Names& inputs, const Names& outputs) {
    schema::NodeProto& added = *graph().add_node();
    added.set_op_type(op);
    for (const std::string& name : inputs) added.add_input(name);
    for (const std::string& name : outputs) added.add_output(name);
    if (!outputs.empty()) added.set_name(op + "_" + outputs.front());
    return NodeBuilder(added);
  }

  /// A recurrent node with W, R and B called after its first output. `more` are its inputs from
  /// sequence_lens on.
  NodeBuilder recurrent(const RecurrentSizes& sizes, const std::string& x, const Names& outputs,
                        const Names& more = {}) {
    const std::string& prefix = outputs.front();
    Names inputs{x, ramp(prefix + "_W", sizes.w()), ramp(prefix + "_R", sizes.r()),
                 sizes.bias ? ramp(prefix + "_B", sizes.b()) : ""};
    inputs.insert(inputs.end(), more.begin(), more.end());
    NodeBuilder added = node(sizes.op, inputs, outputs);
    added.set("hidden_size", sizes.hidden);
    if (sizes.directions == 2) added.set("direction", std::string("bidirectional"));
    return added;
  }

  [[nodiscard]] testing::Bytes bytes() const {
    return testing::to_bytes(model_.SerializeAsString());
  }
  [[nodiscard]] Model load(const LoadOptions& options = {}) const {
    return carousel::load(bytes(), "t.onnx", options);
  }
  [[nodiscard]] std::string error(const LoadOptions& options = {}) const {
    return testing::error_of([&] { static_cast<void>(load(options)); });
  }

  static void declare(schema::ValueInfoProto& value, const std::string& name, const Sizes& shape,
                      int type) {
    value.set_name(name);
    schema::TypeProto::Tensor& tensor = *value.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    tensor.mutable_shape();
    for (const std::int64_t size : shape) {
      auto& dimension = *tensor.mutable_shape()->add_dim();
      if (size >= 0) dimension.set_dim_value(size);
    }
  }

 private:
  schema::ModelProto model_;
};

/// "x [batch, steps, 3]; z [batch, 4]": the inputs as the file has them.
inline std::string inputs_text(const Model& model) {
  std::string text;
  for (const ModelInput& input : model_inputs(model)) {
    text += (text.empty() ? "" : "; ") + input.name + " " +
            axes_text(file_axes(input.axes, input.size, input.ids));
  }
  return text;
}

/// The same of the outputs, which must be those of layers or have axes of their own.
inline std::string outputs_text(const Model& model) {
  const std::vector<std::string> names = layer_names(model);
  std::string text;
  for (const ModelOutput& output : model_outputs(model)) {
    const auto layer = std::find(names.begin(), names.end(), output.layer) - names.begin();
    const bool is_layer = static_cast<std::size_t>(layer) < names.size();
    const std::int64_t size =
        is_layer ? output_size(model.layers[static_cast<std::size_t>(layer)].spec) : 0;
    text +=
        (text.empty() ? "" : "; ") + output.name + " " + axes_text(file_axes(output.axes, size));
  }
  return text;
}

/// One node between a graph input x and outputs of the same names as the node's.
inline GraphBuilder one_node(const RecurrentSizes& sizes, const Names& outputs = {"y", "h", "c"}) {
  GraphBuilder graph;
  graph.input("x", {-1, -1, sizes.input});
  Names made = outputs;
  if (sizes.op != "LSTM" && made.size() > 2) made.resize(2);
  graph.recurrent(sizes, "x", made);
  for (const std::string& name : made) graph.output(name);
  return graph;
}

/// The attributes of the only node.
inline NodeBuilder only_node(GraphBuilder& graph) {
  return NodeBuilder(*graph.graph().mutable_node(0));
}

/// Blocks of `block` values in that order: what a reorder of gates should give.
inline std::vector<float> blocks(const std::vector<float>& values, std::size_t block,
                                 const std::vector<std::size_t>& order) {
  std::vector<float> result;
  for (const std::size_t k : order) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(k * block);
    result.insert(result.end(), first, first + static_cast<std::ptrdiff_t>(block));
  }
  return result;
}

}  // namespace carousel::onnx_test
