// SPDX-License-Identifier: Apache-2.0
#include "one_node_model.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace carousel::onnxruntime {
namespace {

namespace schema = onnx_schema;

// The numbers of axes of the operator's inputs and outputs, by place.
constexpr std::array<int, kOperatorInputs> kInputRanks{3, 3, 3, 2, 1, 3, 3, 2};
constexpr std::array<int, kOperatorOutputs> kOutputRanks{4, 3, 3};
constexpr int kOperatorSet = 14;  // the first whose operators have the attribute `layout`

void declare(schema::ValueInfoProto& value, const std::string& name, int type, int rank) {
  value.set_name(name);
  schema::TypeProto::Tensor& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  for (int axis = 0; axis < rank; ++axis) tensor.mutable_shape()->add_dim();
}

void set_tensor(schema::TensorProto& tensor, const std::string& name,
                const Ort::ConstValue& value) {
  const Ort::TensorTypeAndShapeInfo info = value.GetTensorTypeAndShapeInfo();
  tensor.set_name(name);
  tensor.set_data_type(schema::TensorProto::FLOAT);
  for (const std::int64_t size : info.GetShape()) tensor.add_dims(size);
  tensor.set_raw_data(elements<float>(value), info.GetElementCount() * sizeof(float));
}

/// The name that the node's model has for an input; empty for one that it does without.
std::string add_input(schema::GraphProto& graph, const NodeValue& value, std::size_t input,
                      bool given) {
  if (!value.exists() || (!given && !is_weight(input))) return {};
  const std::string name = kInputNames.at(input);
  if (is_weight(input)) {
    set_tensor(*graph.add_initializer(), name, *value.constant);
  } else {
    const int type = input == kLengths ? schema::TensorProto::INT32 : schema::TensorProto::FLOAT;
    declare(*graph.add_input(), name, type, kInputRanks.at(input));
  }
  return name;
}

/// Trailing values that do not exist are left out, as the standard wants.
template <class Names>
void trim(Names& names) {
  while (!names.empty() && names.rbegin()->empty()) names.RemoveLast();
}

}  // namespace

schema::ModelProto one_node_model(const RecurrentNode& node, std::span<const OperatorInput> given,
                                  std::span<const OperatorOutput> asked) {
  schema::ModelProto model;
  model.set_ir_version(schema::IR_VERSION_2019_9_19);
  model.add_opset_import()->set_version(kOperatorSet);
  schema::GraphProto& graph = *model.mutable_graph();
  graph.set_name("one node");
  schema::NodeProto& made = *graph.add_node();
  made = node.attributes;
  for (std::size_t k = 0; k < kOperatorInputs; ++k) {
    const bool is_given = std::ranges::find(given, k) != given.end();
    made.add_input(add_input(graph, node.inputs.at(k), k, is_given));
  }
  trim(*made.mutable_input());
  for (std::size_t k = 0; k < kOperatorOutputs; ++k) {
    const bool is_asked = std::ranges::find(asked, k) != asked.end();
    made.add_output(is_asked ? kOutputNames.at(k) : "");
    if (!is_asked) continue;
    declare(*graph.add_output(), kOutputNames.at(k), schema::TensorProto::FLOAT,
            kOutputRanks.at(k));
  }
  trim(*made.mutable_output());
  return model;
}

ModelLayer read_one_node(const RecurrentNode& node) {
  const std::string bytes =
      one_node_model(node, std::array{kX}, std::array{kY}).SerializeAsString();
  Model model = load(std::as_bytes(std::span(bytes)), node.where + ".onnx");
  if (model.layers.size() != 1) {
    throw Error(
        ErrorCode::internal,
        node.where + ": read as " + std::to_string(model.layers.size()) + " layers instead of one");
  }
  ModelLayer layer = std::move(model.layers.front());
  layer.inputs.clear();
  return layer;
}

}  // namespace carousel::onnxruntime
