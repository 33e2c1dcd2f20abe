// SPDX-License-Identifier: Apache-2.0
// Arithmetic, comparisons and logic of two operands.
#include "attributes.hpp"
#include "bias.hpp"
#include "elementwise.hpp"
#include "operators.hpp"
#include "sizes.hpp"
#include "values.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

using Operation = ElementwiseOperation;

/// An operator as an operation, and whether the result is then negated.
struct Meaning {
  std::string_view name;
  Operation operation;
  bool negate = false;
  bool of_truth = false;  ///< The operands are truth values.
};

constexpr Meaning kMeanings[] = {
    {"Add", Operation::add},
    {"Sub", Operation::subtract},
    {"Mul", Operation::multiply},
    {"Div", Operation::divide},
    {"Pow", Operation::power},
    {"PRelu", Operation::prelu},
    {"Min", Operation::minimum},
    {"Max", Operation::maximum},
    {"Equal", Operation::equal},
    {"Less", Operation::less},
    {"Greater", Operation::greater},
    {"LessOrEqual", Operation::greater, true},
    {"GreaterOrEqual", Operation::less, true},
    {"And", Operation::multiply, false, true},
    {"Or", Operation::maximum, false, true},
    {"Xor", Operation::equal, true, true},
};

const Meaning& meaning_of(const std::string& name) {
  const auto* found = std::ranges::find(kMeanings, name, &Meaning::name);
  if (found == std::end(kMeanings)) throw Refusal("is not supported for values of the network");
  return *found;
}

/// The constant among the operands, which must not be larger than the tensor where it is repeated.
Array constant_operand(const Value& value, const Tensor& tensor) {
  const std::optional<Repeated> constant = as_repeated(value);
  if (!constant) {
    throw Refusal("has a size as an operand, which is known only when the network runs");
  }
  const std::size_t rank = constant->sizes.size();
  for (std::size_t k = 0; k < rank; ++k) {
    const bool repeated = constant->array->shape[k] == 1 && constant->sizes[k] != Dim{};
    const bool has_axis =
        rank - k <= tensor.axes.size() && !tensor.axes[tensor.axes.size() - (rank - k)].empty();
    if (repeated && !has_axis) {
      throw Refusal("repeats values of the network as often as the graph's sizes say");
    }
  }
  return *constant->array;
}

/// An Add after a MatMul or Conv is its bias, unless something else reads what comes before it.
std::optional<Tensor> as_bias(const Call& call, std::size_t input, const Tensor& tensor,
                              const Array& constant) {
  if (call.graph.readers(call.node.input(static_cast<int>(input))) > 1) return std::nullopt;
  return with_bias(call, tensor, constant);
}

/// A power with an exponent that is cheaper, and more exact, as something else.
std::optional<Tensor> as_product(const Call& call, const Tensor& tensor, const Array& exponent) {
  const std::vector<double> values = to_doubles(exponent);
  if (values.size() != 1 || exponent.shape.size() > tensor.axes.size()) return std::nullopt;
  if (values[0] == 1.0) return tensor;
  if (values[0] == 2.0) return combine(call, Operation::multiply, tensor, tensor);
  if (values[0] == 3.0) {
    const Tensor square = combine(call, Operation::multiply, tensor, tensor);
    return combine(call, Operation::multiply, square, tensor);
  }
  if (values[0] == 0.5) return apply_function(call, tensor, {ActivationKind::sqrt});
  return std::nullopt;
}

/// The same slope for all elements makes it a function.
std::optional<Tensor> as_leaky(const Call& call, const Tensor& tensor, const Array& slope) {
  const std::vector<double> values = to_doubles(slope);
  const bool same = std::ranges::all_of(values, [&](double v) { return v == values.front(); });
  if (values.empty() || !same) return std::nullopt;
  return apply_function(call, tensor, {ActivationKind::leaky_relu, to_float(values.front())});
}

/// Also where all elements are the same, so that it would not matter which of them are taken.
void check_broadcast(const Call& call, const Tensor& tensor, const Array& constant) {
  const std::size_t common = std::min(constant.shape.size(), tensor.axes.size());
  for (std::size_t k = 1; k <= common; ++k) {
    const Axis& axis = tensor.axes[tensor.axes.size() - k];
    const std::int64_t size = constant.shape[constant.shape.size() - k];
    const std::optional<std::int64_t> known = call.atoms().known_size(axis);
    if (axis.empty() || !known || size == 1 || size == *known) continue;
    throw Malformed(formatted("the shapes {} and {} cannot be broadcast to one",
                              call.atoms().describe(tensor.axes), shape_text(constant.shape)));
  }
}

Tensor with_constant(const Call& call, const Meaning& meaning, std::size_t input) {
  Tensor tensor = call.tensor(input);
  Array constant = constant_operand(call.input(1 - input), tensor);
  check_broadcast(call, tensor, constant);
  const bool first = input == 1;
  std::optional<Tensor> made;
  if (meaning.name == "Add") made = as_bias(call, input, tensor, constant);
  if (meaning.name == "Pow" && !first) made = as_product(call, tensor, constant);
  if (meaning.name == "PRelu" && !first) made = as_leaky(call, tensor, constant);
  if (made) return *made;
  if (meaning.of_truth) constant = cast(constant, ElementType::boolean);
  return combine(call, meaning.operation, tensor, constant, first);
}

Tensor of_two(const Call& call, const Meaning& meaning) {
  if (!call.is_tensor(0)) return with_constant(call, meaning, 1);
  if (!call.is_tensor(1)) return with_constant(call, meaning, 0);
  return combine(call, meaning.operation, call.tensor(0), call.tensor(1));
}

/// Before operator set 7 an attribute said that shapes are broadcast, and where.
void refuse_old_broadcast(const Call& call) {
  constexpr std::int64_t kUsualRules = 7;
  if (call.operator_set() >= kUsualRules || integer(call.node, "broadcast", 0) == 0) return;
  throw Refusal(
      "broadcasts by the rules of operator sets before 7 (attribute 'broadcast'); convert "
      "the file to a newer one");
}

Value binary_of(const Call& call) {
  refuse_old_broadcast(call);
  const std::string& name = call.node.op_type();
  const Value& a = call.input(0);
  const Value& b = call.input(1);
  if (call.is_tensor(0) || call.is_tensor(1)) {
    const Meaning& meaning = meaning_of(name);
    Tensor result = of_two(call, meaning);
    if (meaning.negate) result = negated_truth(call, result);
    if (meaning.of_truth) result.type = ElementType::boolean;
    return result;
  }
  if (std::optional<Value> sizes = size_arithmetic(call, a, b)) return std::move(*sizes);
  if (std::optional<Value> folded = constant_arithmetic(name, a, b)) {
    const std::optional<Repeated> constant = as_repeated(*folded);
    call.context.budget.take(constant ? constant->array->data.size() : 0);
    return std::move(*folded);
  }
  throw Refusal("is not supported for sizes that are not known");
}

/// Sum and Mean add, Min and Max are themselves.
std::string step_name(const std::string& name) {
  return name == "Sum" || name == "Mean" ? "Add" : name;
}

}  // namespace

std::vector<Value> binary(const Call& call) { return {binary_of(call)}; }

std::vector<Value> variadic(const Call& call) {
  if (call.inputs.empty()) throw Malformed("has no operands");
  schema::NodeProto step = call.node;
  step.set_op_type(step_name(call.node.op_type()));
  Value result = call.input(0);
  for (std::size_t k = 1; k < call.inputs.size(); ++k) {
    const Value before = result;
    step.set_input(0, "");
    step.set_input(1, call.node.input(static_cast<int>(k)));
    const Call two{call.context, call.graph, step, call.where, {&before, &call.input(k)}};
    result = binary_of(two);
  }
  if (call.node.op_type() != "Mean") return {result};
  const auto* tensor = std::get_if<Tensor>(&result);
  if (tensor == nullptr) throw Refusal("is not supported for constants");
  return {combine(call, Operation::divide, *tensor, static_cast<double>(call.inputs.size()))};
}

}  // namespace carousel::loading::onnx
