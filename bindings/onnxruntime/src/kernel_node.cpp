// SPDX-License-Identifier: Apache-2.0
#include "kernel_node.hpp"

#include "attributes.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace carousel::onnxruntime {
namespace {

using onnx_schema::NodeProto;

constexpr std::array<const char*, 5> kIntegers{"hidden_size", "input_forget", "layout",
                                               "linear_before_reset", "output_sequence"};
constexpr std::array<const char*, 2> kLists{"activation_alpha", "activation_beta"};
constexpr const char* kActivations = "activations";

/// Whether a node has an attribute, by what asking for it returned. There is no code for its
/// absence, but all versions of ONNX Runtime say so in these words.
bool is_there(OrtStatus* returned, const std::string& where, const char* name) {
  const Ort::Status status(returned);
  if (status.IsOK()) return true;
  const std::string text = status.GetErrorMessage();
  if (text.starts_with("No attribute")) return false;
  refuse_node(where, std::string("its attribute '") + name + "' cannot be read: " + text);
}

void read_integers(const OrtKernelInfo* info, const std::string& where, NodeProto& node) {
  for (const char* name : kIntegers) {
    std::int64_t value = 0;
    OrtStatus* status = Ort::GetApi().KernelInfoGetAttribute_int64(info, name, &value);
    if (is_there(status, where, name)) add_attribute(node, name, value);
  }
}

void read_clip(const OrtKernelInfo* info, const std::string& where, NodeProto& node) {
  float value = 0;
  OrtStatus* status = Ort::GetApi().KernelInfoGetAttribute_float(info, "clip", &value);
  if (is_there(status, where, "clip")) add_attribute(node, "clip", value);
}

void read_direction(const OrtKernelInfo* info, const std::string& where, NodeProto& node) {
  constexpr const char* kName = "direction";
  const OrtApi& api = Ort::GetApi();
  std::size_t size = 0;  // with the zero at the end
  if (!is_there(api.KernelInfoGetAttribute_string(info, kName, nullptr, &size), where, kName)) {
    return;
  }
  std::string value(size, '\0');
  Ort::ThrowOnError(api.KernelInfoGetAttribute_string(info, kName, value.data(), &size));
  value.resize(size - 1);
  add_attribute(node, kName, value);
}

void read_lists(const OrtKernelInfo* info, const std::string& where, NodeProto& node) {
  const OrtApi& api = Ort::GetApi();
  for (const char* name : kLists) {
    std::size_t size = 0;
    OrtStatus* status = api.KernelInfoGetAttributeArray_float(info, name, nullptr, &size);
    if (!is_there(status, where, name)) continue;
    std::vector<float> values(size);
    Ort::ThrowOnError(api.KernelInfoGetAttributeArray_float(info, name, values.data(), &size));
    add_attribute(node, name, values);
  }
}

/// Whether the node has the attribute `activations`, whose value no function tells here.
bool has_activations(const OrtKernelInfo* info) {
  std::size_t size = 0;
  const Ort::Status status(
      Ort::GetApi().KernelInfoGetAttributeArray_float(info, kActivations, nullptr, &size));
  return status.IsOK() || !status.GetErrorMessage().starts_with("No attribute");
}

void read_activations(const OrtKernelInfo* info, const SeenActivations* seen,
                      const RecurrentNode& read, NodeProto& node) {
  if (!has_activations(info)) return;
  if (seen == nullptr) {
    refuse_node(read.where,
                "its attribute 'activations' cannot be read by custom operators in "
                "ONNX Runtime older than 1.24; if it says what the standard assumes "
                "anyway, take it out of the model");
  }
  const auto shape_of = [&](OperatorInput weight) {
    return read.inputs.at(weight).constant.value().GetTensorTypeAndShapeInfo().GetShape();
  };
  add_attribute(node, kActivations, seen->of(shape_of(kW), shape_of(kR), read.where));
}

NodeValue read_input(const Ort::ConstKernelInfo& info, std::size_t input,
                     const std::string& where) {
  NodeValue value{.name = info.GetInputName(input)};
  if (!value.exists()) return value;
  if (is_weight(input)) {
    int is_constant = 0;
    const Ort::ConstValue constant = info.GetTensorConstantInput(input, &is_constant);
    if (is_constant != 0) value.constant = constant;
  }
  check_input(value, input,
              info.GetInputTypeInfo(input).GetTensorTypeAndShapeInfo().GetElementType(), where);
  return value;
}

}  // namespace

RecurrentNode read_node(const Ort::ConstKernelInfo& info, const std::string& operator_type,
                        const SeenActivations* seen) {
  RecurrentNode read;
  for (std::size_t k = 0; k < std::min(info.GetOutputCount(), kOperatorOutputs); ++k) {
    read.outputs.at(k) = info.GetOutputName(k);
  }
  read.where = describe_node(info.GetNodeName(), operator_type, read.outputs);
  for (std::size_t k = 0; k < std::min(info.GetInputCount(), kOperatorInputs); ++k) {
    read.inputs.at(k) = read_input(info, k, read.where);
  }
  std::vector<std::int64_t> x_shape;
  if (read.inputs[kX].exists()) {
    x_shape = info.GetInputTypeInfo(kX).GetTensorTypeAndShapeInfo().GetShape();
  }
  NodeProto& attributes = read.attributes;
  attributes.set_op_type(operator_type);
  read_integers(info, read.where, attributes);
  read_clip(info, read.where, attributes);
  read_direction(info, read.where, attributes);
  read_lists(info, read.where, attributes);
  read_activations(info, seen, read, attributes);
  complete_node(read, x_shape);
  return read;
}

}  // namespace carousel::onnxruntime
