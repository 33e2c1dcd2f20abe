// SPDX-License-Identifier: Apache-2.0
#include "one_node_model.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace carousel::onnxruntime {
namespace {

namespace schema = onnx_schema;

// The names in the model that is made here, by place; empty: an input that is no weight.
constexpr std::array<std::string_view, kOperatorInputs> kNames{"X", "W", "R", "B", "", "", "", "P"};
constexpr const char* kResult = "Y";
constexpr int kRank = 3;          // of X
constexpr int kResultRank = 4;    // of Y
constexpr int kOperatorSet = 14;  // the first whose operators have the attribute `layout`

void declare(schema::ValueInfoProto& value, std::string_view name, int rank) {
  value.set_name(std::string(name));
  schema::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(schema::TensorProto::FLOAT);
  for (int axis = 0; axis < rank; ++axis) type.mutable_shape()->add_dim();
}

void set_tensor(schema::TensorProto& tensor, std::string_view name, const Ort::ConstValue& value) {
  const Ort::TensorTypeAndShapeInfo info = value.GetTensorTypeAndShapeInfo();
  tensor.set_name(std::string(name));
  tensor.set_data_type(schema::TensorProto::FLOAT);
  for (const std::int64_t size : info.GetShape()) tensor.add_dims(size);
  tensor.set_raw_data(value.GetTensorRawData(), info.GetElementCount() * sizeof(float));
}

/// Trailing inputs that do not exist are left out, as the standard wants.
void trim_inputs(schema::NodeProto& node) {
  while (node.input_size() > 0 && node.input(node.input_size() - 1).empty()) {
    node.mutable_input()->RemoveLast();
  }
}

std::string model_bytes(const schema::NodeProto& given, std::span<const NodeValue> constants) {
  schema::ModelProto model;
  model.set_ir_version(schema::IR_VERSION_2019_9_19);
  model.add_opset_import()->set_version(kOperatorSet);
  schema::GraphProto& graph = *model.mutable_graph();
  declare(*graph.add_input(), kNames[kX], kRank);
  declare(*graph.add_output(), kResult, kResultRank);
  schema::NodeProto& node = *graph.add_node();
  node = given;
  for (std::size_t k = 0; k < constants.size(); ++k) {
    const bool used = k == kX || (!kNames.at(k).empty() && constants[k].exists());
    node.add_input(used ? std::string(kNames.at(k)) : std::string());
    if (used && k != kX) set_tensor(*graph.add_initializer(), kNames.at(k), *constants[k].constant);
  }
  trim_inputs(node);
  node.add_output(kResult);
  return model.SerializeAsString();
}

}  // namespace

ModelLayer read_one_node(const schema::NodeProto& node, const std::string& where,
                         std::span<const NodeValue> constants) {
  const std::string bytes = model_bytes(node, constants);
  Model model = load(std::as_bytes(std::span(bytes)), where + ".onnx");
  if (model.layers.size() != 1) {
    throw Error(ErrorCode::internal, where + ": read as " + std::to_string(model.layers.size()) +
                                         " layers instead of one");
  }
  ModelLayer layer = std::move(model.layers.front());
  layer.inputs.clear();
  return layer;
}

}  // namespace carousel::onnxruntime
