// SPDX-License-Identifier: Apache-2.0
#include "interpreter.hpp"

#include "recurrent_node.hpp"
#include "tensors.hpp"

#include <algorithm>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

/// Axes of an input whose shape the file does not declare: it is a sequence or a state.
constexpr std::size_t kSequenceRank = 3;

/// The declared shape of a value; nothing where the file does not say.
const schema::TensorShapeProto* declared_shape(const Graph& graph, const std::string& name) {
  const schema::TypeProto* type = graph.type(name);
  const bool has = type != nullptr && type->has_tensor_type() && type->tensor_type().has_shape();
  return has ? &type->tensor_type().shape() : nullptr;
}

}  // namespace

std::vector<std::size_t> needed_nodes(const Graph& graph, const std::vector<std::string>& targets,
                                      const std::optional<std::string>& start) {
  std::vector<bool> needed(graph.node_count(), false);
  std::vector<std::string> open = targets;
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    if (name == start) continue;
    const std::optional<std::size_t> made = graph.producer(name);
    if (!made || needed[*made]) continue;
    needed[*made] = true;
    const auto& inputs = graph.node(*made).input();
    open.insert(open.end(), inputs.begin(), inputs.end());
  }
  std::vector<std::size_t> result;
  for (std::size_t n = 0; n < needed.size(); ++n) {
    if (needed[n]) result.push_back(n);
  }
  return result;
}

Interpreter::Interpreter(const Graph& graph, const std::optional<std::filesystem::path>& folder,
                         std::size_t file_size)
    : context_{.graph = graph,
               .folder = folder,
               .budget = Budget(file_size),
               .atoms = {},
               .stages = {},
               .input_axes = {},
               .sequence_inputs = {},
               .lengths_input = {},
               .state_inputs = {}} {}

void Interpreter::evaluate(const std::vector<std::string>& targets,
                           const std::optional<std::string>& start) {
  if (start) values_.emplace(*start, new_input(*start));
  for (const std::size_t index : needed_nodes(context_.graph, targets, start)) run_node(index);
  for (const std::string& target : targets) look_up(target, context_.graph.node_count());
}

const Value& Interpreter::value(const std::string& name) const { return values_.at(name); }

Tensor Interpreter::new_input(const std::string& name) {
  std::vector<Axis>& axes = context_.input_axes[name];
  const schema::TensorShapeProto* shape = declared_shape(context_.graph, name);
  if (shape == nullptr) {
    for (std::size_t k = 0; k < kSequenceRank; ++k) {
      axes.push_back(new_axis(context_, std::nullopt, Role::none));
    }
    return {GraphInput{name, std::nullopt}, axes};
  }
  for (const schema::TensorShapeProto::Dimension& dimension : shape->dim()) {
    const bool fixed = dimension.has_dim_value() && dimension.dim_value() > 0;
    axes.push_back(new_axis(context_, fixed ? std::optional(dimension.dim_value()) : std::nullopt,
                            Role::none));
    if (!axes.back().empty()) context_.atoms[axes.back().front()].name = dimension.dim_param();
  }
  return {GraphInput{name, std::nullopt}, axes};
}

Value Interpreter::read_constant(const std::string& name, std::size_t reader) {
  const schema::TensorProto* tensor = context_.graph.initializer(name);
  if (tensor == nullptr) {
    return Unsupported{reader, "reads the sparse tensor " + quote(name)};
  }
  try {
    return Constant{
        std::make_shared<Array>(read_tensor(*tensor, context_.folder, context_.budget))};
  } catch (const Refusal& refusal) {
    return Unsupported{reader, "reads the tensor " + quote(name) + ": " + refusal.what(),
                       refusal.code()};
  }
}

const Value* Interpreter::look_up(const std::string& name, std::size_t reader) {
  if (name.empty()) return nullptr;  // an input that is left out
  const auto found = values_.find(name);
  if (found != values_.end()) return &found->second;
  Value made = context_.graph.is_input(name) ? Value(new_input(name)) : read_constant(name, reader);
  return &values_.emplace(name, std::move(made)).first->second;
}

std::vector<Value> Interpreter::results(std::size_t index) {
  const schema::NodeProto& node = context_.graph.node(index);
  Call call{context_, node, index, {}};
  for (const std::string& input : node.input()) {
    call.inputs.push_back(look_up(input, index));
    const Value* value = call.inputs.back();
    if (value != nullptr && std::holds_alternative<Unsupported>(*value)) return {*value};
  }
  const Operator run = find_operator(node);
  if (run == nullptr) {
    throw Refusal("this operator is not supported; supported are " + supported_operators());
  }
  return run(call);
}

void Interpreter::run_node(std::size_t index) {
  const schema::NodeProto& node = context_.graph.node(index);
  std::vector<Value> values;
  try {
    values = results(index);
  } catch (const Refusal& refusal) {
    values = {Unsupported{index, refusal.what(), refusal.code()}};
  }
  // An operator that failed fails for all its outputs.
  const bool failed = values.size() == 1 && std::holds_alternative<Unsupported>(values.front());
  for (int k = 0; k < node.output_size(); ++k) {
    if (node.output(k).empty()) continue;
    const auto position = static_cast<std::size_t>(k);
    if (failed) {
      values_.emplace(node.output(k), values.front());
    } else if (position < values.size()) {
      values_.emplace(node.output(k), std::move(values[position]));
    } else {
      values_.emplace(node.output(k),
                      Unsupported{index, "its output " + std::to_string(k) + " is not supported"});
    }
  }
}

}  // namespace carousel::loading::onnx
