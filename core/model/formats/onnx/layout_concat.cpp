// SPDX-License-Identifier: Apache-2.0
// Concat: of constants and computed sizes; of final states; of the two directions of a layer; of
// the features of several sequences.
#include "attributes.hpp"
#include "operators.hpp"

#include <algorithm>
#include <cstring>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

constexpr std::size_t kMaxSlots = 4096;

/// The same kind of operand at every input, or null somewhere.
template <class T>
std::vector<const T*> operands_of(const Call& call) {
  std::vector<const T*> operands;
  for (std::size_t k = 0; k < call.inputs.size(); ++k) {
    operands.push_back(std::get_if<T>(&call.input(k)));
  }
  return operands;
}

template <class T>
bool all_are(const std::vector<const T*>& operands) {
  return !operands.empty() &&
         std::ranges::all_of(operands, [](const T* operand) { return operand != nullptr; });
}

/// Rows [outer, axis * inner] of all operands, side by side.
Value concat_constants(const Call& call, const std::vector<const Constant*>& operands) {
  const Array& first = *operands.front()->array;
  const std::size_t axis = checked_axis(integer(call.node, "axis", 0), first.shape.size());
  Array result{first.type, first.shape, {}};
  result.shape[axis] = 0;
  std::size_t bytes = 0;
  for (const Constant* operand : operands) {
    Shape shape = operand->array->shape;
    if (shape.size() != first.shape.size() || operand->array->type != first.type) {
      throw Malformed("its operands differ in rank or element type");
    }
    result.shape[axis] += shape[axis];
    shape[axis] = first.shape[axis];
    if (shape != first.shape) throw Malformed("its operands differ in another axis");
    bytes += operand->array->data.size();
  }
  call.context.budget.take(bytes);
  result.data.reserve(bytes);
  const auto at = first.shape.begin() + static_cast<std::ptrdiff_t>(axis);
  const std::int64_t outer = checked_count(Shape(first.shape.begin(), at));
  for (std::int64_t row = 0; row < outer; ++row) {
    for (const Constant* operand : operands) {
      const std::vector<std::byte>& data = operand->array->data;
      const std::size_t run = data.size() / static_cast<std::size_t>(outer);
      const auto begin = data.begin() + row * static_cast<std::ptrdiff_t>(run);
      result.data.insert(result.data.end(), begin, begin + static_cast<std::ptrdiff_t>(run));
    }
  }
  return Constant{std::make_shared<Array>(std::move(result))};
}

/// Sizes of a shape, one after another.
std::optional<Value> concat_sizes(const Call& call) {
  Integers result{{0}, {}};
  for (std::size_t k = 0; k < call.inputs.size(); ++k) {
    const std::optional<Integers> operand = as_integers(call.input(k));
    if (!operand || operand->shape.size() != 1) return std::nullopt;
    result.elements.insert(result.elements.end(), operand->elements.begin(),
                           operand->elements.end());
  }
  result.shape[0] = static_cast<std::int64_t>(result.elements.size());
  return simplified(std::move(result));
}

/// Whether all axes but one are of the same sizes.
bool same_but(const std::vector<Axis>& a, const std::vector<Axis>& b, std::size_t axis,
              const std::vector<Atom>& atoms) {
  if (a.size() != b.size()) return false;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (k != axis && size_of(a[k], atoms) != size_of(b[k], atoms)) return false;
  }
  return true;
}

bool is_slots(const Axis& axis, const std::vector<Atom>& atoms) {
  return axis.empty() || (axis.size() == 1 && atoms[axis.front()].role == Role::slots);
}

Value concat_states(const Call& call, const std::vector<const Tensor*>& tensors) {
  Context& context = call.context;
  const Tensor& first = *tensors.front();
  const std::size_t axis = checked_axis(integer(call.node, "axis", 0), first.axes.size());
  FinalState result{std::get<FinalState>(first.source).cell, {}};
  for (const Tensor* tensor : tensors) {
    const auto* state = std::get_if<FinalState>(&tensor->source);
    const bool fits = state != nullptr && state->cell == result.cell &&
                      same_but(tensor->axes, first.axes, axis, context.atoms) &&
                      is_slots(tensor->axes[axis], context.atoms);
    if (!fits) throw Refusal("joins a final state with something else than final states");
    result.slots.insert(result.slots.end(), state->slots.begin(), state->slots.end());
  }
  if (result.slots.size() > kMaxSlots) throw Refusal("joins too many states");
  std::vector<Axis> axes = first.axes;
  axes[axis] = new_axis(context, static_cast<std::int64_t>(result.slots.size()), Role::slots);
  return Tensor{std::move(result), std::move(axes)};
}

/// The forward and the reverse outputs of one layer, which a Split or Slice took apart.
Value concat_directions(const Call& call, const std::vector<const Tensor*>& tensors) {
  const Tensor& first = *tensors.front();
  const std::size_t axis = checked_axis(integer(call.node, "axis", 0), first.axes.size());
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    const auto* sequence = std::get_if<Sequence>(&tensors[k]->source);
    const auto& expected = std::get<Sequence>(first.source);
    const bool fits = tensors.size() == 2 && sequence != nullptr && sequence->part == k &&
                      sequence->stage == expected.stage && !sequence->last_step &&
                      tensors[k]->axes == first.axes;
    if (!fits) {
      throw Refusal("joins outputs other than the two directions of one layer, in their order");
    }
  }
  Sequence source = std::get<Sequence>(first.source);
  source.part.reset();
  std::vector<Axis> axes = first.axes;
  const Axis& features = call.context.stages[source.stage].features;
  const Axis of_one(features.begin() + 1, features.end());
  if (axes[axis] == of_one) {
    axes[axis] = features;
  } else if (axes[axis].empty()) {
    axes[axis] = {features.front()};
  } else {
    throw Refusal("joins the two directions of a layer along " +
                  describe({axes[axis]}, call.context.atoms));
  }
  return Tensor{source, std::move(axes)};
}

/// Concat makes axes the same that it does not join: an input of the graph learns the meaning of
/// its axes from the other operands. False when they count different things.
bool align(Context& context, const std::vector<Axis>& a, const std::vector<Axis>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t k = 0; k + 1 < a.size(); ++k) {
    if (a[k] == b[k]) continue;
    if (a[k].size() != 1 || b[k].size() != 1) return false;
    Atom& left = context.atoms[a[k].front()];
    Atom& right = context.atoms[b[k].front()];
    if (left.role == Role::none) left.role = right.role;
    if (right.role == Role::none) right.role = left.role;
    if (left.role != right.role || (left.size && right.size && left.size != right.size)) {
      return false;
    }
  }
  return true;
}

/// All features of several sequences, side by side.
Value concat_features(const Call& call, const std::vector<const Tensor*>& tensors) {
  Context& context = call.context;
  const Tensor& first = *tensors.front();
  const std::size_t axis = checked_axis(integer(call.node, "axis", 0), first.axes.size());
  if (axis + 1 != first.axes.size()) {
    throw Refusal("joins " + describe(first.axes, context.atoms) + " along axis " +
                  std::to_string(axis) + "; sequences can be joined along the last axis only");
  }
  ConcatenateSpec spec;
  std::vector<Sequence> parts;
  for (const Tensor* tensor : tensors) {
    if (!align(context, first.axes, tensor->axes)) {
      throw Refusal("joins " + describe(first.axes, context.atoms) + " and " +
                    describe(tensor->axes, context.atoms) + ", whose other axes differ");
    }
    const Sequence from = as_sequence(call, *tensor);
    bind_features(context, *tensor, from, "the last axis of an operand");
    const std::optional<Dim> width = size_of(tensor->axes.back(), context.atoms);
    const bool fits = width && width->known() &&
                      has_features(context, *tensor, from, width->factor) &&
                      (parts.empty() || from.last_step == parts.front().last_step);
    if (!fits) {
      throw Refusal("its operand " + describe(tensor->axes, context.atoms) +
                    " must have all features of its layer, as many as the file says, and the same "
                    "steps as the others");
    }
    spec.sizes.push_back(width->factor);
    parts.push_back(from);
  }
  std::vector<std::size_t> parents;
  parents.reserve(parts.size());
  for (const Sequence& part : parts) parents.push_back(part.stage);
  return add_stage(call, first, parts.front(), std::move(parents), {.spec = std::move(spec)});
}

/// Whether a Split or Slice took it out of the outputs of a layer.
bool is_part(const Tensor* tensor) {
  const auto* sequence = std::get_if<Sequence>(&tensor->source);
  return sequence != nullptr && sequence->part.has_value();
}

Value concat_tensors(const Call& call, const std::vector<const Tensor*>& tensors) {
  if (tensors.size() == 1) return *tensors.front();
  if (std::holds_alternative<FinalState>(tensors.front()->source)) {
    return concat_states(call, tensors);
  }
  if (is_part(tensors.front())) {
    return concat_directions(call, tensors);
  }
  return concat_features(call, tensors);
}

}  // namespace

std::vector<Value> concat(const Call& call) {
  const auto tensors = operands_of<Tensor>(call);
  if (all_are(tensors)) return {concat_tensors(call, tensors)};
  const auto constants = operands_of<Constant>(call);
  if (all_are(constants)) return {concat_constants(call, constants)};
  if (std::optional<Value> sizes = concat_sizes(call)) return {std::move(*sizes)};
  throw Refusal("joins constants with other tensors");
}

}  // namespace carousel::loading::onnx
