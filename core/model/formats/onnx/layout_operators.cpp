// SPDX-License-Identifier: Apache-2.0
// Operators that change no value: element types, order of axes, axes of size 1, reshapes.
#include "attributes.hpp"
#include "operators.hpp"
#include "tensors.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

constexpr std::size_t kMaxRank = 32;

const Tensor* as_tensor(const Value& value) { return std::get_if<Tensor>(&value); }

bool is_filled(const Value& value) { return std::holds_alternative<Filled>(value); }

std::vector<Axis> permuted(const std::vector<Axis>& axes, const std::vector<std::int64_t>& perm) {
  std::vector<Axis> result;
  std::set<std::size_t> used;
  for (const std::int64_t axis : perm) {
    const std::size_t from = checked_axis(axis, axes.size());
    used.insert(from);
    result.push_back(axes[from]);
  }
  if (used.size() != axes.size() || result.size() != axes.size()) {
    throw Refusal("a permutation that does not fit " + std::to_string(axes.size()) + " axes");
  }
  return result;
}

/// The numbers of the axes to drop: those given, else all that are of size 1.
std::set<std::size_t> axes_to_squeeze(const std::optional<std::vector<std::int64_t>>& given,
                                      const std::vector<bool>& is_one) {
  std::set<std::size_t> result;
  for (std::size_t a = 0; a < is_one.size() && !given; ++a) {
    if (is_one[a]) result.insert(a);
  }
  for (const std::int64_t axis : given.value_or(std::vector<std::int64_t>{})) {
    const std::size_t checked = checked_axis(axis, is_one.size());
    if (!is_one[checked]) {
      throw Refusal("axis " + std::to_string(axis) + " is not known to be of size 1");
    }
    result.insert(checked);
  }
  return result;
}

template <class T>
std::vector<T> without(const std::vector<T>& items, const std::set<std::size_t>& dropped) {
  std::vector<T> result;
  for (std::size_t k = 0; k < items.size(); ++k) {
    if (!dropped.contains(k)) result.push_back(items[k]);
  }
  return result;
}

/// Inserts `item` so that it stands at those positions of the result.
template <class T>
std::vector<T> with(const std::vector<T>& items, const std::vector<std::int64_t>& positions,
                    const T& item) {
  const std::size_t rank = items.size() + positions.size();
  std::set<std::size_t> inserted;
  for (const std::int64_t axis : positions) inserted.insert(checked_axis(axis, rank));
  if (inserted.size() != positions.size()) throw Refusal("inserts an axis twice");
  if (rank > kMaxRank) throw Refusal("makes a tensor with " + std::to_string(rank) + " axes");
  std::vector<T> result;
  auto next = items.begin();
  for (std::size_t k = 0; k < rank; ++k) result.push_back(inserted.contains(k) ? item : *next++);
  return result;
}

/// What a reshape asks for: sizes, or "whatever is left".
struct Target {
  std::vector<Dim> sizes;
  std::optional<std::size_t> inferred;  ///< Index of the axis given as -1.
};

Target read_target(const Call& call, const std::vector<Axis>& axes) {
  const std::optional<Integers> given = as_integers(call.input(1));
  if (!given || given->shape.size() != 1) throw Refusal("its shape is not known");
  const bool zero_is_size = integer(call.node, "allowzero", 0) != 0;
  Target target;
  for (std::size_t k = 0; k < given->elements.size(); ++k) {
    std::optional<Dim> size = given->elements[k];
    if (size == Dim{0, {}} && !zero_is_size && k < axes.size()) {
      size = size_of(axes[k], call.context.atoms);
    }
    if (!size) throw Refusal("its shape is not known");
    if (size == Dim{-1, {}}) {
      if (target.inferred) throw Refusal("its shape has -1 twice");
      target.inferred = k;
    }
    target.sizes.push_back(*size);
  }
  return target;
}

/// Takes atoms from one end of [begin, end) until they make up `size`.
Axis take(const Dim& size, const std::vector<Atom>& atoms, bool from_end, Axis& rest) {
  Axis taken;
  std::optional<Dim> product = Dim{};
  while (product != size) {
    if (rest.empty()) throw Refusal("reshapes axes into others than whole ones of them");
    const auto at = from_end ? rest.end() - 1 : rest.begin();
    taken.insert(from_end ? taken.begin() : taken.end(), *at);
    rest.erase(at);
    product = size_of(taken, atoms);
  }
  return taken;
}

/// Distributes the atoms, in their order, over axes of the wanted sizes.
std::vector<Axis> regrouped(const std::vector<Axis>& axes, const Target& target,
                            const std::vector<Atom>& atoms) {
  Axis rest;
  for (const Axis& axis : axes) rest.insert(rest.end(), axis.begin(), axis.end());
  const std::size_t count = target.sizes.size();
  const std::size_t middle = target.inferred.value_or(count);
  std::vector<Axis> result(count);
  for (std::size_t k = 0; k < middle; ++k) result[k] = take(target.sizes[k], atoms, false, rest);
  for (std::size_t k = count; k-- > middle + 1;) {
    result[k] = take(target.sizes[k], atoms, true, rest);
  }
  if (target.inferred) {
    result[middle] = rest;
  } else if (!rest.empty()) {
    throw Refusal("reshapes to fewer elements than there are");
  }
  return result;
}

/// The target of a reshape of known elements, with -1 and 0 replaced.
Shape known_target(const Call& call, const Shape& from) {
  Shape target = known_integers(call.input(1), "its shape");
  const bool zero_is_size = integer(call.node, "allowzero", 0) != 0;
  std::int64_t product = 1;
  for (std::size_t k = 0; k < target.size(); ++k) {
    if (target[k] == 0 && !zero_is_size && k < from.size()) target[k] = from[k];
    if (target[k] == -1) continue;
    const auto next = target[k] < 0 ? std::nullopt : checked_multiply(product, target[k]);
    if (!next) throw Refusal("its shape is " + shape_text(target));
    product = *next;
  }
  const auto inferred = std::ranges::find(target, -1);
  if (inferred != target.end()) *inferred = product == 0 ? 0 : checked_count(from) / product;
  return target;
}

/// A constant that is repeated along axes of size 1 only, to a size that is not known yet.
Value repeated(const Value& operand, const Integers& to) {
  if (const std::optional<Filled> filled = uniform(operand)) return *filled;
  const auto* constant = std::get_if<Constant>(&operand);
  bool fits = constant != nullptr && constant->array->shape.size() == to.elements.size();
  for (std::size_t k = 0; fits && k < to.elements.size(); ++k) {
    const std::int64_t size = constant->array->shape[k];
    fits = size == 1 || to.elements[k] == Dim{size, {}} || to.elements[k] == Dim{};
  }
  if (fits) return Repeated{constant->array};
  throw Refusal("repeats different values along an axis whose size is not known");
}

bool fits_expansion(const std::vector<Axis>& axes, const Integers& to,
                    const std::vector<Atom>& atoms) {
  if (to.elements.size() > axes.size()) return false;
  const std::size_t skipped = axes.size() - to.elements.size();
  for (std::size_t k = 0; k < to.elements.size(); ++k) {
    const std::optional<Dim>& wanted = to.elements[k];
    if (wanted != Dim{} && (!wanted || wanted != size_of(axes[skipped + k], atoms))) return false;
  }
  return true;
}

/// Between types of floats; and of integers, as ids and lengths are.
void check_cast(const Call& call, const Tensor& tensor, ElementType to) {
  const auto* input = std::get_if<GraphInput>(&tensor.source);
  const schema::TypeProto* type = input == nullptr ? nullptr : call.context.graph.type(input->name);
  const bool from_integer = type != nullptr && type->has_tensor_type() &&
                            !is_float(element_type(type->tensor_type().elem_type()));
  if (is_float(to) || (from_integer && (to == ElementType::i64 || to == ElementType::i32))) return;
  throw Refusal("makes " + std::string(name(to)) + " of values of the network");
}

}  // namespace

std::vector<Value> identity(const Call& call) { return {call.input(0)}; }

std::vector<Value> cast(const Call& call) {
  const Value& operand = call.input(0);
  const std::int64_t number = integer(call.node, "to", 0);
  const ElementType to = element_type(number);
  if (const Tensor* tensor = as_tensor(operand)) check_cast(call, *tensor, to);
  if (const auto* constant = std::get_if<Constant>(&operand)) {
    return {Constant{std::make_shared<Array>(onnx::cast(*constant->array, to))}};
  }
  if (const auto* filled = std::get_if<Filled>(&operand)) {
    if (!is_float(to)) return {operand};
    if (!filled->integer) return {operand};
    if (!filled->integer->known()) throw Refusal("makes a float of a size");
    return {Filled{std::nullopt, static_cast<double>(filled->integer->factor)}};
  }
  if (std::holds_alternative<Integers>(operand) && is_float(to)) {
    throw Refusal("makes a float of a size");
  }
  return {operand};
}

std::vector<Value> dropout(const Call& call) {
  bool training = false;
  if (call.has(2))
    training =
        known_integers(*call.inputs[2], "its input training_mode") != std::vector<std::int64_t>{0};
  if (training) throw Refusal("is in training mode");
  return {call.input(0)};
}

std::vector<Value> transpose(const Call& call) {
  const Value& operand = call.input(0);
  const auto given = integers(call.node, "perm");
  const auto perm_of = [&](std::size_t rank) {
    std::vector<std::int64_t> reversed(rank);
    std::iota(reversed.rbegin(), reversed.rend(), 0);
    return given.value_or(reversed);
  };
  if (is_filled(operand)) return {operand};
  if (const Tensor* tensor = as_tensor(operand)) {
    return {Tensor{tensor->source, permuted(tensor->axes, perm_of(tensor->axes.size()))}};
  }
  const Shape shape = known_shape(operand);
  return {moved(call.context, operand, pick_transposed(shape, perm_of(shape.size())))};
}

std::vector<Value> squeeze(const Call& call) {
  const Value& operand = call.input(0);
  const auto given = axes_argument(call, "axes", 1, 13);
  if (is_filled(operand)) return {operand};
  std::vector<bool> is_one;
  if (const Tensor* tensor = as_tensor(operand)) {
    for (const Axis& axis : tensor->axes) is_one.push_back(axis.empty());
    return {Tensor{tensor->source, without(tensor->axes, axes_to_squeeze(given, is_one))}};
  }
  const Shape shape = known_shape(operand);
  for (const std::int64_t size : shape) is_one.push_back(size == 1);
  return {reshaped(operand, without(shape, axes_to_squeeze(given, is_one)))};
}

std::vector<Value> unsqueeze(const Call& call) {
  const Value& operand = call.input(0);
  const auto axes = axes_argument(call, "axes", 1, 13);
  if (!axes) throw Refusal("has no axes");
  if (is_filled(operand)) return {operand};
  if (const Tensor* tensor = as_tensor(operand)) {
    return {Tensor{tensor->source, with(tensor->axes, *axes, Axis{})}};
  }
  return {reshaped(operand, with(known_shape(operand), *axes, std::int64_t{1}))};
}

std::vector<Value> reshape(const Call& call) {
  const Value& operand = call.input(0);
  if (is_filled(operand)) return {operand};
  if (const Tensor* tensor = as_tensor(operand)) {
    const Target target = read_target(call, tensor->axes);
    return {Tensor{tensor->source, regrouped(tensor->axes, target, call.context.atoms)}};
  }
  return {reshaped(operand, known_target(call, known_shape(operand)))};
}

std::vector<Value> expand(const Call& call) {
  const Value& operand = call.input(0);
  const std::optional<Integers> to = as_integers(call.input(1));
  if (!to) throw Refusal("its shape is not known");
  if (const Tensor* tensor = as_tensor(operand)) {
    if (fits_expansion(tensor->axes, *to, call.context.atoms)) return {operand};
    throw Refusal("repeats values of the network");
  }
  if (is_filled(operand)) return {operand};
  const Value target = simplified(*to);
  if (std::holds_alternative<Constant>(target)) {
    const Shape shape = known_integers(target, "its shape");
    return {moved(call.context, operand, pick_expanded(known_shape(operand), shape))};
  }
  return {repeated(operand, *to)};
}

std::vector<Value> tile(const Call& call) {
  const Value& operand = call.input(0);
  if (is_filled(operand)) return {operand};
  const std::optional<Integers> repeats = as_integers(call.input(1));
  if (!repeats) throw Refusal("its repeats are not known");
  if (as_tensor(operand) != nullptr) {
    const bool once =
        std::ranges::all_of(repeats->elements, [](const auto& e) { return e == Dim{}; });
    if (once) return {operand};
    throw Refusal("repeats values of the network");
  }
  const Value known = simplified(*repeats);
  if (std::holds_alternative<Constant>(known)) {
    const auto counts = known_integers(known, "its repeats");
    return {moved(call.context, operand, pick_tiled(known_shape(operand), counts))};
  }
  if (const std::optional<Filled> filled = uniform(operand)) return {*filled};
  throw Refusal("repeats different values along an axis whose size is not known");
}

}  // namespace carousel::loading::onnx
