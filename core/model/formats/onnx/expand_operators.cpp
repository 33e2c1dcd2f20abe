// SPDX-License-Identifier: Apache-2.0
// Expand, Tile and Pad: more elements of the same, or around them.
#include "attributes.hpp"
#include "frames.hpp"
#include "operators.hpp"
#include "sizes.hpp"

#include <algorithm>
#include <numeric>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"
#include "core/model/kinds/checks.hpp"

namespace carousel::loading::onnx {
namespace {

/// The atom of steps or batch rows that a size which is not known stands for.
std::optional<AtomId> only_atom(const Dim& size) {
  if (size.factor != 1 || size.atoms.size() != 1) return std::nullopt;
  return size.atoms.front();
}

bool has_role(const Atoms& atoms, const Tensor& tensor, Role role) {
  return std::ranges::any_of(tensor.axes, [&](const Axis& axis) { return atoms.any(axis, role); });
}

/// An axis of size 1 as often as there are steps: the flow stays one step, or `count` steps are
/// made of it.
Tensor repeated_steps(const Call& call, Tensor tensor, std::size_t axis, const Axis& steps) {
  fix_role(call.context, steps, Role::steps, "the axis along which it repeats values");
  if (has_role(call.atoms(), tensor, Role::steps)) {
    throw Refusal("repeats steps along another axis of steps");
  }
  tensor.axes[axis] = steps;
  tensor.repeats_step = true;
  return tensor;
}

/// An axis of size 1 as one of known size: features, unless what reads it needs steps.
Tensor repeated_element(const Call& call, const Tensor& tensor, std::size_t axis,
                        std::int64_t count) {
  const InputAxis position{call.node.output(0), axis};
  const auto& meanings = call.context.knowledge.meanings;
  const auto meaning = meanings.find(position);
  if (meaning != meanings.end() && meaning->second.role == Role::steps) {
    return repeated_steps(call, tensor, axis, new_axis(call.context, count, Role::steps, position));
  }
  Tensor result =
      picked(call, tensor, axis, std::vector<std::int64_t>(static_cast<std::size_t>(count), 0));
  if (!result.axes[axis].empty()) {
    call.context.atoms.set_origin(result.axes[axis].front(), position);
  }
  return result;
}

/// An axis of size 1 as another size.
Tensor expanded_axis(const Call& call, const Tensor& tensor, std::size_t axis, const Dim& size) {
  if (size.known()) return repeated_element(call, tensor, axis, size.factor);
  const std::optional<AtomId> atom = only_atom(size);
  if (atom && call.atoms()[*atom].role == Role::steps) {
    return repeated_steps(call, tensor, axis, {*atom});
  }
  const bool rows = atom && !has_role(call.atoms(), tensor, Role::batch) &&
                    call.atoms()[*atom].role == Role::batch;
  if (rows) {
    throw Refusal("repeats values of the network for each batch row");
  }
  throw Refusal("repeats values of the network along an axis of unknown size");
}

Tensor expanded_tensor(const Call& call, Tensor tensor, const Integers& to) {
  const std::size_t rank = std::max(tensor.axes.size(), to.elements.size());
  if (tensor.axes.size() < rank) {
    tensor.axes.insert(tensor.axes.begin(), rank - tensor.axes.size(), Axis{});
  }
  const std::size_t skipped = rank - to.elements.size();
  for (std::size_t k = skipped; k < rank; ++k) {
    const std::optional<Dim>& element = to.elements[k - skipped];
    if (!element) throw Refusal("its shape is not known");
    const Dim wanted = call.atoms().normal(*element);
    const bool same =
        wanted == Dim{} || wanted == Dim{-1, {}} || call.atoms().size_of(tensor.axes[k]) == wanted;
    if (same) continue;
    if (!tensor.axes[k].empty()) throw Refusal("its shape does not fit the axes of its operand");
    tensor = expanded_axis(call, tensor, k, wanted);
  }
  return tensor;
}

/// One element of a constant whose elements are all the same, with as many axes.
Array collapsed(const Array& array) {
  const std::size_t size = width(array.type);
  for (std::size_t at = size; at < array.data.size(); at += size) {
    if (!std::equal(array.data.begin(), array.data.begin() + static_cast<std::ptrdiff_t>(size),
                    array.data.begin() + static_cast<std::ptrdiff_t>(at))) {
      return array;
    }
  }
  Array one{array.type, Shape(array.shape.size(), 1), array.data};
  if (!one.data.empty()) one.data.resize(size);
  return one.data.empty() ? array : one;
}

/// A repeated constant, repeated further.
Value expanded_constant(const Repeated& operand, const Integers& to) {
  Repeated result = operand;
  const std::size_t rank = std::max(operand.sizes.size(), to.elements.size());
  Array array = collapsed(*operand.array);
  array.shape.insert(array.shape.begin(), rank - operand.sizes.size(), 1);
  result.sizes.insert(result.sizes.begin(), rank - operand.sizes.size(), Dim{});
  const std::size_t skipped = rank - to.elements.size();
  for (std::size_t k = skipped; k < rank; ++k) {
    const std::optional<Dim>& wanted = to.elements[k - skipped];
    if (wanted == Dim{}) continue;
    // An axis of another size that is known is of that size.
    if (result.sizes[k] == Dim{}) result.sizes[k] = wanted;
    if (wanted && result.sizes[k] != wanted && array.shape[k] != 1) {
      throw Refusal("repeats different values along an axis whose size is not known");
    }
  }
  result.array = std::make_shared<Array>(std::move(array));
  return simplified(std::move(result));
}

/// A single size for each row, say.
std::optional<Value> repeated_size(const Value& operand, std::vector<std::optional<Dim>> sizes) {
  const std::optional<Integers> integers = as_integers(operand);
  if (!integers || integers->elements.size() != 1 || !integers->elements[0]) return std::nullopt;
  return RepeatedSize{*integers->elements[0], std::move(sizes)};
}

Tensor tiled(const Call& call, Tensor tensor, const std::vector<std::optional<Dim>>& repeats) {
  if (repeats.size() != tensor.axes.size()) throw Malformed("needs as many repeats as axes");
  for (std::size_t k = 0; k < repeats.size(); ++k) {
    if (!repeats[k]) throw Refusal("its repeats are not known");
    const Dim count = call.atoms().normal(*repeats[k]);
    if (count == Dim{}) continue;
    if (tensor.axes[k].empty()) {
      tensor = expanded_axis(call, tensor, k, count);
      continue;
    }
    if (!call.atoms().all(tensor.axes[k], Role::features) || !count.known()) {
      throw Refusal("repeats values along the axis " + call.atoms().describe(tensor.axes[k]));
    }
    const std::int64_t size = *call.atoms().known_size(tensor.axes[k]);
    if (count.factor < 0 || (size > 0 && count.factor > kinds::kMaxSize / size)) {
      throw Refusal(
          formatted("repeats {} features {} times, to more than 2^20", size, count.factor));
    }
    std::vector<std::int64_t> indices;
    for (std::int64_t n = 0; n < count.factor; ++n) {
      for (std::int64_t i = 0; i < size; ++i) indices.push_back(i);
    }
    tensor = picked(call, tensor, k, indices);
  }
  return tensor;
}

}  // namespace

std::vector<Value> expand(const Call& call) {
  const std::optional<Integers> to = as_integers(call.input(1));
  if (!to) throw Refusal("its shape is not known");
  if (call.is_tensor(0)) return {expanded_tensor(call, call.tensor(0), *to)};
  if (const std::optional<Repeated> constant = as_repeated(call.input(0))) {
    return {expanded_constant(*constant, *to)};
  }
  if (auto size = repeated_size(call.input(0), to->elements)) return {std::move(*size)};
  throw Refusal("repeats sizes that are not known");
}

std::vector<Value> tile(const Call& call) {
  const std::optional<Integers> repeats = as_integers(call.input(1));
  if (!repeats) throw Refusal("its repeats are not known");
  if (call.is_tensor(0)) return {tiled(call, call.tensor(0), repeats->elements)};
  const Value known = simplified(*repeats);
  if (std::holds_alternative<Constant>(known) && std::holds_alternative<Constant>(call.input(0))) {
    const auto counts = known_integers(known, "its repeats");
    const Shape shape = known_shape(call.input(0));
    return {moved(call.context, call.input(0), pick_tiled(shape, counts))};
  }
  if (const std::optional<Repeated> constant = as_repeated(call.input(0))) {
    Repeated result = *constant;
    if (repeats->elements.size() != result.sizes.size()) {
      throw Malformed("needs as many repeats as axes");
    }
    for (std::size_t k = 0; k < result.sizes.size(); ++k) {
      if (repeats->elements[k] == Dim{}) continue;
      if (constant->array->shape[k] != 1) {
        throw Refusal("repeats different values along an axis whose size is not known");
      }
      const bool both = result.sizes[k] && repeats->elements[k];
      result.sizes[k] = both ? *result.sizes[k] * *repeats->elements[k] : std::nullopt;
    }
    return {simplified(std::move(result))};
  }
  if (auto size = repeated_size(call.input(0), repeats->elements)) return {std::move(*size)};
  throw Refusal("repeats sizes that are not known");
}

}  // namespace carousel::loading::onnx
