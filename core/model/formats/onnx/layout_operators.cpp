// SPDX-License-Identifier: Apache-2.0
// Operators that change no value: element types, order of axes, axes of size 1.
#include "attributes.hpp"
#include "elementwise.hpp"
#include "operators.hpp"
#include "tensors.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

constexpr std::size_t kMaxRank = 32;

template <class T>
std::vector<T> permuted(const std::vector<T>& items, const std::vector<std::int64_t>& perm) {
  std::vector<T> result;
  std::set<std::size_t> used;
  for (const std::int64_t axis : perm) {
    const std::size_t from = checked_axis(axis, items.size());
    used.insert(from);
    result.push_back(items[from]);
  }
  if (used.size() != items.size() || result.size() != items.size()) {
    throw Malformed(formatted("a permutation that does not fit {} axes", items.size()));
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
      throw Refusal(formatted("axis {} is not known to be of size 1", axis));
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
  if (rank > kMaxRank) throw Refusal(formatted("makes a tensor with {} axes", rank));
  std::set<std::size_t> inserted;
  for (const std::int64_t axis : positions) inserted.insert(checked_axis(axis, rank));
  if (inserted.size() != positions.size()) throw Malformed("inserts an axis twice");
  std::vector<T> result;
  auto next = items.begin();
  for (std::size_t k = 0; k < rank; ++k) result.push_back(inserted.contains(k) ? item : *next++);
  return result;
}

/// A repeated constant with another array and other sizes.
Value repeated(const Value& array, std::vector<std::optional<Dim>> sizes) {
  return simplified(Repeated{std::get<Constant>(array).array, std::move(sizes)});
}

/// All axes of size 1 are left out, if it is not said which; whole numbers and truth values are the
/// same numbers here.
Value cast_tensor(const Call& call, ElementType to) {
  Tensor tensor = call.raw_tensor(0);
  const bool from_truth = tensor.type == ElementType::boolean;
  if (to == ElementType::boolean && !from_truth) return to_truth(call, call.tensor(0));
  tensor.truncated = tensor.truncated || (!is_float(to) && !tensor.whole);
  tensor.type = to;
  return tensor;
}

std::vector<Value> cast_to(const Call& call, ElementType to) {
  const Value& operand = call.input(0);
  if (std::holds_alternative<Tensor>(operand)) return {cast_tensor(call, to)};
  if (const auto* constant = std::get_if<Constant>(&operand)) {
    // It changes no number, and weights keep the type that they are stored in.
    if (is_half(constant->array->type) && to == ElementType::f32) return {operand};
    return {constant_value(onnx::cast(*constant->array, to))};
  }
  if (const auto* filled = std::get_if<Repeated>(&operand)) {
    return {Repeated{std::make_shared<Array>(onnx::cast(*filled->array, to)), filled->sizes}};
  }
  if (is_float(to)) throw Refusal("makes a float of a size");
  return {operand};
}

}  // namespace

std::vector<Value> identity(const Call& call) { return {call.input(0)}; }

std::vector<Value> cast(const Call& call) {
  return cast_to(call, element_type(integer(call.node, "to", 0)));
}

std::vector<Value> cast_like(const Call& call) {
  const Value& like = call.input(1);
  if (const auto* tensor = std::get_if<Tensor>(&like)) return cast_to(call, tensor->type);
  if (const auto* constant = std::get_if<Constant>(&like)) {
    return cast_to(call, constant->array->type);
  }
  if (const auto* filled = std::get_if<Repeated>(&like)) return cast_to(call, filled->array->type);
  return cast_to(call, ElementType::i64);
}

std::vector<Value> dropout(const Call& call) {
  const bool training = call.has(2) && known_integers(*call.inputs[2], "its input training_mode") !=
                                           std::vector<std::int64_t>{0};
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
  if (call.is_tensor(0)) {
    Tensor tensor = call.raw_tensor(0);
    tensor.axes = permuted(tensor.axes, perm_of(tensor.axes.size()));
    return {std::move(tensor)};
  }
  if (const auto* size = std::get_if<RepeatedSize>(&operand)) {
    return {RepeatedSize{size->size, permuted(size->sizes, perm_of(size->sizes.size()))}};
  }
  if (const auto* filled = std::get_if<Repeated>(&operand)) {
    const auto perm = perm_of(filled->sizes.size());
    const Value array =
        moved(call.context, Constant{filled->array}, pick_transposed(filled->array->shape, perm));
    return {repeated(array, permuted(filled->sizes, perm))};
  }
  const Shape shape = known_shape(operand);
  return {moved(call.context, operand, pick_transposed(shape, perm_of(shape.size())))};
}

std::vector<Value> squeeze(const Call& call) {
  const Value& operand = call.input(0);
  const auto given = axes_argument(call, "axes", 1, 13);
  const auto dropped = [&](const auto& items, const auto& one) {
    std::vector<bool> is_one;
    is_one.reserve(items.size());
    for (const auto& item : items) is_one.push_back(item == one);
    return axes_to_squeeze(given, is_one);
  };
  const std::optional<Dim> one = Dim{};
  if (call.is_tensor(0)) {
    Tensor tensor = call.raw_tensor(0);
    tensor.axes = without(tensor.axes, dropped(tensor.axes, Axis{}));
    return {std::move(tensor)};
  }
  if (const auto* size = std::get_if<RepeatedSize>(&operand)) {
    return {RepeatedSize{size->size, without(size->sizes, dropped(size->sizes, one))}};
  }
  if (const auto* filled = std::get_if<Repeated>(&operand)) {
    const std::set<std::size_t> gone = dropped(filled->sizes, one);
    return {repeated(reshaped(Constant{filled->array}, without(filled->array->shape, gone)),
                     without(filled->sizes, gone))};
  }
  const Shape shape = known_shape(operand);
  return {reshaped(operand, without(shape, dropped(shape, std::int64_t{1})))};
}

std::vector<Value> unsqueeze(const Call& call) {
  const Value& operand = call.input(0);
  const auto axes = axes_argument(call, "axes", 1, 13);
  if (!axes) throw Malformed("has no axes");
  const std::optional<Dim> one = Dim{};
  if (call.is_tensor(0)) {
    Tensor tensor = call.raw_tensor(0);
    tensor.axes = with(tensor.axes, *axes, Axis{});
    return {std::move(tensor)};
  }
  if (const auto* size = std::get_if<RepeatedSize>(&operand)) {
    return {RepeatedSize{size->size, with(size->sizes, *axes, one)}};
  }
  if (const auto* filled = std::get_if<Repeated>(&operand)) {
    const Shape shape = with(filled->array->shape, *axes, std::int64_t{1});
    return {repeated(reshaped(Constant{filled->array}, shape), with(filled->sizes, *axes, one))};
  }
  return {reshaped(operand, with(known_shape(operand), *axes, std::int64_t{1}))};
}

}  // namespace carousel::loading::onnx
