// SPDX-License-Identifier: Apache-2.0
// Functions of every element by itself, softmax, and the choice between two values.
#include "attributes.hpp"
#include "elementwise.hpp"
#include "functions.hpp"
#include "operators.hpp"
#include "sizes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

using Operation = ElementwiseOperation;

constexpr float kLargest = std::numeric_limits<float>::max();

/// Folds what is constant; nothing for a tensor of the network.
std::optional<Value> folded(const Call& call) {
  if (call.is_tensor(0)) return std::nullopt;
  const std::string& name = call.node.op_type();
  if (const std::optional<Repeated> constant = as_repeated(call.input(0))) {
    call.context.budget.take(constant->array->data.size());
    return simplified(
        Repeated{std::make_shared<Array>(fold_unary(name, *constant->array)), constant->sizes});
  }
  throw Refusal("is not supported for sizes that are not known");
}

/// A limit of a Clip: an attribute before operator set 11, then an input.
std::optional<double> limit(const Call& call, const char* attribute, std::size_t input) {
  if (call.operator_set() < 11) {
    if (find_attribute(call.node, attribute) == nullptr) return std::nullopt;
    return real(call.node, attribute, 0.0F);
  }
  if (!call.has(input)) return std::nullopt;
  const std::vector<double> values = to_doubles(call.constant(input, attribute));
  if (values.size() != 1) throw Malformed(formatted("its {} is no single number", attribute));
  return values[0];
}

/// Whether values of that flow are finite whatever finite numbers the network is given, overflow of
/// sums aside: nothing that it is computed from divides or raises to a power. `left` bounds the
/// search.
bool stays_finite(const Network& network, std::size_t at, int left) {
  const Flow& flow = network[at];
  if (flow.kind != Flow::Kind::layer || std::holds_alternative<RecurrentSpec>(flow.layer.spec)) {
    return true;
  }
  if (left == 0) return false;
  if (const auto* function = std::get_if<ActivationSpec>(&flow.layer.spec)) {
    const ActivationKind kind = function->function.kind;
    if (kind == ActivationKind::exp || kind == ActivationKind::log ||
        kind == ActivationKind::sqrt || kind == ActivationKind::reciprocal ||
        kind == ActivationKind::log_softmax) {
      return false;
    }
  }
  if (const auto* operation = std::get_if<ElementwiseSpec>(&flow.layer.spec)) {
    if (operation->operation == Operation::divide || operation->operation == Operation::power) {
      return false;
    }
  }
  return std::ranges::all_of(
      flow.parents, [&](std::size_t parent) { return stays_finite(network, parent, left - 1); });
}

/// One side of a choice times the truth value that selects it. What is not selected must be finite,
/// as infinity times 0 is no number.
Value selected(const Call& call, const Tensor& truth, std::size_t input) {
  constexpr int depth = 256;
  if (call.is_tensor(input)) {
    const Tensor side = call.tensor(input);
    if (!stays_finite(call.context.network, side.flow, depth)) {
      throw Refusal(formatted("chooses between values of which input {} could be infinite", input));
    }
    return combine(call, Operation::multiply, truth, side);
  }
  const std::optional<Repeated> side = as_repeated(call.input(input));
  if (!side) throw Refusal("chooses sizes by values of the network");
  const std::vector<double> values = to_doubles(*side->array);
  const bool finite = std::ranges::all_of(values, [](double v) { return std::abs(v) <= kLargest; });
  if (!finite) throw Refusal("chooses a number that is not finite");
  const bool zeros = std::ranges::all_of(values, [](double v) { return v == 0.0; });
  if (zeros && values.size() == 1) return Constant{side->array};
  return combine(call, Operation::multiply, truth, *side->array);
}

std::vector<Value> choose(const Call& call) {
  const Tensor truth = to_truth(call, call.tensor(0));
  const Value yes = selected(call, truth, 1);
  const Value no = selected(call, negated_truth(call, truth), 2);
  const auto* a = std::get_if<Tensor>(&yes);
  const auto* b = std::get_if<Tensor>(&no);
  if (a == nullptr && b == nullptr) return {combine(call, Operation::multiply, truth, 0.0)};
  if (a == nullptr || b == nullptr) {
    Tensor only = a == nullptr ? *b : *a;
    only.type = ElementType::f32;
    return {only};
  }
  Tensor result = combine(call, Operation::add, *a, *b);
  result.type = call.is_tensor(1)   ? call.tensor(1).type
                : call.is_tensor(2) ? call.tensor(2).type
                                    : ElementType::f32;
  return {result};
}

/// The features that softmax works along; before operator set 13 all axes from the given one on.
Axis softmax_axis(const Call& call, const Tensor& tensor) {
  const bool since_13 = call.operator_set() >= 13;
  const std::size_t axis =
      checked_axis(integer(call.node, "axis", since_13 ? -1 : 1), tensor.axes.size());
  Axis along;
  for (std::size_t k = axis; k < (since_13 ? axis + 1 : tensor.axes.size()); ++k) {
    along.insert(along.end(), tensor.axes[k].begin(), tensor.axes[k].end());
  }
  if (call.atoms().all(along, Role::features)) return along;
  throw Refusal(formatted("works along axis {} of {}, which must be features", axis,
                          call.atoms().describe(tensor.axes)));
}

}  // namespace

std::vector<Value> unary(const Call& call) {
  if (std::optional<Value> value = folded(call)) return {std::move(*value)};
  const Tensor tensor = call.tensor(0);
  if (call.node.op_type() == "Not") return {negated_truth(call, to_truth(call, tensor))};
  Tensor result = apply_function(call, tensor, read_function(call.node));
  const ActivationKind kind = read_function(call.node).kind;
  result.whole =
      kind == ActivationKind::floor || kind == ActivationKind::ceil ||
      kind == ActivationKind::round || kind == ActivationKind::sign ||
      (tensor.whole && (kind == ActivationKind::abs || kind == ActivationKind::negative));
  return {std::move(result)};
}

std::vector<Value> activation(const Call& call) {
  if (std::optional<Value> value = folded(call)) return {std::move(*value)};
  Tensor result = apply_function(call, call.tensor(0), read_function(call.node));
  result.whole = false;
  return {std::move(result)};
}

std::vector<Value> clip(const Call& call) {
  const std::optional<double> least = limit(call, "min", 1);
  const std::optional<double> most = limit(call, "max", 2);
  if (!call.is_tensor(0)) {
    Value value = call.input(0);
    const auto bound = [&](const char* name, const std::optional<double>& number) {
      if (!number) return;
      const Value constant = constant_value(from_doubles(ElementType::f64, {}, {*number}));
      std::optional<Value> result = constant_arithmetic(name, value, constant);
      if (!result) throw Refusal("is not supported for sizes that are not known");
      value = std::move(*result);
    };
    bound("Max", least);
    bound("Min", most);
    return {std::move(value)};
  }
  Tensor result = call.tensor(0);
  const bool whole = result.whole;
  const Activation function{ActivationKind::clip, static_cast<float>(least.value_or(-INFINITY)),
                            static_cast<float>(most.value_or(INFINITY))};
  if (least && most) {
    result = apply_function(call, result, function);
    result.whole = whole && std::floor(*least) == *least && std::floor(*most) == *most;
  } else if (least) {
    result = combine(call, Operation::maximum, result, *least);
  } else if (most) {
    result = combine(call, Operation::minimum, result, *most);
  }
  return {std::move(result)};
}

std::vector<Value> softmax(const Call& call) {
  const Tensor tensor = call.tensor(0);
  const Axis along = softmax_axis(call, tensor);
  const Tensor last = with_last(call, tensor, along);
  ActivationSpec spec{read_function(call.node), frame_size(call.atoms(), last.layout)};
  const std::int64_t group = frame_size(call.atoms(), along);
  if (group != spec.size) spec.group = group;
  Tensor result = apply(call, last, {.spec = spec});
  result.whole = false;
  return {std::move(result)};
}

std::vector<Value> where(const Call& call) {
  if (call.is_tensor(0)) return choose(call);
  if (std::optional<Value> sizes = size_choice(call)) return {std::move(*sizes)};
  const auto* condition = std::get_if<Constant>(&call.input(0));
  if (condition == nullptr) throw Refusal("its condition is not known");
  const std::vector<std::int64_t> truth = to_integers(*condition->array);
  const bool same =
      std::ranges::all_of(truth, [&](std::int64_t v) { return (v != 0) == (truth.front() != 0); });
  if (truth.empty() || !same) throw Refusal("its condition is a constant of different values");
  const Value& chosen = call.input(truth.front() != 0 ? 1 : 2);
  const Value& other = call.input(truth.front() != 0 ? 2 : 1);
  const bool small =
      condition->array->size() == 1 && as_repeated(other) && as_repeated(other)->array->size() == 1;
  if (!small) throw Refusal("its condition is a constant");
  return {chosen};
}

}  // namespace carousel::loading::onnx
