// SPDX-License-Identifier: Apache-2.0
#include "selection.hpp"

#include "frames.hpp"
#include "lengths.hpp"

#include <algorithm>
#include <limits>

#include "attributes.hpp"
#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// Whether the axis is the steps of the tensor; an axis of an input whose meaning nothing has fixed
/// becomes that. Throws Refusal for rows of the batch, and for axes that are several.
bool is_steps(const Call& call, const Axis& axis) {
  const Atoms& atoms = call.atoms();
  if (atoms.all(axis, Role::features)) return false;
  fix_role(call.context, axis, Role::steps,
           formatted("the axis {}, of which it takes a part,", atoms.describe(axis)));
  return true;
}

/// How many steps the range takes, if that is known.
std::optional<std::int64_t> count_of(const StepRange& range,
                                     const std::optional<std::int64_t>& size) {
  if (size) return clamp_range(0, range.first, range.end, range.stride, *size).count;
  const bool last = range.first == -1 && range.stride > 0 && range.end > 0;
  const bool one = range.first == 0 && range.stride > 0 && range.end == 1;
  const bool at_end = range.first == -1 && range.end == -2 && range.stride < 0;
  // A sequence has one step at least.
  if (last || one || at_end) return 1;
  return std::nullopt;
}

Tensor steps_in_range(const Call& call, const Tensor& tensor, std::size_t axis, StepRange range) {
  const std::optional<std::int64_t> size = call.atoms().known_size(tensor.axes[axis]);
  const std::optional<std::int64_t> count = count_of(range, size);
  // The last step is the last one, however many there are.
  if (size && count == 1 && (range.first == *size - 1 || range.first == -1)) {
    range = {-1, SelectStepsSpec::kOpen, 1};
  }
  if (range.end >= std::numeric_limits<std::int32_t>::max()) range.end = SelectStepsSpec::kOpen;
  if (range.stride < 0 && range.end <= -std::numeric_limits<std::int32_t>::max()) {
    range.end = SelectStepsSpec::kOpen;
  }
  const std::int64_t features = frame_size(call.atoms(), tensor.layout);
  return select_steps(call, tensor, axis, {features, range.first, range.end, range.stride}, count);
}

std::int64_t from_front(std::int64_t position, std::int64_t size) {
  const std::int64_t result = position < 0 ? position + size : position;
  if (result < 0 || result >= size) {
    throw Malformed(formatted("index {} of an axis of size {}", position, size));
  }
  return result;
}

/// Positions that are evenly spaced and all counted from the same end, as a range.
std::optional<StepRange> as_range(const std::vector<std::int64_t>& positions) {
  if (positions.empty()) return std::nullopt;
  const std::int64_t stride = positions.size() > 1 ? positions[1] - positions[0] : 1;
  const bool same_end =
      std::ranges::all_of(positions, [&](auto p) { return (p < 0) == (positions[0] < 0); });
  if (stride == 0 || !same_end) return std::nullopt;
  for (std::size_t k = 1; k < positions.size(); ++k) {
    if (positions[k] - positions[k - 1] != stride) return std::nullopt;
  }
  const std::int64_t end = positions.back() + (stride > 0 ? 1 : -1);
  // Beyond either end there is no number for the end.
  const bool open = (positions.back() == -1 && stride > 0) || (positions.back() == 0 && stride < 0);
  return StepRange{positions[0], open ? SelectStepsSpec::kOpen : end, stride};
}

}  // namespace

Tensor select_steps(const Call& call, const Tensor& tensor, std::size_t axis, SelectStepsSpec spec,
                    std::optional<std::int64_t> count) {
  Context& context = call.context;
  Tensor result = tensor;
  if (count == 0) throw Refusal("takes no steps");
  result.axes[axis] = new_axis(context, count, Role::steps, origin_of(context, tensor.axes[axis]));
  if (tensor.repeats_step) {
    // Whichever steps are taken, all are the same.
    result.repeats_step = !result.axes[axis].empty();
    return result;
  }
  return after(result, context.network.add_layer(call.where, {.spec = spec}, {tensor.flow}));
}

Tensor select_range(const Call& call, const Tensor& tensor, std::size_t axis,
                    const StepRange& range) {
  const Axis& atoms = tensor.axes[axis];
  if (is_steps(call, atoms)) return steps_in_range(call, tensor, axis, range);
  const std::int64_t size = *call.atoms().known_size(atoms);
  const Range part = clamp_range(axis, range.first, range.end, range.stride, size);
  std::vector<std::int64_t> indices;
  for (std::int64_t k = 0; k < part.count; ++k) indices.push_back(part.start + k * part.step);
  if (atoms.empty() && indices.size() == 1) return tensor;
  return picked(call, tensor, axis, indices);
}

Tensor select_positions(const Call& call, const Tensor& tensor, std::size_t axis,
                        const std::vector<std::int64_t>& positions) {
  const Axis& atoms = tensor.axes[axis];
  if (!is_steps(call, atoms)) {
    const std::int64_t size = *call.atoms().known_size(atoms);
    std::vector<std::int64_t> indices;
    indices.reserve(positions.size());
    for (const std::int64_t position : positions) indices.push_back(from_front(position, size));
    if (atoms.empty() && indices.size() == 1) return tensor;
    return picked(call, tensor, axis, indices);
  }
  const std::optional<std::int64_t> size = call.atoms().known_size(atoms);
  std::vector<std::int64_t> checked = positions;
  for (std::int64_t& position : checked) {
    if (size) position = from_front(position, *size);
  }
  if (size && checked.size() == 1 && checked[0] == *size - 1) checked[0] = -1;
  const std::optional<StepRange> range = as_range(checked);
  const std::optional<std::int64_t> count = static_cast<std::int64_t>(positions.size());
  if (!range) throw Refusal("takes steps that are not evenly spaced");
  const std::int64_t features = frame_size(call.atoms(), tensor.layout);
  return select_steps(call, tensor, axis, {features, range->first, range->end, range->stride},
                      count);
}

std::vector<Value> reverse_sequence(const Call& call) {
  const Tensor tensor = call.tensor(0);
  const std::size_t time = checked_axis(integer(call.node, "time_axis", 0), tensor.axes.size());
  const std::size_t rows = checked_axis(integer(call.node, "batch_axis", 1), tensor.axes.size());
  fix_role(call.context, tensor.axes[time], Role::steps, "the axis that it reverses");
  fix_role(call.context, tensor.axes[rows], Role::batch, "its axis of rows");
  const std::optional<std::size_t> lengths = read_lengths(call, 1, tensor.axes[time]);
  const std::int64_t features = frame_size(call.atoms(), tensor.layout);
  const SelectStepsSpec spec{features, -1, SelectStepsSpec::kOpen, -1, lengths.has_value()};
  if (!lengths) {
    Tensor result = tensor;
    if (tensor.repeats_step || tensor.axes[time].empty()) return {result};
    return {
        after(result, call.context.network.add_layer(call.where, {.spec = spec}, {tensor.flow}))};
  }
  const Flow& from = call.context.network[tensor.flow];
  const bool zeros_at_end = from.kind == Flow::Kind::layer && from.lengths == lengths &&
                            std::holds_alternative<RecurrentSpec>(from.layer.spec);
  if (!zeros_at_end) {
    throw Refusal(
        "reverses rows of different lengths and leaves what comes after them, which is supported "
        "for the output of a recurrent layer with the same lengths only");
  }
  Tensor result =
      after(tensor, call.context.network.add_layer(call.where, {.spec = spec}, {tensor.flow}));
  call.context.network[result.flow].lengths = lengths;
  return {std::move(result)};
}

}  // namespace carousel::loading::onnx
