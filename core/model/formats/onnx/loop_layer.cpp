// SPDX-License-Identifier: Apache-2.0
#include "attributes.hpp"
#include "cell_step.hpp"
#include "frames.hpp"
#include "initial_states.hpp"
#include "loop.hpp"

#include <algorithm>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

[[noreturn]] void refuse(const Call& call) {
  const std::string inside = find_recurrent_inside(call.node);
  throw Refusal("loops are supported only where their body is one step of an LSTM, GRU or RNN" +
                (inside.empty() ? "" : "; this one hides " + inside));
}

/// A state before the first step, with an axis of directions.
Value with_direction(const Value& initial) {
  if (const auto* tensor = std::get_if<Tensor>(&initial)) {
    Tensor result = *tensor;
    result.axes.insert(result.axes.begin(), Axis{});
    return result;
  }
  if (const auto* repeated = std::get_if<Repeated>(&initial)) {
    Array array = *repeated->array;
    array.shape.insert(array.shape.begin(), 1);
    Repeated result{std::make_shared<Array>(std::move(array)), repeated->sizes};
    result.sizes.insert(result.sizes.begin(), Dim{});
    return result;
  }
  Shape shape = known_shape(initial);
  shape.insert(shape.begin(), 1);
  return reshaped(initial, shape);
}

Tensor tensor_of(const Call& call, const Value& value) {
  const Call only{call.context, call.graph, call.node, call.where, {&value}};
  return in_order(call, only.tensor(0));
}

}  // namespace

void take_element(const Call& call, const Tensor& sequence, std::size_t axis) {
  StepOfLoop& loop = *call.context.loop;
  Tensor ordered = sequence;
  std::rotate(ordered.axes.begin(), ordered.axes.begin() + static_cast<std::ptrdiff_t>(axis),
              ordered.axes.begin() + static_cast<std::ptrdiff_t>(axis) + 1);
  if (loop.sequence) {
    const bool same = loop.sequence->flow == ordered.flow && loop.sequence->axes == ordered.axes;
    if (!same) throw Refusal("reads a second sequence in a loop");
    return;
  }
  // A recurrent layer has steps and rows; that it is one is seen only when the body has been read.
  fix_role(call.context, ordered.axes[0], Role::steps, "the axis that the loop goes along", false);
  if (ordered.axes.size() == 3) {
    fix_role(call.context, ordered.axes[1], Role::batch, "the rows that the loop works on", false);
  }
  const std::vector<Axis> axes(ordered.axes.begin() + 1, ordered.axes.end());
  Tensor step{.layout = features_of(call.atoms(), axes), .axes = axes};
  step.flow = call.context.network.add_input("(a step of a loop)", axes, ElementType::f32,
                                             frame_size(call.atoms(), step.layout));
  loop.sequence = std::move(ordered);
  loop.step = std::move(step);
}

Tensor element_of_step(const Call& call, const Tensor& index) {
  const Tensor sequence = call.tensor(0);
  const std::size_t along = checked_axis(integer(call.node, "axis", 0), sequence.axes.size());
  take_element(call, sequence, along);
  Tensor step = call.context.loop->step;
  if (index.axes.size() > 1) throw Refusal("its index has more than one axis");
  if (index.axes.size() == 1) {
    step.axes.insert(step.axes.begin() + static_cast<std::ptrdiff_t>(along), Axis{});
  }
  return step;
}

Tensor state_tensor(const Call& call, const Value& initial, const std::string& name) {
  Context& context = call.context;
  std::vector<Axis> axes;
  if (const auto* tensor = std::get_if<Tensor>(&initial)) {
    axes = context.atoms.normal(tensor->axes);
  } else if (const auto* repeated = std::get_if<Repeated>(&initial)) {
    for (const std::optional<Dim>& size : repeated->sizes) {
      const bool atom = size && size->factor == 1 && size->atoms.size() == 1;
      if (!size || (!size->known() && !atom)) refuse(call);
      const Role role = axes.empty() ? Role::batch : Role::features;
      axes.push_back(size->known() ? new_axis(context, size->factor, role)
                                   : Axis{size->atoms.front()});
    }
  } else {
    for (const std::int64_t size : known_shape(initial)) {
      axes.push_back(new_axis(context, size, axes.empty() ? Role::batch : Role::features));
    }
  }
  if (axes.size() != 2) refuse(call);
  Tensor state{.layout = features_of(context.atoms, axes), .axes = axes};
  state.flow = context.network.add_input(name, axes, ElementType::f32,
                                         frame_size(context.atoms, state.layout));
  return state;
}

LoopLayer make_layer(const Call& call, const StepOfLoop& step, const std::vector<Carried>& states,
                     const std::vector<Value>& scans) {
  Context& context = call.context;
  if (!step.sequence || states.empty()) refuse(call);
  LoopStep flows{step.step.flow, {}, {}};
  std::vector<Tensor> after;
  for (const Carried& state : states) {
    after.push_back(tensor_of(call, state.after));
    flows.before.push_back(state.before.flow);
    flows.after.push_back(after.back().flow);
  }
  const std::optional<CellStep> cell = recognize_cell(context.network, flows);
  if (!cell) refuse(call);
  Tensor sequence = *step.sequence;
  if (sequence.axes.size() == 2) sequence.axes.insert(sequence.axes.begin() + 1, Axis{});
  const auto spec = std::get<RecurrentSpec>(cell->layer.spec);
  const RecurrentAxes axes;
  const Tensor x = recurrent_input(call, sequence, axes, spec.input_size);
  ModelLayer layer = cell->layer;
  std::map<std::string, std::size_t> initial;
  for (std::size_t k = 0; k < cell->states.size(); ++k) {
    const StateSpec state = carousel::states(spec)[k];
    const Value value = with_direction(*states[cell->states[k]].initial);
    read_initial_state(call, value, {state.name, state.size, 1}, axes, x, layer, initial);
  }
  const std::size_t flow = context.network.add_layer(call.where, std::move(layer), {x.flow});
  context.network[flow].initial = std::move(initial);
  LoopLayer result{std::vector<Value>(states.size()), {}};
  for (std::size_t k = 0; k < cell->states.size(); ++k) {
    const std::size_t which = cell->states[k];
    Tensor last = after[which];
    last.flow = final_states(call, flow, carousel::states(spec)[k].name);
    result.finals[which] = std::move(last);
  }
  for (const Value& scan : scans) {
    Tensor y = tensor_of(call, scan);
    if (y.flow != flows.after[cell->states[0]]) {
      throw Refusal("collects other than the h of a step, which is supported only");
    }
    y.flow = flow;
    y.axes.insert(y.axes.begin(), x.axes[axes.steps()]);
    result.scans.emplace_back(std::move(y));
  }
  return result;
}

}  // namespace carousel::loading::onnx
