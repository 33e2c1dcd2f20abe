// SPDX-License-Identifier: Apache-2.0
#include "initial_states.hpp"

#include "frames.hpp"
#include "sizes.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

std::string name_of(const InitialInput& input) { return "initial_" + input.state; }

void check_shape(const Shape& shape, const InitialInput& input, const RecurrentAxes& axes) {
  const bool fits = shape.size() == 3 && shape[axes.slots()] == input.directions &&
                    shape[2] == input.width && shape[1 - axes.slots()] >= 1;
  if (fits) return;
  throw Malformed(formatted("its {} has the shape {}; expected {} directions and {} features",
                            name_of(input), shape_text(shape), input.directions, input.width));
}

/// A constant initial state [slots, batch or 1, width], one row for each direction: the batch rows
/// must be alike.
std::vector<Array> constant_rows(const Array& array, const InitialInput& input,
                                 const RecurrentAxes& axes) {
  check_shape(array.shape, input, axes);
  const std::vector<float> values = to_floats(array);
  const std::int64_t batch = array.shape[1 - axes.slots()];
  const auto width = static_cast<std::size_t>(input.width);
  const auto start = [&](std::int64_t slot, std::int64_t b) {
    const std::int64_t row = axes.batch_first ? b * input.directions + slot : slot * batch + b;
    return static_cast<std::size_t>(row) * width;
  };
  std::vector<Array> rows;
  for (std::int64_t slot = 0; slot < input.directions; ++slot) {
    const std::span<const float> first = std::span(values).subspan(start(slot, 0), width);
    for (std::int64_t b = 1; b < batch; ++b) {
      if (!std::ranges::equal(first, std::span(values).subspan(start(slot, b), width))) {
        throw Refusal(
            formatted("its {} is a constant that differs between batch rows", name_of(input)));
      }
    }
    const std::size_t element = onnx::width(array.type);
    const auto bytes = std::span(array.data).subspan(start(slot, 0) * element, width * element);
    rows.push_back({array.type, {input.width}, {bytes.begin(), bytes.end()}});
  }
  return rows;
}

/// Where sequences start anyway; -0.0 is another number.
bool is_zero(const Array& row) {
  return std::ranges::all_of(to_floats(row),
                             [](float entry) { return entry == 0.0F && !std::signbit(entry); });
}

/// A repeated constant as one that is not, with as many batch rows as the file has values for.
Array one_row(const Repeated& repeated, const InitialInput& input, const RecurrentAxes& axes) {
  Shape shape = repeated.array->shape;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    const std::optional<Dim>& size = repeated.sizes[k];
    if (k == 1 - axes.slots() && shape.size() == 3) continue;
    if (size && size->known()) shape[k] = size->factor;
  }
  check_shape(shape, input, axes);
  return gathered(*repeated.array, pick_expanded(repeated.array->shape, shape));
}

void set_constant(const std::vector<Array>& rows, const InitialInput& input, ModelLayer& layer) {
  for (std::size_t d = 0; d < rows.size(); ++d) {
    if (is_zero(rows[d])) continue;
    layer.weights.insert_or_assign(in_direction(name_of(input), d),
                                   to_weight(rows[d], {input.width}));
  }
}

/// The features of one direction, as a flow of one step.
std::size_t direction_flow(const Call& call, const Tensor& tensor, const RecurrentAxes& axes,
                           std::int64_t directions, std::int64_t d) {
  if (directions == 1) return in_order(call, tensor).flow;
  return in_order(call, picked(call, tensor, axes.slots(), {d})).flow;
}

}  // namespace

void read_initial_state(const Call& call, const Value& value, const InitialInput& input,
                        const RecurrentAxes& axes, const Tensor& x, ModelLayer& layer,
                        std::map<std::string, std::size_t>& initial) {
  Context& context = call.context;
  if (const std::optional<Repeated> constant = as_repeated(value)) {
    if (!is_float(constant->array->type)) {
      throw Refusal(formatted("its {} are integers", name_of(input)));
    }
    set_constant(constant_rows(one_row(*constant, input, axes), input, axes), input, layer);
    return;
  }
  const auto* found = std::get_if<Tensor>(&value);
  if (found == nullptr) throw Refusal(formatted("its {} are sizes", name_of(input)));
  const Call only{context, call.graph, call.node, call.where, {&value}};
  const Tensor tensor = only.tensor(0);
  if (tensor.axes.size() != 3) {
    throw Refusal(formatted("its {} {} must have 3 axes", name_of(input),
                            context.atoms.describe(tensor.axes)));
  }
  const std::string what = "of its " + name_of(input);
  require_size(context, tensor.axes[axes.slots()], input.directions, "the directions " + what);
  require_size(context, tensor.axes[2], input.width, "the features " + what);
  fix_role(context, tensor.axes[1 - axes.slots()], Role::batch, "the axis of batch rows " + what);
  unite(context, tensor.axes[1 - axes.slots()], x.axes[axes.batch()], "the batch rows " + what);
  for (std::int64_t d = 0; d < input.directions; ++d) {
    initial[in_direction(input.state, static_cast<std::size_t>(d))] =
        direction_flow(call, tensor, axes, input.directions, d);
  }
}

}  // namespace carousel::loading::onnx
