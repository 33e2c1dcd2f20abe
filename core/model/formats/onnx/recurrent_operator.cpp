// SPDX-License-Identifier: Apache-2.0
// LSTM, GRU, RNN and DynamicQuantizeLSTM as parts of a graph: what flows in and out of them.
#include "attributes.hpp"
#include "frames.hpp"
#include "initial_states.hpp"
#include "lengths.hpp"
#include "operators.hpp"
#include "quantized_matrix.hpp"
#include "recurrent_node.hpp"

#include <algorithm>
#include <array>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

enum Input : std::size_t {
  kX,
  kW,
  kR,
  kB,
  kLengths,
  kInitialH,
  kInitialC,
  kPeephole,
  // Of DynamicQuantizeLSTM only; those of R follow those of W.
  kScale,
  kZeroPoint,
  kScaleOfR,
};

const Array* constant_input(const Call& call, std::size_t input, const std::string& name) {
  if (!call.has(input)) return nullptr;
  return &call.constant(input, ("input " + name).c_str());
}

QuantizedSizes quantized_sizes(const Call& call) {
  const Array* r = constant_input(call, kR, "R");
  const std::int64_t found = r != nullptr && r->rank() == 3 ? r->shape[1] : 0;
  const bool both = text(call.node, "direction", "forward") == "bidirectional";
  return {both ? 2 : 1, integer(call.node, "hidden_size", found)};
}

/// W or R of DynamicQuantizeLSTM as LSTM has it.
Array dequantized_input(const Call& call, std::size_t input, const std::string& name) {
  const std::size_t scale = input == kW ? kScale : kScaleOfR;
  const QuantizedMatrix matrix{name, constant_input(call, input, name),
                               constant_input(call, scale, name + "_scale"),
                               constant_input(call, scale + 1, name + "_zero_point")};
  if (matrix.values != nullptr) call.context.budget.take(matrix.values->size() * sizeof(float));
  return dequantized(matrix, quantized_sizes(call));
}

ModelLayer read_layer(const Call& call) {
  RecurrentInputs inputs;
  std::array<Array, 2> made;  // where the file's are integers
  const bool quantized = is_quantized(call.node);
  if (quantized) made = {dequantized_input(call, kW, "W"), dequantized_input(call, kR, "R")};
  inputs.w = quantized ? made.data() : constant_input(call, kW, "W");
  inputs.r = quantized ? made.data() + 1 : constant_input(call, kR, "R");
  inputs.b = constant_input(call, kB, "B");
  if (quantized || call.node.op_type() == "LSTM") inputs.p = constant_input(call, kPeephole, "P");
  ModelLayer layer = onnx::read_layer(call.node, inputs);
  for (const auto& [role, tensor] : layer.weights) call.context.budget.take(tensor.bytes().size());
  return layer;
}

RecurrentAxes read_axes(const Call& call) {
  const std::int64_t layout = integer(call.node, "layout", 0);
  if (layout != 0 && layout != 1) {
    throw Malformed(formatted("attribute 'layout' is {}; it must be 0 or 1", layout));
  }
  return {layout == 1};
}

std::vector<Value> results(const Call& call, const RecurrentAxes& axes, const Tensor& x,
                           std::size_t flow) {
  Network& network = call.context.network;
  const auto spec = std::get<RecurrentSpec>(network[flow].layer.spec);
  const Axis slots = new_axis(call.context, spec.directions(), Role::features);
  const Axis& steps = x.axes[axes.steps()];
  const Axis& batch = x.axes[axes.batch()];
  std::vector<Value> values;
  for (const StateSpec& state : states(spec)) {
    if (values.size() > spec.state_count()) break;
    const Axis features = new_axis(call.context, state.size, Role::features);
    Axis layout = slots;
    layout.insert(layout.end(), features.begin(), features.end());
    if (values.empty()) {
      const auto y = axes.batch_first ? std::vector<Axis>{batch, steps, slots, features}
                                      : std::vector<Axis>{steps, slots, batch, features};
      values.emplace_back(Tensor{.flow = flow, .layout = layout, .axes = y});
    }
    const auto last = axes.batch_first ? std::vector<Axis>{batch, slots, features}
                                       : std::vector<Axis>{slots, batch, features};
    const std::size_t states = final_states(call, flow, state.name);
    values.emplace_back(Tensor{.flow = states, .layout = layout, .axes = last});
  }
  return values;
}

}  // namespace

std::size_t final_states(const Call& call, std::size_t flow, const std::string& name) {
  Network& network = call.context.network;
  const auto spec = std::get<RecurrentSpec>(network[flow].layer.spec);
  const std::int64_t size = name == "h" ? spec.state_size() : spec.hidden_size;
  std::vector<std::size_t> parts;
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    parts.push_back(network.add_state(flow, in_direction(name, d), size));
  }
  if (parts.size() == 1) return parts.front();
  return network.joined(call.where, parts);
}

Tensor recurrent_input(const Call& call, const Tensor& given, const RecurrentAxes& axes,
                       std::int64_t size) {
  Context& context = call.context;
  if (given.axes.size() != 3) {
    throw Refusal(formatted("its input X {} must have 3 axes", context.atoms.describe(given.axes)));
  }
  fix_role(context, given.axes[axes.steps()], Role::steps, "the axis of steps of its input X");
  fix_role(context, given.axes[axes.batch()], Role::batch, "the axis of batch rows of its input X");
  require_size(context, given.axes[2], size, "the last axis of its input X");
  if (!context.atoms.all(given.axes[2], Role::features)) {
    throw Refusal(formatted("the last axis of its input X {} must be features",
                            context.atoms.describe(given.axes)));
  }
  Tensor x = with_steps(call, in_order(call, given));
  if (x.axes[axes.steps()].empty()) context.network.mark_stream(x.flow);
  return x;
}

std::vector<Value> recurrent(const Call& call) {
  Context& context = call.context;
  if (!call.is_tensor(kX)) throw Refusal("its input X is not a tensor of the network");
  const RecurrentAxes axes = read_axes(call);
  ModelLayer layer = read_layer(call);
  const auto spec = std::get<RecurrentSpec>(layer.spec);
  const Tensor x = recurrent_input(call, call.tensor(kX), axes, spec.input_size);
  const std::optional<std::size_t> lengths = read_lengths(call, kLengths, x.axes[axes.steps()]);
  std::map<std::string, std::size_t> initial;
  for (std::size_t k = 0; k < spec.state_count(); ++k) {
    const std::string name = states(spec)[k].name;
    if (!call.has(kInitialH + k)) continue;
    const InitialInput input{name, states(spec)[k].size, spec.directions()};
    read_initial_state(call, *call.inputs[kInitialH + k], input, axes, x, layer, initial);
  }
  const std::size_t flow = context.network.add_layer(call.where, std::move(layer), {x.flow});
  context.network[flow].initial = std::move(initial);
  context.network[flow].lengths = lengths;
  return results(call, axes, x, flow);
}

}  // namespace carousel::loading::onnx
