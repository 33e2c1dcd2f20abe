// SPDX-License-Identifier: Apache-2.0
#include "operators.hpp"

#include "attributes.hpp"
#include "tensors.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

constexpr std::array<std::pair<std::string_view, Operator>, 38> kOperators{{
    {"Add", add},
    {"Cast", cast},
    {"Concat", concat},
    {"Constant", constant},
    {"ConstantOfShape", constant_of_shape},
    {"Div", arithmetic},
    {"Dropout", dropout},
    {"Elu", activation},
    {"Equal", arithmetic},
    {"Expand", expand},
    {"GRU", recurrent},
    {"Gather", gather},
    {"Gemm", gemm},
    {"HardSigmoid", activation},
    {"Identity", identity},
    {"LSTM", recurrent},
    {"LeakyRelu", activation},
    {"LogSoftmax", activation},
    {"MatMul", matmul},
    {"Mul", arithmetic},
    {"RNN", recurrent},
    {"Relu", activation},
    {"Reshape", reshape},
    {"Shape", shape},
    {"Sigmoid", activation},
    {"Slice", slice},
    {"Softmax", activation},
    {"Softplus", activation},
    {"Softsign", activation},
    {"Split", split},
    {"Squeeze", squeeze},
    {"Sub", arithmetic},
    {"Tanh", activation},
    {"ThresholdedRelu", activation},
    {"Tile", tile},
    {"Transpose", transpose},
    {"Unsqueeze", unsqueeze},
    {"Where", where},
}};

/// All elements of a constant, compared as bytes: a NaN is equal to itself here, -0 not to 0.
bool all_same(const Array& array) {
  const std::size_t size = width(array.type);
  for (std::size_t at = size; at < array.data.size(); at += size) {
    if (std::memcmp(array.data.data(), array.data.data() + at, size) != 0) return false;
  }
  return !array.data.empty();
}

/// A final state as the last step of the outputs that it is.
Sequence as_last_step(const Context& context, const FinalState& state) {
  if (state.cell) throw Refusal("takes a layer's final c, which is no output");
  const RecurrentSpec& spec = *context.stages[state.slots[0].stage].recurrent();
  if (state.slots.size() != 1 || spec.directions() != 1) {
    throw Refusal(
        "takes the final h of several layers or directions; the outputs of a network are "
        "those of its last layer at each step");
  }
  if (spec.direction == Direction::reverse) {
    throw Refusal("takes the final h of a reverse layer, which is its output at the first step");
  }
  return {state.slots[0].stage, std::nullopt, true};
}

}  // namespace

const Value& Call::input(std::size_t input) const {
  if (!has(input)) throw Malformed("input " + std::to_string(input) + " is missing");
  return *inputs[input];
}

Operator find_operator(const schema::NodeProto& node) {
  if (!node.domain().empty() && node.domain() != "ai.onnx") return nullptr;
  for (const auto& [name, found] : kOperators) {
    if (name == node.op_type()) return found;
  }
  return nullptr;
}

std::string supported_operators() {
  std::string names;
  for (const auto& [name, found] : kOperators) {
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return names;
}

std::optional<std::vector<std::int64_t>> axes_argument(const Call& call, const char* attribute,
                                                       std::size_t input, std::int64_t since) {
  if (call.operator_set() < since) return integers(call.node, attribute);
  if (!call.has(input)) return std::nullopt;
  return known_integers(*call.inputs[input], "its input " + std::to_string(input));
}

Shape known_shape(const Value& value) {
  if (const auto* constant = std::get_if<Constant>(&value)) return constant->array->shape;
  if (const auto* integers = std::get_if<Integers>(&value)) return integers->shape;
  throw Refusal("is not supported for this operand");
}

Value moved(Context& context, const Value& value, const Picking& picking) {
  if (const auto* integers = std::get_if<Integers>(&value)) {
    Integers result{picking.shape, {}};
    for (const std::size_t from : picking.source) {
      result.elements.push_back(integers->elements[from]);
    }
    return simplified(std::move(result));
  }
  const Array& array = *std::get<Constant>(value).array;
  const std::size_t size = width(array.type);
  context.budget.take(picking.source.size() * size);
  auto result = std::make_shared<Array>(Array{array.type, picking.shape, {}});
  result->data.resize(picking.source.size() * size);
  for (std::size_t k = 0; k < picking.source.size(); ++k) {
    std::memcpy(result->data.data() + k * size, array.data.data() + picking.source[k] * size, size);
  }
  return Constant{std::move(result)};
}

Value reshaped(const Value& value, Shape shape) {
  if (checked_count(shape) != checked_count(known_shape(value))) {
    throw Malformed("the shape " + shape_text(known_shape(value)) + " cannot become " +
                    shape_text(shape));
  }
  if (const auto* integers = std::get_if<Integers>(&value)) {
    return Integers{std::move(shape), integers->elements};
  }
  Array array = *std::get<Constant>(value).array;
  array.shape = std::move(shape);
  return Constant{std::make_shared<Array>(std::move(array))};
}

std::optional<Filled> uniform(const Value& value) {
  if (const auto* filled = std::get_if<Filled>(&value)) return *filled;
  if (const auto* integers = std::get_if<Integers>(&value)) {
    const auto& elements = integers->elements;
    const bool same =
        !elements.empty() && elements.front().has_value() &&
        std::ranges::all_of(elements, [&](const auto& e) { return e == elements[0]; });
    if (!same) return std::nullopt;
    return Filled{elements.front(), 0.0};
  }
  const auto* constant = std::get_if<Constant>(&value);
  if (constant == nullptr || !all_same(*constant->array)) return std::nullopt;
  Array one{constant->array->type, {1}, constant->array->data};
  one.data.resize(width(one.type));
  if (is_float(one.type)) return Filled{std::nullopt, to_floats(one)[0]};
  return Filled{Dim{to_integers(one)[0], {}}, 0.0};
}

Axis new_axis(Context& context, std::optional<std::int64_t> size, Role role) {
  if (size == 1) return {};
  context.atoms.push_back({size, role});
  return {context.atoms.size() - 1};
}

void bind(Context& context, const Axis& axis, Role role, const char* what) {
  if (axis.empty()) return;
  if (axis.size() > 1) {
    throw Refusal(std::string(what) +
                  " is several axes reshaped into one: " + describe({axis}, context.atoms));
  }
  Atom& atom = context.atoms[axis.front()];
  if (atom.role == Role::none) atom.role = role;
  if (atom.role != role) {
    throw Refusal(std::string(what) + " is an axis that counts " + name(atom.role) + " elsewhere");
  }
}

Sequence as_sequence(const Call& call, const Tensor& tensor) {
  Context& context = call.context;
  if (const auto* sequence = std::get_if<Sequence>(&tensor.source)) {
    if (sequence->part) throw Refusal("takes only one direction of a bidirectional layer");
    return *sequence;
  }
  if (const auto* state = std::get_if<FinalState>(&tensor.source)) {
    return as_last_step(context, *state);
  }
  const auto& input = std::get<GraphInput>(tensor.source);
  if (input.selection) throw Refusal("takes a slice of the graph's input " + quote(input.name));
  const auto known = context.sequence_inputs.find(input.name);
  if (known != context.sequence_inputs.end()) return {known->second, std::nullopt, false};
  Stage stage;
  stage.input_name = input.name;
  stage.axes = context.input_axes.at(input.name);
  if (!tensor.axes.empty()) stage.features = tensor.axes.back();
  context.stages.push_back(std::move(stage));
  context.sequence_inputs.emplace(input.name, context.stages.size() - 1);
  return {context.stages.size() - 1, std::nullopt, false};
}

void bind_features(Context& context, const Tensor& tensor, const Sequence& from, const char* what) {
  if (tensor.axes.empty() || !context.stages[from.stage].is_input()) return;
  bind(context, tensor.axes.back(), Role::features, what);
}

bool has_features(const Context& context, const Tensor& tensor, const Sequence& from,
                  std::int64_t expected) {
  if (tensor.axes.empty() || tensor.axes.back() != context.stages[from.stage].features)
    return false;
  const std::optional<Dim> width = size_of(tensor.axes.back(), context.atoms);
  return width && (!width->known() || width->factor == expected);
}

Value add_stage(const Call& call, const Tensor& like, const Sequence& from,
                std::vector<std::size_t> parents, ModelLayer layer) {
  Context& context = call.context;
  try {
    validate(layer.spec);
  } catch (const Error& error) {
    throw Refusal(error.what());
  }
  Stage stage;
  stage.parents = std::move(parents);
  stage.node = call.index;
  stage.last_step = from.last_step;
  stage.features = new_axis(context, output_size(layer.spec), Role::features);
  stage.layer = std::move(layer);
  std::vector<Axis> axes = like.axes;
  axes.back() = stage.features;
  context.stages.push_back(std::move(stage));
  return Tensor{Sequence{context.stages.size() - 1, std::nullopt, from.last_step}, std::move(axes)};
}

}  // namespace carousel::loading::onnx
