// SPDX-License-Identifier: Apache-2.0
// The layers that are not recurrent: embeddings, linear layers, activations.
#include "attributes.hpp"
#include "functions.hpp"
#include "operators.hpp"

#include <cstring>
#include <utility>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

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

/// A matrix [rows, columns] as a weight [columns, rows].
carousel::Tensor transposed(const Array& array) {
  const auto rows = static_cast<std::size_t>(array.shape[0]);
  const auto columns = static_cast<std::size_t>(array.shape[1]);
  const std::size_t element = width(array.type);
  Array result{array.type, {array.shape[1], array.shape[0]}, {}};
  result.data.resize(array.data.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      std::memcpy(result.data.data() + (c * rows + r) * element,
                  array.data.data() + (r * columns + c) * element, element);
    }
  }
  return to_weight(result, result.shape);
}

/// The value that a bias has for each output: given once, or for all alike.
carousel::Tensor broadcast_bias(const Value& value, std::int64_t outputs) {
  const auto* constant = std::get_if<Constant>(&value);
  if (constant == nullptr) throw Refusal("its bias is not a constant");
  Array bias = *constant->array;
  const auto count = static_cast<std::int64_t>(bias.size());
  const bool last_axis_only = bias.shape.empty() || bias.shape.back() == count;
  if (!last_axis_only || (count != 1 && count != outputs)) {
    throw Refusal("its bias has the shape " + shape_text(bias.shape) +
                  "; expected one value for each of " + std::to_string(outputs) + " outputs");
  }
  const std::vector<std::byte> one = bias.data;
  for (std::int64_t k = count; k < outputs; ++k) {
    bias.data.insert(bias.data.end(), one.begin(), one.end());
  }
  return to_weight(bias, {outputs});
}

/// The weight times a number; as it is for 1, else as float32.
carousel::Tensor scaled(const carousel::Tensor& weight, float factor) {
  if (factor == 1.0F) return weight;
  std::vector<float> values = weight.to_float32();
  for (float& value : values) value *= factor;
  return {weight.shape(), values};
}

/// A linear layer with that weight, [outputs, inputs], and without bias.
ModelLayer linear_layer(carousel::Tensor weight) {
  ModelLayer layer{.spec = DenseSpec{weight.shape()[1], weight.shape()[0], false}};
  layer.weights.emplace("weight", std::move(weight));
  return layer;
}

void set_bias(ModelLayer& layer, carousel::Tensor bias) {
  std::get<DenseSpec>(layer.spec).bias = true;
  layer.weights.insert_or_assign("bias", std::move(bias));
}

Value linear(const Call& call, const Tensor& tensor, ModelLayer layer) {
  Context& context = call.context;
  for (const auto& [role, weight] : layer.weights) context.budget.take(weight.bytes().size());
  const Sequence from = as_sequence(call, tensor);
  bind_features(context, tensor, from, "the last axis of its input");
  if (!has_features(context, tensor, from, input_size(layer.spec))) {
    throw Refusal("its input " + describe(tensor.axes, context.atoms) + " must have " +
                  std::to_string(input_size(layer.spec)) + " features in the last axis");
  }
  return add_stage(call, tensor, from, {from.stage}, std::move(layer));
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
  const Array& table = matrix(call.input(0), "table");
  const Tensor& ids = network_tensor(call, 1);
  if (integer(call.node, "axis", 0) != 0) throw Refusal("looks up other than rows of its table");
  if (!std::holds_alternative<GraphInput>(ids.source)) {
    throw Refusal("its indices are not an input of the graph");
  }
  if (table.shape[0] < 1 || table.shape[1] < 1) throw Malformed("its table is empty");
  call.context.budget.take(table.data.size());
  ModelLayer layer{.spec = EmbeddingSpec{table.shape[0], table.shape[1]}};
  layer.weights.emplace("weight", to_weight(table, table.shape));
  const Sequence from = as_sequence(call, ids);
  Tensor like = ids;
  like.axes.emplace_back();
  return {add_stage(call, like, from, {from.stage}, std::move(layer))};
}

std::vector<Value> matmul(const Call& call) {
  const Tensor& tensor = network_tensor(call, 0);
  const Array& b = matrix(call.input(1), "second factor");
  return {linear(call, tensor, linear_layer(transposed(b)))};
}

std::vector<Value> gemm(const Call& call) {
  const Tensor& tensor = network_tensor(call, 0);
  const Array& b = matrix(call.input(1), "second factor");
  if (integer(call.node, "transA", 0) != 0 || tensor.axes.size() != 2) {
    throw Refusal("its first factor must be a matrix that is not transposed");
  }
  const bool transposed_b = integer(call.node, "transB", 0) != 0;
  const carousel::Tensor weight = transposed_b ? to_weight(b, b.shape) : transposed(b);
  ModelLayer layer = linear_layer(scaled(weight, real(call.node, "alpha", 1.0F)));
  if (call.has(2)) {
    const carousel::Tensor bias = broadcast_bias(call.input(2), output_size(layer.spec));
    set_bias(layer, scaled(bias, real(call.node, "beta", 1.0F)));
  }
  return {linear(call, tensor, std::move(layer))};
}

std::vector<Value> add(const Call& call) {
  const bool tensor_first = std::holds_alternative<Tensor>(call.input(0));
  if (!tensor_first && !std::holds_alternative<Tensor>(call.input(1))) return arithmetic(call);
  const Tensor& tensor = network_tensor(call, tensor_first ? 0 : 1);
  const Value& other = call.input(tensor_first ? 1 : 0);
  Context& context = call.context;
  const auto* from = std::get_if<Sequence>(&tensor.source);
  const auto* bias = std::get_if<Constant>(&other);
  const auto* dense =
      from == nullptr ? nullptr : std::get_if<DenseSpec>(&context.stages[from->stage].layer.spec);
  const bool fits = dense != nullptr && !dense->bias && bias != nullptr &&
                    bias->array->shape.size() <= tensor.axes.size() && !tensor.axes.empty() &&
                    tensor.axes.back() == context.stages[from->stage].features;
  if (!fits) throw Refusal("is supported as the bias of a MatMul before it only");
  Stage stage = context.stages[from->stage];
  set_bias(stage.layer, broadcast_bias(other, dense->output_size));
  Tensor result = tensor;
  std::get<Sequence>(result.source).stage = context.stages.size();
  context.stages.push_back(std::move(stage));
  return {std::move(result)};
}

std::vector<Value> activation(const Call& call) {
  Context& context = call.context;
  const Tensor& tensor = network_tensor(call, 0);
  const Sequence from = as_sequence(call, tensor);
  bind_features(context, tensor, from, "the last axis of its input");
  Stage stage;
  stage.parents = {from.stage};
  stage.node = call.index;
  stage.last_step = from.last_step;
  stage.features = context.stages[from.stage].features;
  const std::optional<Dim> width = size_of(stage.features, context.atoms);
  if (!width || !width->known()) throw Refusal("the features of its input are not known");
  const ActivationSpec spec{read_function(call.node), width->factor};
  if (!is_elementwise(spec.function.kind)) check_softmax_axis(call, tensor, stage.features);
  stage.layer.spec = spec;
  context.stages.push_back(std::move(stage));
  Tensor result = tensor;
  result.source = Sequence{context.stages.size() - 1, std::nullopt, from.last_step};
  return {std::move(result)};
}

}  // namespace carousel::loading::onnx
