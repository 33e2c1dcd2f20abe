// SPDX-License-Identifier: Apache-2.0
#include "interpreter.hpp"

#include "inputs.hpp"
#include "operator_table.hpp"
#include "tensors.hpp"

#include <algorithm>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// The shape of what a node that is not supported gives, where the file declares it.
void add_declared_shapes(Context& context, const Graph& graph, const std::string& name,
                         Value& value) {
  auto* unsupported = std::get_if<Unsupported>(&value);
  if (unsupported == nullptr || unsupported->axes) return;
  unsupported->axes = declared_axes(context, graph, name);
}

bool is_unsupported(const Value* value) {
  return value != nullptr && std::holds_alternative<Unsupported>(*value);
}

/// A shape is known of some values of which nothing else is.
bool needs_shape_only(const schema::NodeProto& node, const Value& value) {
  const bool shape = node.op_type() == "Shape" || node.op_type() == "Size";
  return shape && node.domain().empty() && std::get<Unsupported>(value).axes.has_value();
}

/// The elements of a constant; of what is known only when the network runs, none.
SharedArray constant_of(const Value& value) {
  if (const auto* constant = std::get_if<Constant>(&value)) return constant->array;
  if (const auto* repeated = std::get_if<Repeated>(&value)) return repeated->array;
  return nullptr;
}

/// Runs an operator. What it does with constants is counted, before it reads them and after it has
/// made them; how much it makes at once is bounded by the budget of memory.
std::vector<Value> run_counted(const Call& call, const KnownOperator& known) {
  Work& work = call.context.budget.work();
  std::size_t read = Work::kPerNode;
  std::set<SharedArray> there;
  for (const Value* input : call.inputs) {
    const SharedArray array = input == nullptr ? nullptr : constant_of(*input);
    if (array == nullptr) continue;
    read += array->size();
    there.insert(array);
  }
  work.take(read, "reads constants");
  std::vector<Value> values = known.run(call);
  std::size_t written = 0;
  for (const Value& value : values) {
    const SharedArray array = constant_of(value);
    if (array != nullptr && there.insert(array).second) written += array->size();
  }
  work.take(written, "makes constants");
  return values;
}

}  // namespace

Interpreter::Interpreter(const Graph& graph, std::int64_t operator_set,
                         const std::optional<std::filesystem::path>& folder, std::size_t file_size,
                         Work& work, const LoadOptions& options, Knowledge& knowledge)
    : context_{.folder = folder,
               .budget = Budget(file_size, work),
               .options = options,
               .knowledge = knowledge,
               .operator_set = operator_set} {
  scopes_.push_back(std::make_unique<Scope>(Scope{graph}));
}

void Interpreter::evaluate(const std::vector<std::string>& targets,
                           const std::optional<std::size_t>& first) {
  Scope& scope = *scopes_.front();
  cut_ = first.has_value();
  for (const std::size_t index : scope.graph.nodes_before(targets)) {
    const std::set<std::string> reads = scope.graph.reads(index);
    const bool is_inside =
        cut_ && (index == *first || std::ranges::any_of(reads, [&](const std::string& name) {
                   return inside_.contains(name);
                 }));
    if (is_inside) {
      for (const std::string& output : scope.graph.node(index).output()) inside_.insert(output);
    }
    run_node(scope, index);
  }
  for (const std::string& target : targets) look_up(scope, target, "output " + quote(target));
}

const Value& Interpreter::value(const std::string& name) const {
  return scopes_.front()->values.at(name);
}

Value Interpreter::read_constant(const Scope& scope, const std::string& name,
                                 const std::string& reader) {
  const schema::TensorProto* tensor = scope.graph.initializer(name);
  if (tensor == nullptr) return Unsupported{reader, "reads the sparse tensor " + quote(name)};
  try {
    return constant_value(read_tensor(*tensor, context_.folder, context_.budget));
  } catch (const Refusal& refusal) {
    return Unsupported{reader, formatted("reads the tensor {}: {}", quote(name), refusal.what()),
                       refusal.code()};
  }
}

const Value* Interpreter::look_up(Scope& scope, const std::string& name,
                                  const std::string& reader) {
  if (name.empty()) return nullptr;  // an input that is left out
  const auto found = scope.values.find(name);
  if (found != scope.values.end()) return &found->second;
  if (!scope.graph.defines(name) && scope.outer != nullptr) {
    const bool at_border = scope.outer == scopes_.front().get() && cut_ && !inside_.contains(name);
    return at_border ? enter(name, reader) : look_up(*scope.outer, name, reader);
  }
  Value made = scope.graph.is_input(name) ? input_value(context_, scope.graph, name)
                                          : read_constant(scope, name, reader);
  return &scope.values.emplace(name, std::move(made)).first->second;
}

const Value* Interpreter::enter(const std::string& name, const std::string& reader) {
  const auto found = entered_.find(name);
  if (found != entered_.end()) return &found->second;
  Scope& scope = *scopes_.front();
  const Value* outside = look_up(scope, name, reader);
  const bool enters = std::holds_alternative<Tensor>(*outside) || is_unsupported(outside);
  if (!enters || scope.graph.inputs_before(name).empty()) return outside;
  Value made = entering_value(context_, scope.graph, name, *outside);
  return &entered_.emplace(name, std::move(made)).first->second;
}

std::vector<Value> Interpreter::results(Scope& scope, std::size_t index) {
  const schema::NodeProto& node = scope.graph.node(index);
  Call call{context_, scope.graph, node, scope.graph.describe(index)};
  const bool top = &scope == scopes_.front().get();
  const bool is_inside =
      top && cut_ && std::ranges::any_of(node.output(), [&](const std::string& name) {
        return inside_.contains(name);
      });
  for (const std::string& input : node.input()) {
    const bool enters = is_inside && !input.empty() && !inside_.contains(input);
    call.inputs.push_back(enters ? enter(input, call.where) : look_up(scope, input, call.where));
    if (is_unsupported(call.inputs.back()) && !needs_shape_only(node, *call.inputs.back())) {
      Unsupported reason = std::get<Unsupported>(*call.inputs.back());
      reason.axes.reset();
      return {std::move(reason)};
    }
  }
  call.run_branch = [this, &scope](const Call& from, const Subgraph& branch) {
    return run_branch(scope, from, branch);
  };
  if (const KnownOperator* known = find_operator(node)) {
    check_attributes(node, *known, context_.operator_set);
    check_counts(node, *known, context_.operator_set);
    return run_counted(call, *known);
  }
  const std::string inside = find_recurrent_inside(node);
  throw Refusal("this operator is not supported" + (inside.empty()
                                                        ? "; supported are " + supported_operators()
                                                        : ", which hides " + inside));
}

void Interpreter::run_node(Scope& scope, std::size_t index) {
  const schema::NodeProto& node = scope.graph.node(index);
  std::vector<Value> values;
  try {
    values = results(scope, index);
  } catch (const Refusal& refusal) {
    values = {Unsupported{scope.graph.describe(index), refusal.what(), refusal.code()}};
  }
  // An operator that failed fails for all its outputs.
  const bool failed = values.size() == 1 && is_unsupported(&values.front());
  for (int k = 0; k < node.output_size(); ++k) {
    if (node.output(k).empty()) continue;
    const auto position = static_cast<std::size_t>(k);
    Value value =
        Unsupported{scope.graph.describe(index), formatted("its output {} is not supported", k)};
    if (failed) {
      value = values.front();
    } else if (position < values.size()) {
      value = std::move(values[position]);
    }
    add_declared_shapes(context_, scope.graph, node.output(k), value);
    scope.values.emplace(node.output(k), std::move(value));
  }
}

std::vector<Value> Interpreter::run_branch(Scope& scope, const Call& call, const Subgraph& branch) {
  auto owned = std::make_unique<Graph>(branch.graph, scope.graph,
                                       formatted("the {} of {}", branch.label, call.where));
  scopes_.push_back(std::make_unique<Scope>(Scope{*owned, &scope}));
  Scope& inner = *scopes_.back();
  inner.owned = std::move(owned);
  inner.values = branch.given;
  std::vector<std::string> targets;
  for (const schema::ValueInfoProto& output : branch.graph.output()) {
    targets.push_back(output.name());
    if (branch.first_output_only) break;
  }
  for (const std::size_t index : inner.graph.nodes_before(targets)) run_node(inner, index);
  std::vector<Value> values;
  values.reserve(targets.size());
  for (const std::string& target : targets) {
    values.push_back(*look_up(inner, target, call.where));
  }
  return values;
}

}  // namespace carousel::loading::onnx
