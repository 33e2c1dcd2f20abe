// SPDX-License-Identifier: Apache-2.0
// Operators that take a part of an axis: of constants freely; of the network's tensors the slots of
// a state, one direction of a layer, or the last step.
#include "attributes.hpp"
#include "operators.hpp"

#include <algorithm>
#include <limits>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

[[noreturn]] void refuse_part(const Context& context, const Axis& axis) {
  throw Refusal("takes a part of the axis " + describe({axis}, context.atoms) +
                "; of the network's tensors only whole states, directions and the last step can be "
                "taken");
}

/// Elements [first, first + count) of an axis; first may be negative, counted from the end.
struct Part {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

/// The part with `first` counted from the front, if the size is known.
std::optional<Part> from_front(const Part& part, const std::optional<std::int64_t>& size) {
  Part result = part;
  if (part.first < 0) {
    if (!size) return std::nullopt;
    result.first += *size;
  }
  const bool inside = result.first >= 0 && result.count >= 0 &&
                      (!size || (result.first <= *size && result.count <= *size - result.first));
  if (!inside) {
    throw Refusal("takes " + std::to_string(part.count) + " from index " +
                  std::to_string(part.first) + " of an axis of size " +
                  (size ? std::to_string(*size) : "unknown"));
  }
  return result;
}

/// A graph input is cut along its first or second axis, where states have their slots.
Tensor select_input(Context& context, const Tensor& tensor, std::size_t axis, const Part& part) {
  GraphInput source = std::get<GraphInput>(tensor.source);
  if (source.selection || context.atoms[tensor.axes[axis].front()].role != Role::none) {
    refuse_part(context, tensor.axes[axis]);
  }
  source.selection = Selection{axis, part.first, part.count};
  Tensor result{std::move(source), tensor.axes};
  result.axes[axis] = new_axis(context, part.count, Role::slots);
  return result;
}

Tensor select_state(Context& context, const Tensor& tensor, std::size_t axis, const Part& part) {
  FinalState source = std::get<FinalState>(tensor.source);
  const auto first = source.slots.begin() + part.first;
  source.slots = {first, first + part.count};
  Tensor result{std::move(source), tensor.axes};
  result.axes[axis] = new_axis(context, part.count, Role::slots);
  // Joined states have the features of the first of them; a single one has its own.
  const StateSlot& slot = std::get<FinalState>(result.source).slots.front();
  for (Axis& features : result.axes) {
    const bool found =
        features.size() == 1 && context.atoms[features.front()].role == Role::features;
    if (found) features = {context.stages[slot.stage].features.back()};
  }
  return result;
}

/// One direction, or the last step, of a layer's outputs.
Tensor select_outputs(Context& context, const Tensor& tensor, std::size_t axis, const Part& part) {
  Sequence source = std::get<Sequence>(tensor.source);
  const Atom& atom = context.atoms[tensor.axes[axis].front()];
  const bool last = part.first == -1 || (atom.size && part.first == *atom.size - 1);
  if (part.count != 1) refuse_part(context, tensor.axes[axis]);
  if (atom.role == Role::steps && last) {
    source.last_step = true;
  } else if (atom.role == Role::slots) {
    source.part = static_cast<std::size_t>(from_front(part, atom.size)->first);
  } else {
    refuse_part(context, tensor.axes[axis]);
  }
  Tensor result{source, tensor.axes};
  result.axes[axis].clear();
  return result;
}

Tensor select(Context& context, const Tensor& tensor, std::size_t axis, const Part& part) {
  const Axis& atoms = tensor.axes[axis];
  if (atoms.empty()) {
    if (from_front(part, 1)->count != 1) throw Refusal("takes nothing of an axis of size 1");
    return tensor;
  }
  if (atoms.size() != 1) refuse_part(context, atoms);
  const Atom& atom = context.atoms[atoms.front()];
  if (std::holds_alternative<Sequence>(tensor.source)) {
    return select_outputs(context, tensor, axis, part);
  }
  const std::optional<Part> checked = from_front(part, atom.size);
  if (!checked || checked->count < 1) refuse_part(context, atoms);
  if (std::holds_alternative<GraphInput>(tensor.source)) {
    return select_input(context, tensor, axis, *checked);
  }
  if (atom.role != Role::slots) refuse_part(context, atoms);
  return select_state(context, tensor, axis, *checked);
}

/// One axis of a Slice.
struct Bounds {
  std::int64_t axis = 0;
  std::optional<Dim> start;
  std::optional<Dim> end;
  std::int64_t step = 1;
};

std::vector<std::optional<Dim>> bound_elements(const Call& call, const char* attribute,
                                               std::size_t input) {
  std::vector<std::optional<Dim>> elements;
  if (call.operator_set() < 10) {
    for (const std::int64_t value : integers(call.node, attribute).value_or(Shape{})) {
      elements.emplace_back(Dim{value, {}});
    }
    return elements;
  }
  const std::optional<Integers> given = as_integers(call.input(input));
  if (!given) throw Refusal(std::string("its ") + attribute + " are not known");
  return given->elements;
}

std::vector<Bounds> read_bounds(const Call& call) {
  const auto starts = bound_elements(call, "starts", 1);
  const auto ends = bound_elements(call, "ends", 2);
  const auto axes = axes_argument(call, "axes", 3, 10);
  const bool has_steps = call.operator_set() >= 10 && call.has(4);
  const Shape steps = has_steps ? known_integers(*call.inputs[4], "its steps") : Shape{};
  const bool fits = ends.size() == starts.size() && (!axes || axes->size() == starts.size()) &&
                    (!has_steps || steps.size() == starts.size());
  if (!fits) throw Refusal("its starts, ends, axes and steps differ in number");
  std::vector<Bounds> bounds;
  for (std::size_t k = 0; k < starts.size(); ++k) {
    bounds.push_back({axes ? (*axes)[k] : static_cast<std::int64_t>(k), starts[k], ends[k],
                      has_steps ? steps[k] : 1});
  }
  return bounds;
}

bool is_all(const Bounds& bounds, const std::optional<Dim>& size) {
  if (bounds.step != 1 || bounds.start != Dim{0, {}} || !bounds.end) return false;
  if (bounds.end == size) return true;
  constexpr std::int64_t beyond = std::numeric_limits<std::int32_t>::max();
  const bool huge = bounds.end->known() && bounds.end->factor >= beyond;
  return huge ||
         (size && size->known() && bounds.end->known() && bounds.end->factor >= size->factor);
}

/// The part that start and end name. Both must count from the same side of an axis of unknown size.
Part part_of(const Bounds& bounds, const std::optional<Dim>& size) {
  const bool plain = bounds.step == 1 && bounds.start && bounds.start->known() && bounds.end &&
                     bounds.end->known();
  if (!plain) throw Refusal("is supported with known bounds and steps of 1 only");
  const std::int64_t start = bounds.start->factor;
  std::int64_t end = bounds.end->factor;
  if (size && size->known()) {
    const Range range = clamp_range(0, start, end, 1, size->factor);
    return {range.start, range.count};
  }
  constexpr std::int64_t beyond = std::numeric_limits<std::int32_t>::max();
  if (start < 0 && end >= beyond) end = 0;
  if ((start < 0) != (end <= 0) || end < start || end - start > beyond) {
    throw Refusal("takes a part of an axis whose size is not known");
  }
  return {start, end - start};
}

Tensor sliced(Context& context, Tensor tensor, const Bounds& bounds) {
  const std::size_t axis = checked_axis(bounds.axis, tensor.axes.size());
  const std::optional<Dim> size = size_of(tensor.axes[axis], context.atoms);
  if (is_all(bounds, size)) return tensor;
  return select(context, tensor, axis, part_of(bounds, size));
}

Value sliced_constant(Context& context, const Value& value, const Bounds& bounds) {
  const Shape shape = known_shape(value);
  const std::size_t axis = checked_axis(bounds.axis, shape.size());
  const bool known = bounds.start && bounds.start->known() && bounds.end && bounds.end->known();
  if (!known) throw Refusal("its bounds are not known");
  return moved(context, value,
               pick_range(shape, clamp_range(axis, bounds.start->factor, bounds.end->factor,
                                             bounds.step, shape[axis])));
}

/// Along axes that are not repeated.
Value sliced_repeated(const Call& call, const Repeated& repeated) {
  Value value = Constant{repeated.array};
  for (const Bounds& bounds : read_bounds(call)) {
    const Shape shape = known_shape(value);
    if (shape[checked_axis(bounds.axis, shape.size())] == 1 && !is_all(bounds, std::nullopt)) {
      throw Refusal("takes a part of an axis whose size is not known");
    }
    value = sliced_constant(call.context, value, bounds);
  }
  return Repeated{std::get<Constant>(value).array};
}

std::vector<std::int64_t> split_sizes(const Call& call, std::int64_t size) {
  if (auto given = axes_argument(call, "split", 1, 13)) return *given;
  const auto parts = static_cast<std::int64_t>(call.outputs());
  const std::int64_t each = (size + parts - 1) / parts;
  std::vector<std::int64_t> sizes(call.outputs(), each);
  if (!sizes.empty()) sizes.back() = size - each * (parts - 1);
  return sizes;
}

std::vector<Value> split_tensor(const Call& call, const Tensor& tensor) {
  const std::size_t axis = checked_axis(integer(call.node, "axis", 0), tensor.axes.size());
  const std::optional<Dim> size = size_of(tensor.axes[axis], call.context.atoms);
  if (!size || !size->known()) refuse_part(call.context, tensor.axes[axis]);
  std::vector<Value> parts;
  std::int64_t first = 0;
  for (const std::int64_t count : split_sizes(call, size->factor)) {
    parts.emplace_back(select(call.context, tensor, axis, {first, count}));
    first += count;
  }
  return parts;
}

/// Gather of one element of an axis, which stays as an axis of size 1 if the index has one.
Value gathered(const Call& call, const Tensor& tensor, const Value& indices) {
  const std::vector<std::int64_t> index = known_integers(indices, "its index");
  const Shape shape = known_shape(indices);
  if (index.size() != 1 || shape.size() > 1) {
    throw Refusal("takes several elements of a tensor of the network");
  }
  const std::size_t axis = checked_axis(integer(call.node, "axis", 0), tensor.axes.size());
  Tensor result = select(call.context, tensor, axis, {index.front(), 1});
  if (shape.empty()) result.axes.erase(result.axes.begin() + static_cast<std::ptrdiff_t>(axis));
  return result;
}

}  // namespace

std::vector<Value> slice(const Call& call) {
  Value value = call.input(0);
  if (std::holds_alternative<Filled>(value)) return {value};
  if (const auto* repeated = std::get_if<Repeated>(&value)) {
    return {sliced_repeated(call, *repeated)};
  }
  for (const Bounds& bounds : read_bounds(call)) {
    if (const auto* tensor = std::get_if<Tensor>(&value)) {
      value = sliced(call.context, Tensor(*tensor), bounds);
    } else {
      value = sliced_constant(call.context, Value(value), bounds);
    }
  }
  return {std::move(value)};
}

std::vector<Value> split(const Call& call) {
  const Value& operand = call.input(0);
  if (call.outputs() == 0) return {};
  if (std::holds_alternative<Filled>(operand)) {
    return std::vector<Value>(call.outputs(), operand);
  }
  if (const auto* tensor = std::get_if<Tensor>(&operand)) return split_tensor(call, *tensor);
  const Shape shape = known_shape(operand);
  const std::size_t axis = checked_axis(integer(call.node, "axis", 0), shape.size());
  std::vector<Value> parts;
  std::int64_t first = 0;
  for (const std::int64_t count : split_sizes(call, shape[axis])) {
    if (count < 0 || count > shape[axis] - first) throw Refusal("its sizes exceed the axis");
    parts.push_back(moved(call.context, operand, pick_range(shape, {axis, first, 1, count})));
    first += count;
  }
  return parts;
}

std::vector<Value> gather(const Call& call) {
  const Value& data = call.input(0);
  const Value& indices = call.input(1);
  if (std::holds_alternative<Tensor>(indices)) return embedding(call);
  if (std::holds_alternative<Filled>(data)) return {data};
  if (const auto* tensor = std::get_if<Tensor>(&data)) return {gathered(call, *tensor, indices)};
  const Shape shape = known_shape(data);
  const std::size_t axis = checked_axis(integer(call.node, "axis", 0), shape.size());
  return {moved(
      call.context, data,
      pick_gathered(shape, axis, known_shape(indices), known_integers(indices, "its indices")))};
}

}  // namespace carousel::loading::onnx
