// SPDX-License-Identifier: Apache-2.0
// What comes before and after the recurrent layers: an embedding, a linear head, an activation.
#include "attributes.hpp"
#include "operators.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

using Kind = Stage::Kind;

constexpr std::array<std::pair<std::string_view, Tail>, 5> kTails{{
    {"Sigmoid", Tail::sigmoid},
    {"Tanh", Tail::tanh},
    {"Relu", Tail::relu},
    {"Softmax", Tail::softmax},
    {"LogSoftmax", Tail::log_softmax},
}};

const Array& matrix(const Value& value, const char* what) {
  const auto* constant = std::get_if<Constant>(&value);
  if (constant == nullptr) throw Refusal(std::string("its ") + what + " is not a constant");
  if (constant->array->rank() != 2) {
    throw Refusal(std::string("its ") + what + " has the shape " +
                  shape_text(constant->array->shape) + ", but must be a matrix");
  }
  return *constant->array;
}

const Tensor& network_tensor(const Call& call, std::size_t input) {
  const auto* tensor = std::get_if<Tensor>(&call.input(input));
  if (tensor == nullptr) {
    throw Refusal("its input " + std::to_string(input) + " is not a tensor of the network");
  }
  return *tensor;
}

std::vector<float> transposed(const std::vector<float>& values, std::size_t rows,
                              std::size_t columns) {
  std::vector<float> result(values.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) result[c * rows + r] = values[r * columns + c];
  }
  return result;
}

/// The value that a bias or such has for each output: given once, or for all alike.
std::vector<float> broadcast_bias(const Value& value, std::size_t outputs) {
  const auto* constant = std::get_if<Constant>(&value);
  if (constant == nullptr) throw Refusal("its bias is not a constant");
  std::vector<float> bias = to_floats(*constant->array);
  const Shape& shape = constant->array->shape;
  const bool last_axis_only =
      shape.empty() || static_cast<std::size_t>(shape.back()) == bias.size();
  if (bias.size() == 1) bias.resize(outputs, bias[0]);
  if (!last_axis_only || bias.size() != outputs) {
    throw Refusal("its bias has the shape " + shape_text(shape) +
                  "; expected one value for each "
                  "of " +
                  std::to_string(outputs) + " outputs");
  }
  return bias;
}

/// A layer on the outputs of the recurrent ones. `weight` is [outputs, inputs].
Value linear(const Call& call, const Tensor& tensor, ModelLayer layer) {
  Context& context = call.context;
  context.budget.take(sizeof(float) * layer.directions[0].weight_ih.size());
  const Sequence from = as_sequence(call, tensor);
  const Stage& parent = context.stages[from.stage];
  if (parent.kind != Kind::recurrent) {
    throw Refusal(parent.kind == Kind::linear || parent.kind == Kind::tail
                      ? "comes after another linear layer or an activation; a network has one head"
                      : "comes before the recurrent layers");
  }
  if (tensor.axes.empty() || tensor.axes.back() != parent.features ||
      layer.spec.input_size != parent.layer.spec.output_size()) {
    throw Refusal("its input " + describe(tensor.axes, context.atoms) + " must have " +
                  std::to_string(layer.spec.input_size) + " features in the last axis");
  }
  try {
    validate(layer.spec);
  } catch (const Error& error) {
    throw Refusal(error.what());
  }
  Stage stage;
  stage.kind = Kind::linear;
  stage.parent = from.stage;
  stage.node = call.index;
  stage.last_step = from.last_step;
  stage.features = new_axis(context, layer.spec.hidden_size, Role::features);
  stage.layer = std::move(layer);
  std::vector<Axis> axes = tensor.axes;
  axes.back() = stage.features;
  context.stages.push_back(std::move(stage));
  return Tensor{Sequence{context.stages.size() - 1, std::nullopt, from.last_step}, std::move(axes)};
}

/// Softmax works along one axis, which must be all features; before operator set 13 along all axes
/// from the given one.
void check_softmax_axis(const Call& call, const Tensor& tensor, const Axis& features) {
  const bool since_13 = call.operator_set() >= 13;
  const std::size_t axis =
      checked_axis(integer(call.node, "axis", since_13 ? -1 : 1), tensor.axes.size());
  if (axis + 1 != tensor.axes.size() || tensor.axes.back() != features) {
    throw Refusal("works along axis " + std::to_string(axis) + " of " +
                  describe(tensor.axes, call.context.atoms) +
                  "; it must be the last one, with all features");
  }
}

}  // namespace

std::vector<Value> embedding(const Call& call) {
  Context& context = call.context;
  const Array& table = matrix(call.input(0), "table");
  const Tensor& ids = network_tensor(call, 1);
  if (integer(call.node, "axis", 0) != 0) throw Refusal("looks up other than rows of its table");
  if (!std::holds_alternative<GraphInput>(ids.source)) {
    throw Refusal("its indices are not an input of the graph");
  }
  if (table.shape[0] < 1 || table.shape[1] < 1) throw Refusal("its table is empty");
  context.budget.take(sizeof(float) * table.size());
  Stage stage;
  stage.kind = Kind::embedding;
  stage.parent = as_sequence(call, ids).stage;
  stage.node = call.index;
  stage.embedding = {table.shape[0], table.shape[1], to_floats(table)};
  stage.features = new_axis(context, table.shape[1], Role::features);
  std::vector<Axis> axes = ids.axes;
  axes.push_back(stage.features);
  context.stages.push_back(std::move(stage));
  return {Tensor{Sequence{context.stages.size() - 1, std::nullopt, false}, std::move(axes)}};
}

std::vector<Value> matmul(const Call& call) {
  const Tensor& tensor = network_tensor(call, 0);
  const Array& b = matrix(call.input(1), "second factor");
  ModelLayer layer;
  layer.spec = make_spec(Cell::linear, b.shape[0], b.shape[1], Direction::forward, 0, false);
  layer.directions[0].weight_ih = transposed(to_floats(b), static_cast<std::size_t>(b.shape[0]),
                                             static_cast<std::size_t>(b.shape[1]));
  return {linear(call, tensor, std::move(layer))};
}

std::vector<Value> gemm(const Call& call) {
  const Tensor& tensor = network_tensor(call, 0);
  const Array& b = matrix(call.input(1), "second factor");
  if (integer(call.node, "transA", 0) != 0 || tensor.axes.size() != 2) {
    throw Refusal("its first factor must be a matrix that is not transposed");
  }
  const bool transposed_b = integer(call.node, "transB", 0) != 0;
  const auto rows = static_cast<std::size_t>(b.shape[0]);
  const auto columns = static_cast<std::size_t>(b.shape[1]);
  ModelLayer layer;
  layer.spec = make_spec(Cell::linear, b.shape[transposed_b ? 1 : 0], b.shape[transposed_b ? 0 : 1],
                         Direction::forward, 0, call.has(2));
  std::vector<float> weight = to_floats(b);
  if (!transposed_b) weight = transposed(weight, rows, columns);
  const float alpha = real(call.node, "alpha", 1.0F);
  for (float& value : weight) value *= alpha;
  if (call.has(2)) {
    const float beta = real(call.node, "beta", 1.0F);
    std::vector<float> bias = broadcast_bias(call.input(2), transposed_b ? rows : columns);
    for (float& value : bias) value *= beta;
    layer.directions[0].bias_ih = std::move(bias);
  }
  layer.directions[0].weight_ih = std::move(weight);
  return {linear(call, tensor, std::move(layer))};
}

std::vector<Value> add(const Call& call) {
  const bool tensor_first = std::holds_alternative<Tensor>(call.input(0));
  if (!tensor_first && !std::holds_alternative<Tensor>(call.input(1))) return arithmetic(call);
  const Tensor& tensor = network_tensor(call, tensor_first ? 0 : 1);
  const Value& other = call.input(tensor_first ? 1 : 0);
  const auto* from = std::get_if<Sequence>(&tensor.source);
  Context& context = call.context;
  const auto* bias = std::get_if<Constant>(&other);
  const bool broadcasts = bias != nullptr && bias->array->shape.size() <= tensor.axes.size();
  const bool fits = from != nullptr && broadcasts &&
                    context.stages[from->stage].kind == Kind::linear &&
                    !context.stages[from->stage].layer.spec.bias && !tensor.axes.empty() &&
                    tensor.axes.back() == context.stages[from->stage].features;
  if (!fits) throw Refusal("is supported as the bias of a MatMul before it only");
  Stage stage = context.stages[from->stage];
  stage.layer.spec.bias = true;
  stage.layer.directions[0].bias_ih =
      broadcast_bias(other, static_cast<std::size_t>(stage.layer.spec.hidden_size));
  const bool last_step = from->last_step;
  const std::vector<Axis> axes = tensor.axes;
  context.stages.push_back(std::move(stage));
  return {Tensor{Sequence{context.stages.size() - 1, std::nullopt, last_step}, axes}};
}

std::vector<Value> tail(const Call& call) {
  Context& context = call.context;
  const Tensor& tensor = network_tensor(call, 0);
  const Sequence from = as_sequence(call, tensor);
  const Stage& parent = context.stages[from.stage];
  if (parent.kind != Kind::recurrent && parent.kind != Kind::linear) {
    throw Refusal("comes before the recurrent layers, or after another activation");
  }
  Stage stage;
  stage.kind = Kind::tail;
  stage.parent = from.stage;
  stage.node = call.index;
  stage.last_step = from.last_step;
  stage.features = parent.features;
  for (const auto& [name, found] : kTails) {
    if (name == call.node.op_type()) stage.tail = found;
  }
  if (stage.tail == Tail::softmax || stage.tail == Tail::log_softmax) {
    check_softmax_axis(call, tensor, stage.features);
  }
  context.stages.push_back(std::move(stage));
  return {Tensor{Sequence{context.stages.size() - 1, std::nullopt, from.last_step}, tensor.axes}};
}

}  // namespace carousel::loading::onnx
