// SPDX-License-Identifier: Apache-2.0
// Operators that take a part of an axis.
#include "attributes.hpp"
#include "frames.hpp"
#include "loop.hpp"
#include "operators.hpp"
#include "selection.hpp"

#include <algorithm>
#include <limits>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

constexpr std::int64_t kBeyond = std::numeric_limits<std::int32_t>::max();

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
  if (!given) throw Refusal(formatted("its {} are not known", attribute));
  for (const std::optional<Dim>& element : given->elements) {
    elements.push_back(element ? std::optional(call.atoms().normal(*element)) : std::nullopt);
  }
  return elements;
}

std::vector<Bounds> read_bounds(const Call& call) {
  const auto starts = bound_elements(call, "starts", 1);
  const auto ends = bound_elements(call, "ends", 2);
  const auto axes = axes_argument(call, "axes", 3, 10);
  const bool has_steps = call.operator_set() >= 10 && call.has(4);
  const Shape steps = has_steps ? known_integers(*call.inputs[4], "its steps") : Shape{};
  const bool fits = ends.size() == starts.size() && (!axes || axes->size() == starts.size()) &&
                    (!has_steps || steps.size() == starts.size());
  if (!fits) throw Malformed("its starts, ends, axes and steps differ in number");
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
  const bool huge = bounds.end->known() && bounds.end->factor >= kBeyond;
  return huge ||
         (size && size->known() && bounds.end->known() && bounds.end->factor >= size->factor);
}

/// Bounds as numbers; an end that is the size of the axis is no bound.
StepRange known_range(const Bounds& bounds, const std::optional<Dim>& size) {
  const bool to_end = bounds.end && size && bounds.end == size && bounds.step > 0;
  const bool known =
      bounds.start && bounds.start->known() && (to_end || (bounds.end && bounds.end->known()));
  if (!known) throw Refusal("its bounds are not known");
  return {bounds.start->factor,
          to_end ? std::numeric_limits<std::int64_t>::max() : bounds.end->factor, bounds.step};
}

Tensor sliced(const Call& call, const Tensor& tensor, const Bounds& bounds) {
  const std::size_t axis = checked_axis(bounds.axis, tensor.axes.size());
  const std::optional<Dim> size = call.atoms().size_of(tensor.axes[axis]);
  if (is_all(bounds, size)) return tensor;
  return select_range(call, tensor, axis, known_range(bounds, size));
}

Value sliced_constant(Context& context, const Value& value, const Bounds& bounds) {
  const Shape shape = known_shape(value);
  const std::size_t axis = checked_axis(bounds.axis, shape.size());
  const StepRange range = known_range(bounds, Dim{shape[axis], {}});
  return moved(
      context, value,
      pick_range(shape, clamp_range(axis, range.first, range.end, range.stride, shape[axis])));
}

/// Along axes that are repeated, only the size changes.
Value sliced_repeated(const Call& call, Repeated repeated) {
  for (const Bounds& bounds : read_bounds(call)) {
    const std::size_t axis = checked_axis(bounds.axis, repeated.sizes.size());
    std::optional<Dim>& size = repeated.sizes[axis];
    if (is_all(bounds, size)) continue;
    if (!size || !size->known()) {
      throw Refusal("takes a part of an axis whose size is not known");
    }
    const StepRange range = known_range(bounds, size);
    const std::int64_t count =
        clamp_range(axis, range.first, range.end, range.stride, size->factor).count;
    if (repeated.array->shape[axis] != 1) {
      const Value part = sliced_constant(call.context, Constant{repeated.array}, bounds);
      repeated.array = std::get<Constant>(part).array;
    }
    size = Dim{count, {}};
  }
  return simplified(std::move(repeated));
}

std::vector<std::int64_t> split_sizes(const Call& call, std::int64_t size) {
  if (auto given = axes_argument(call, "split", 1, 13)) return *given;
  const auto parts = static_cast<std::int64_t>(call.outputs());
  if (integer(call.node, "num_outputs", parts) != parts) {
    throw Malformed("attribute 'num_outputs' is another number than its outputs");
  }
  const std::int64_t each = (size + parts - 1) / parts;
  std::vector<std::int64_t> sizes(call.outputs(), each);
  if (!sizes.empty()) sizes.back() = size - each * (parts - 1);
  return sizes;
}

std::vector<Value> split_tensor(const Call& call, const Tensor& tensor) {
  const std::size_t axis = checked_axis(integer(call.node, "axis", 0), tensor.axes.size());
  const std::optional<std::int64_t> size = call.atoms().known_size(tensor.axes[axis]);
  if (!size) {
    throw Refusal(formatted("splits the axis {}, whose size is not known",
                            call.atoms().describe(tensor.axes[axis])));
  }
  std::vector<Value> parts;
  std::int64_t first = 0;
  for (const std::int64_t count : split_sizes(call, *size)) {
    if (count < 0 || count > *size - first) throw Malformed("its sizes exceed the axis");
    if (count == *size) {
      parts.emplace_back(tensor);
    } else {
      parts.emplace_back(select_range(call, tensor, axis, {first, first + count, 1}));
    }
    first += count;
  }
  return parts;
}

Value split_repeated(Repeated repeated, std::size_t axis, std::int64_t count) {
  repeated.sizes[axis] = Dim{count, {}};
  return simplified(std::move(repeated));
}

std::vector<Value> split_constant(const Call& call, const Value& operand) {
  const auto* repeated = std::get_if<Repeated>(&operand);
  const std::size_t rank = repeated ? repeated->sizes.size() : known_shape(operand).size();
  const std::size_t axis = checked_axis(integer(call.node, "axis", 0), rank);
  if (repeated != nullptr && (!repeated->sizes[axis] || !repeated->sizes[axis]->known() ||
                              repeated->array->shape[axis] != 1)) {
    throw Refusal("splits a repeated constant");
  }
  const std::int64_t size =
      repeated != nullptr ? repeated->sizes[axis]->factor : known_shape(operand)[axis];
  std::vector<Value> parts;
  std::int64_t first = 0;
  for (const std::int64_t count : split_sizes(call, size)) {
    if (count < 0 || count > size - first) throw Malformed("its sizes exceed the axis");
    parts.push_back(repeated != nullptr
                        ? split_repeated(*repeated, axis, count)
                        : moved(call.context, operand,
                                pick_range(known_shape(operand), {axis, first, 1, count})));
    first += count;
  }
  return parts;
}

/// Gather of constant positions; the axis is replaced by those of the indices.
Value gathered_tensor(const Call& call, const Tensor& tensor, const Value& indices) {
  const std::vector<std::int64_t> index = known_integers(indices, "its index");
  const Shape shape = known_shape(indices);
  const std::size_t axis = checked_axis(integer(call.node, "axis", 0), tensor.axes.size());
  if (shape.size() > 1) throw Refusal("its indices have more than one axis");
  Tensor result = select_positions(call, tensor, axis, index);
  if (shape.empty()) result.axes.erase(result.axes.begin() + static_cast<std::ptrdiff_t>(axis));
  return result;
}

/// Gather of a repeated constant along an axis that is repeated, or not.
Value gathered_repeated(const Call& call, const Repeated& data, const Value& indices) {
  const std::vector<std::int64_t> index = known_integers(indices, "its indices");
  const Shape shape = known_shape(indices);
  const std::size_t axis = checked_axis(integer(call.node, "axis", 0), data.sizes.size());
  if (shape.size() > 1) throw Refusal("its indices have more than one axis");
  Repeated result = data;
  if (data.array->shape[axis] != 1) {
    result.array = std::make_shared<Array>(gathered(
        *data.array,
        pick_gathered(data.array->shape, axis, {static_cast<std::int64_t>(index.size())}, index)));
  }
  result.sizes[axis] = Dim{static_cast<std::int64_t>(index.size()), {}};
  if (!shape.empty()) return simplified(std::move(result));
  Array array = *result.array;
  array.shape.erase(array.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  result.sizes.erase(result.sizes.begin() + static_cast<std::ptrdiff_t>(axis));
  result.array = std::make_shared<Array>(std::move(array));
  return simplified(std::move(result));
}

}  // namespace

std::vector<Value> slice(const Call& call) {
  Value value = call.input(0);
  if (const auto* repeated = std::get_if<Repeated>(&value)) {
    return {sliced_repeated(call, *repeated)};
  }
  if (call.is_tensor(0)) value = call.tensor(0);
  for (const Bounds& bounds : read_bounds(call)) {
    if (const auto* tensor = std::get_if<Tensor>(&value)) {
      value = sliced(call, Tensor(*tensor), bounds);
    } else {
      value = sliced_constant(call.context, Value(value), bounds);
    }
  }
  return {std::move(value)};
}

std::vector<Value> split(const Call& call) {
  if (call.outputs() == 0) return {};
  if (call.is_tensor(0)) return split_tensor(call, call.tensor(0));
  return split_constant(call, call.input(0));
}

std::vector<Value> gather(const Call& call) {
  const Value& data = call.input(0);
  const Value& indices = call.input(1);
  if (const auto* tensor = std::get_if<Tensor>(&indices)) {
    const bool of_step = call.context.loop != nullptr && tensor->flow == call.context.loop->index;
    if (of_step && call.is_tensor(0)) return {element_of_step(call, *tensor)};
    return embedding(call);
  }
  if (call.is_tensor(0)) return {gathered_tensor(call, call.tensor(0), indices)};
  if (const auto* repeated = std::get_if<Repeated>(&data)) {
    return {gathered_repeated(call, *repeated, indices)};
  }
  const Shape shape = known_shape(data);
  const std::size_t axis = checked_axis(integer(call.node, "axis", 0), shape.size());
  return {moved(
      call.context, data,
      pick_gathered(shape, axis, known_shape(indices), known_integers(indices, "its indices")))};
}

}  // namespace carousel::loading::onnx
