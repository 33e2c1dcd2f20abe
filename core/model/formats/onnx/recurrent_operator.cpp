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
  call.context.budget.take(sizeof(float) * static_cast<std::size_t>(layer.spec.parameter_count()));
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
    throw Refusal("attribute 'layout' is " + std::to_string(layout) + "; it must be 0 or 1");
  }
  return {layout == 1};
}

/// X as the output of a stage, its axes' meanings fixed.
Sequence read_x(const Call& call, const Tensor& x, const Layout& layout, const LayerSpec& spec) {
  Context& context = call.context;
  if (x.axes.size() != 3) {
    throw Refusal("its input X " + describe(x.axes, context.atoms) + " must have 3 axes");
  }
  const Sequence from = as_sequence(call, x);
  const Stage& stage = context.stages[from.stage];
  if (from.last_step) throw Refusal("takes the last step of another layer");
  if (stage.kind == Stage::Kind::linear || stage.kind == Stage::Kind::tail) {
    throw Refusal(
        "comes after a linear layer or an activation; recurrent layers must follow each "
        "other directly");
  }
  bind(context, x.axes[layout.steps()], Role::steps, "the axis of steps of its input X");
  bind(context, x.axes[layout.batch()], Role::batch, "the axis of batch rows of its input X");
  if (stage.kind == Stage::Kind::input) {
    bind(context, x.axes[2], Role::features, "the last axis of its input X");
  }
  const std::optional<Dim> width = size_of(x.axes[2], context.atoms);
  const bool fits =
      x.axes[2] == stage.features && width && (!width->known() || width->factor == spec.input_size);
  if (!fits) {
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

/// A constant initial state [slots, batch or 1, width], one row for each direction: the batch rows
/// must be alike.
std::vector<std::vector<float>> constant_rows(const Array& array, const std::string& what,
                                              std::int64_t width, const Layout& layout,
                                              const LayerSpec& spec) {
  const Shape& shape = array.shape;
  const std::int64_t slots = spec.directions();
  const bool fits = shape.size() == 3 && shape[layout.slots()] == slots && shape[2] == width &&
                    shape[1 - layout.slots()] >= 1;
  if (!fits) {
    throw Refusal("its " + what + " has the shape " + shape_text(shape) + "; expected " +
                  std::to_string(slots) + " directions and " + std::to_string(width) + " features");
  }
  const std::vector<float> values = to_floats(array);
  const std::int64_t batch = shape[1 - layout.slots()];
  const auto row = [&](std::int64_t slot, std::int64_t b) {
    const std::int64_t at = layout.batch_first ? b * slots + slot : slot * batch + b;
    return std::span(values).subspan(static_cast<std::size_t>(at * width),
                                     static_cast<std::size_t>(width));
  };
  std::vector<std::vector<float>> rows;
  for (std::int64_t slot = 0; slot < slots; ++slot) {
    for (std::int64_t b = 1; b < batch; ++b) {
      if (!std::ranges::equal(row(slot, 0), row(slot, b))) {
        throw Refusal("its " + what + " is a constant that differs between batch rows");
      }
    }
    rows.emplace_back(row(slot, 0).begin(), row(slot, 0).end());
  }
  return rows;
}

/// An input of the graph, which is the stream's state.
void read_state_input(const Call& call, const Tensor& tensor, const std::string& what,
                      std::int64_t width, const Layout& layout, const LayerSpec& spec) {
  Context& context = call.context;
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
  if (input->name == context.sequence_input || tensor.axes.size() != 3 ||
      !may_be(size(layout.slots()), spec.directions()) || !may_be(size(2), width)) {
    throw Refusal("its " + what + " " + describe(tensor.axes, context.atoms) +
                  " must have 3 axes, " + std::to_string(spec.directions()) + " directions and " +
                  std::to_string(width) + " features");
  }
  bind(context, tensor.axes[layout.slots()], Role::slots, what.c_str());
  bind(context, tensor.axes[1 - layout.slots()], Role::batch, what.c_str());
  bind(context, tensor.axes[2], Role::features, what.c_str());
  take_slots(context, *input, layout, spec.directions(), what);
}

/// Where sequences start anyway; -0.0 is another number.
bool is_zero(const std::vector<float>& row) {
  return std::ranges::all_of(row,
                             [](float entry) { return entry == 0.0F && !std::signbit(entry); });
}

/// initial_h and initial_c. `rows` are the states of a direction that they set, if they are known.
void read_initial(const Call& call, std::size_t number, const Layout& layout,
                  std::vector<float> DirectionWeights::*rows, ModelLayer& layer) {
  if (!call.has(number)) return;
  const Value& value = *call.inputs[number];
  const std::string what = number == kInitialH ? "initial_h" : "initial_c";
  const LayerSpec& spec = layer.spec;
  const std::int64_t width = number == kInitialH ? spec.state_size() : spec.hidden_size;
  if (const auto* filled = std::get_if<Filled>(&value)) {
    if (filled->integer) throw Refusal("its " + what + " are integers");
    if (is_zero({static_cast<float>(filled->number)})) return;
    for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
      (layer.directions.at(d).*rows)
          .assign(static_cast<std::size_t>(width), static_cast<float>(filled->number));
    }
    return;
  }
  if (const auto* tensor = std::get_if<Tensor>(&value)) {
    read_state_input(call, *tensor, what, width, layout, spec);
    return;
  }
  const auto* constant = std::get_if<Constant>(&value);
  const auto* repeated = std::get_if<Repeated>(&value);
  if (constant == nullptr && repeated == nullptr) throw Refusal("its " + what + " are sizes");
  const Array& array = constant == nullptr ? *repeated->array : *constant->array;
  std::vector<std::vector<float>> found = constant_rows(array, what, width, layout, spec);
  for (std::size_t d = 0; d < found.size(); ++d) {
    if (!is_zero(found[d])) layer.directions.at(d).*rows = std::move(found[d]);
  }
}

/// Y, Y_h and Y_c.
std::vector<Value> results(const Layout& layout, const Axis& steps, const Axis& batch,
                           const Axis& slots, const Axis& features, std::size_t stage,
                           const LayerSpec& spec) {
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
  stage.kind = Stage::Kind::recurrent;
  stage.node = call.index;
  stage.layer = read_layer(call);
  const LayerSpec spec = stage.layer.spec;
  stage.parent = read_x(call, x, layout, spec).stage;
  const Axis& steps = x.axes[layout.steps()];
  read_lengths(call, steps);
  stage.takes_lengths = call.has(kLengths) && !uniform(*call.inputs[kLengths]);
  read_initial(call, kInitialH, layout, &DirectionWeights::initial_h, stage.layer);
  if (spec.has_cell_state()) {
    read_initial(call, kInitialC, layout, &DirectionWeights::initial_c, stage.layer);
  }
  const Axis slots = new_axis(context, spec.directions(), Role::slots);
  const Axis features = new_axis(context, spec.state_size(), Role::features);
  stage.features = slots;
  stage.features.insert(stage.features.end(), features.begin(), features.end());
  context.stages.push_back(std::move(stage));
  return results(layout, steps, x.axes[layout.batch()], slots, features, context.stages.size() - 1,
                 spec);
}

}  // namespace carousel::loading::onnx
