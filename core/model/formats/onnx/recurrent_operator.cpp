// SPDX-License-Identifier: Apache-2.0
// LSTM, GRU and RNN as parts of a graph: what flows in and out of them.
#include "attributes.hpp"
#include "operators.hpp"
#include "recurrent_node.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

enum Input : std::size_t { kX, kW, kR, kB, kLengths, kInitialH, kInitialC, kPeephole };

const Array* constant_input(const Call& call, std::size_t input, const char* name) {
  if (!call.has(input)) return nullptr;
  const auto* constant = std::get_if<Constant>(call.inputs[input]);
  if (constant == nullptr) throw Refusal(std::string("its input ") + name + " is not a constant");
  return constant->array.get();
}

ModelLayer read_layer(const Call& call) {
  RecurrentInputs inputs;
  inputs.w = constant_input(call, kW, "W");
  inputs.r = constant_input(call, kR, "R");
  inputs.b = constant_input(call, kB, "B");
  if (call.node.op_type() == "LSTM") inputs.p = constant_input(call, kPeephole, "P");
  ModelLayer layer = onnx::read_layer(call.node, inputs);
  for (const auto& [role, tensor] : layer.weights) call.context.budget.take(tensor.bytes().size());
  return layer;
}

/// Which axis of X, and of Y without its directions, is what.
struct Layout {
  bool batch_first = false;
  [[nodiscard]] std::size_t steps() const { return batch_first ? 1 : 0; }
  [[nodiscard]] std::size_t batch() const { return batch_first ? 0 : 1; }
  /// Of a state.
  [[nodiscard]] std::size_t slots() const { return batch_first ? 1 : 0; }
};

Layout read_layout(const Call& call) {
  const std::int64_t layout = integer(call.node, "layout", 0);
  if (layout != 0 && layout != 1) {
    throw Malformed("attribute 'layout' is " + std::to_string(layout) + "; it must be 0 or 1");
  }
  return {layout == 1};
}

/// X as the output of a stage, its axes' meanings fixed.
Sequence read_x(const Call& call, const Tensor& x, const Layout& layout,
                const RecurrentSpec& spec) {
  Context& context = call.context;
  if (x.axes.size() != 3) {
    throw Refusal("its input X " + describe(x.axes, context.atoms) + " must have 3 axes");
  }
  const Sequence from = as_sequence(call, x);
  if (from.last_step) throw Refusal("takes the last step of another layer");
  bind(context, x.axes[layout.steps()], Role::steps, "the axis of steps of its input X");
  bind(context, x.axes[layout.batch()], Role::batch, "the axis of batch rows of its input X");
  bind_features(context, x, from, "the last axis of its input X");
  if (!has_features(context, x, from, spec.input_size)) {
    throw Refusal("its input X " + describe(x.axes, context.atoms) + " must have " +
                  std::to_string(spec.input_size) + " features, as W has, in the last axis");
  }
  return from;
}

/// sequence_lens: an input of the graph, or a way to say that all steps are real.
void read_lengths(const Call& call, const Axis& steps) {
  Context& context = call.context;
  if (!call.has(kLengths)) return;
  const Value& value = *call.inputs[kLengths];
  if (const std::optional<Filled> filled = uniform(value)) {
    if (filled->integer && filled->integer == size_of(steps, context.atoms)) return;
    throw Refusal("its sequence_lens are fixed to other than all steps");
  }
  const auto* tensor = std::get_if<Tensor>(&value);
  const auto* input = tensor == nullptr ? nullptr : std::get_if<GraphInput>(&tensor->source);
  if (input == nullptr || input->selection || tensor->axes.size() > 1) {
    throw Refusal("its sequence_lens are neither an input of the graph nor all steps");
  }
  if (context.lengths_input && *context.lengths_input != input->name) {
    throw Refusal("its sequence_lens are the input " + quote(input->name) +
                  ", those of another "
                  "layer " +
                  quote(*context.lengths_input));
  }
  context.lengths_input = input->name;
}

/// Where the slots of an input state stand: in the order of the layers, as in Stream::state.
void take_slots(Context& context, const GraphInput& input, const Layout& layout,
                std::int64_t directions, const std::string& what) {
  std::int64_t& taken = context.state_inputs[input.name];
  const Selection part = input.selection.value_or(Selection{layout.slots(), 0, directions});
  if (part.axis != layout.slots() || part.first != taken || part.count != directions) {
    throw Refusal("its " + what + " is taken from " + quote(input.name) + " at " +
                  std::to_string(part.first) +
                  ", but states must be taken in the order of the "
                  "layers, next from " +
                  std::to_string(taken));
  }
  taken += directions;
}

/// A state that a layer has in each direction.
struct InitialState {
  std::string input;  ///< What the operator calls it, and the role of the weight: "initial_h".
  std::int64_t width = 0;
};

/// A constant initial state [slots, batch or 1, width], one row for each direction: the batch rows
/// must be alike.
std::vector<Array> constant_rows(const Array& array, const InitialState& state,
                                 const Layout& layout, const RecurrentSpec& spec) {
  const Shape& shape = array.shape;
  const std::int64_t slots = spec.directions();
  const bool fits = shape.size() == 3 && shape[layout.slots()] == slots &&
                    shape[2] == state.width && shape[1 - layout.slots()] >= 1;
  if (!fits) {
    throw Malformed("its " + state.input + " has the shape " + shape_text(shape) + "; expected " +
                    std::to_string(slots) + " directions and " + std::to_string(state.width) +
                    " features");
  }
  const std::vector<float> values = to_floats(array);
  const std::int64_t batch = shape[1 - layout.slots()];
  const auto width = static_cast<std::size_t>(state.width);
  const auto start = [&](std::int64_t slot, std::int64_t b) {
    return static_cast<std::size_t>(layout.batch_first ? b * slots + slot : slot * batch + b) *
           width;
  };
  std::vector<Array> rows;
  for (std::int64_t slot = 0; slot < slots; ++slot) {
    const std::span<const float> first = std::span(values).subspan(start(slot, 0), width);
    for (std::int64_t b = 1; b < batch; ++b) {
      if (!std::ranges::equal(first, std::span(values).subspan(start(slot, b), width))) {
        throw Refusal("its " + state.input + " is a constant that differs between batch rows");
      }
    }
    const std::size_t element = onnx::width(array.type);
    const auto bytes = std::span(array.data).subspan(start(slot, 0) * element, width * element);
    rows.push_back({array.type, {state.width}, {bytes.begin(), bytes.end()}});
  }
  return rows;
}

/// An input of the graph, which is the stream's state.
void read_state_input(const Call& call, const Tensor& tensor, const InitialState& state,
                      const Layout& layout, const RecurrentSpec& spec) {
  Context& context = call.context;
  const std::string& what = state.input;
  const auto* input = std::get_if<GraphInput>(&tensor.source);
  if (input == nullptr) {
    throw Refusal("its " + what +
                  " is computed by other layers; it must be a constant or an input "
                  "of the graph (then it is the stream's state)");
  }
  const auto size = [&](std::size_t axis) { return size_of(tensor.axes[axis], context.atoms); };
  const auto may_be = [](const std::optional<Dim>& found, std::int64_t expected) {
    return found && (!found->known() || found->factor == expected);
  };
  if (context.sequence_inputs.contains(input->name) || tensor.axes.size() != 3 ||
      !may_be(size(layout.slots()), spec.directions()) || !may_be(size(2), state.width)) {
    throw Refusal("its " + what + " " + describe(tensor.axes, context.atoms) +
                  " must have 3 axes, " + std::to_string(spec.directions()) + " directions and " +
                  std::to_string(state.width) + " features");
  }
  bind(context, tensor.axes[layout.slots()], Role::slots, what.c_str());
  bind(context, tensor.axes[1 - layout.slots()], Role::batch, what.c_str());
  bind(context, tensor.axes[2], Role::features, what.c_str());
  take_slots(context, *input, layout, spec.directions(), what);
}

/// Where sequences start anyway; -0.0 is another number.
bool is_zero(const Array& row) {
  return std::ranges::all_of(to_floats(row),
                             [](float entry) { return entry == 0.0F && !std::signbit(entry); });
}

/// One row for each direction, with the same value everywhere.
std::vector<Array> filled_rows(const Filled& filled, const InitialState& state,
                               const RecurrentSpec& spec) {
  if (filled.integer) throw Refusal("its " + state.input + " are integers");
  const std::vector<float> row(static_cast<std::size_t>(state.width),
                               static_cast<float>(filled.number));
  const auto bytes = std::as_bytes(std::span(row));
  const Array array{ElementType::f32, {state.width}, {bytes.begin(), bytes.end()}};
  return std::vector<Array>(static_cast<std::size_t>(spec.directions()), array);
}

/// initial_h and initial_c. What they are where that is known becomes a weight of the layer.
void read_initial(const Call& call, std::size_t number, const InitialState& state,
                  const Layout& layout, const RecurrentSpec& spec, ModelLayer& layer) {
  if (!call.has(number)) return;
  const Value& value = *call.inputs[number];
  if (const auto* tensor = std::get_if<Tensor>(&value)) {
    read_state_input(call, *tensor, state, layout, spec);
    return;
  }
  std::vector<Array> rows;
  if (const auto* filled = std::get_if<Filled>(&value)) {
    rows = filled_rows(*filled, state, spec);
  } else if (const auto* constant = std::get_if<Constant>(&value)) {
    rows = constant_rows(*constant->array, state, layout, spec);
  } else if (const auto* repeated = std::get_if<Repeated>(&value)) {
    rows = constant_rows(*repeated->array, state, layout, spec);
  } else {
    throw Refusal("its " + state.input + " are sizes");
  }
  for (std::size_t d = 0; d < rows.size(); ++d) {
    if (is_zero(rows[d])) continue;
    layer.weights.insert_or_assign(in_direction(state.input, d), to_weight(rows[d], {state.width}));
  }
}

void read_initial_states(const Call& call, const Layout& layout, const RecurrentSpec& spec,
                         ModelLayer& layer) {
  const std::vector<StateSpec> all = states(spec);
  for (std::size_t k = 0; k < spec.state_count(); ++k) {
    const std::string name = "initial_" + all[k].name;
    read_initial(call, kInitialH + k, {name, all[k].size}, layout, spec, layer);
  }
}

/// Y, Y_h and Y_c.
std::vector<Value> results(const Layout& layout, const Axis& steps, const Axis& batch,
                           const Axis& slots, const Axis& features, std::size_t stage,
                           const RecurrentSpec& spec) {
  const auto y = layout.batch_first ? std::vector<Axis>{batch, steps, slots, features}
                                    : std::vector<Axis>{steps, slots, batch, features};
  const auto state = layout.batch_first ? std::vector<Axis>{batch, slots, features}
                                        : std::vector<Axis>{slots, batch, features};
  FinalState h;
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    h.slots.push_back({stage, d});
  }
  FinalState c = h;
  c.cell = true;
  std::vector<Value> values{Tensor{Sequence{stage, std::nullopt, false}, y},
                            Tensor{std::move(h), state}};
  if (spec.has_cell_state()) values.emplace_back(Tensor{std::move(c), state});
  return values;
}

}  // namespace

std::vector<Value> recurrent(const Call& call) {
  Context& context = call.context;
  const auto* found = std::get_if<Tensor>(&call.input(kX));
  if (found == nullptr) throw Refusal("its input X is a constant");
  const Tensor x = *found;
  const Layout layout = read_layout(call);
  Stage stage;
  stage.node = call.index;
  stage.layer = read_layer(call);
  const RecurrentSpec spec = std::get<RecurrentSpec>(stage.layer.spec);
  stage.parents = {read_x(call, x, layout, spec).stage};
  const Axis& steps = x.axes[layout.steps()];
  read_lengths(call, steps);
  stage.takes_lengths = call.has(kLengths) && !uniform(*call.inputs[kLengths]);
  read_initial_states(call, layout, spec, stage.layer);
  const Axis slots = new_axis(context, spec.directions(), Role::slots);
  const Axis features = new_axis(context, spec.state_size(), Role::features);
  stage.features = slots;
  stage.features.insert(stage.features.end(), features.begin(), features.end());
  context.stages.push_back(std::move(stage));
  return results(layout, steps, x.axes[layout.batch()], slots, features, context.stages.size() - 1,
                 spec);
}

}  // namespace carousel::loading::onnx
