// SPDX-License-Identifier: Apache-2.0
#include "recurrent_writer.hpp"

#include "gates.hpp"

#include <algorithm>
#include <array>

#include "core/model/activation_parameters.hpp"

namespace carousel::loading::onnx {
namespace {

std::size_t directions(const RecurrentSpec& spec) {
  return static_cast<std::size_t>(spec.directions());
}

/// Alphas and betas are taken in turn by the functions that have them; see recurrent_node.cpp.
void write_activations(AttributeWriter& node, const RecurrentSpec& spec) {
  std::vector<std::string> names;
  std::vector<float> alphas;
  std::vector<float> betas;
  for (std::size_t d = 0; d < directions(spec); ++d) {
    for (std::size_t k = 0; k < traits(spec.cell).activation_count; ++k) {
      const Activation& activation = spec.activations.at(d).at(k);
      const ActivationParameters has = parameters(activation.kind);
      names.emplace_back(name(activation.kind));
      if (has.alpha) alphas.push_back(activation.alpha);
      if (has.beta) betas.push_back(activation.beta);
    }
  }
  node.texts("activations", names);
  if (!alphas.empty()) node.reals("activation_alpha", alphas);
  if (!betas.empty()) node.reals("activation_beta", betas);
}

void write_attributes(AttributeWriter& node, const RecurrentSpec& spec) {
  node.integer("hidden_size", spec.hidden_size).text("direction", name(spec.direction));
  if (spec.clip > 0.0F) node.real("clip", spec.clip);
  if (spec.coupling == GateCoupling::forget_from_input) node.integer("input_forget", 1);
  if (spec.cell == Cell::gru) node.integer("linear_before_reset", spec.linear_before_reset);
  if (!has_default_activations(spec)) write_activations(node, spec);
}

const RecurrentSpec& spec_of(const ModelLayer& layer) {
  return std::get<RecurrentSpec>(layer.spec);
}

/// Values of a weight in a direction, moved by `order` as float32; nothing where there is none.
template <class Order>
std::vector<float> ordered(const ModelLayer& layer, std::string_view role, std::size_t direction,
                           Order order) {
  const Float32View view(find_weight(layer.weights, in_direction(role, direction)));
  const std::vector<std::byte> bytes = order(std::as_bytes(view.values()));
  const auto* floats = reinterpret_cast<const float*>(bytes.data());
  return {floats, floats + bytes.size() / sizeof(float)};
}

void append(std::vector<float>& all, const std::vector<float>& part) {
  all.insert(all.end(), part.begin(), part.end());
}

}  // namespace

void RecurrentWriter::write_inputs(const std::string& sequence) {
  sequence_ = sequence;
  if (!options_.lengths) return;
  lengths_ = graph_.reserve("lengths");
  graph_.input(lengths_, schema::TensorProto::INT32, {"batch"});
}

void RecurrentWriter::write(const ModelLayer& layer, const std::string& name,
                            const std::string& input, const std::string& output) {
  const RecurrentSpec& spec = spec_of(layer);
  std::vector<std::string> inputs{input, weights(layer, name + ".W", "weight_ih", spec.input_size),
                                  weights(layer, name + ".R", "weight_hh", spec.hidden_size),
                                  biases(layer, name), lengths_};
  const std::vector<StateSpec> all = states(spec);
  for (std::size_t k = 0; k < spec.state_count(); ++k) {
    inputs.push_back(initial_state(layer, name, all[k]));
  }
  inputs.push_back(peepholes(layer, name));
  while (inputs.back().empty()) inputs.pop_back();
  const std::string y = graph_.reserve(name + ".Y");
  std::vector<std::string> outputs{y};
  if (options_.states) append_final_states(outputs, spec);
  const std::string op(traits(spec.cell).onnx_operator);
  AttributeWriter node = graph_.node(op.c_str(), inputs, outputs);
  write_attributes(node, spec);
  join_directions(spec, name, y, output);
  ++count_;
}

void RecurrentWriter::write_outputs() {
  for (const auto& [name, sizes] : states_) graph_.output(name, sizes);
}

/// One array of all directions, each with its gates in ONNX's order.
std::string RecurrentWriter::weights(const ModelLayer& layer, const std::string& name,
                                     std::string_view role, std::int64_t width) {
  const RecurrentSpec& spec = spec_of(layer);
  Floats all;
  for (std::size_t d = 0; d < directions(spec); ++d) {
    append(all,
           ordered(layer, role, d, [&](auto bytes) { return to_onnx_gates(spec.cell, bytes); }));
  }
  return graph_.floats(name, {spec.directions(), spec.gates() * spec.hidden_size, width}, all);
}

/// Both biases of a direction stand side by side.
std::string RecurrentWriter::biases(const ModelLayer& layer, const std::string& name) {
  const RecurrentSpec& spec = spec_of(layer);
  if (!spec.bias) return "";
  Floats all;
  for (std::size_t d = 0; d < directions(spec); ++d) {
    for (const std::string_view role : {"bias_ih", "bias_hh"}) {
      append(all,
             ordered(layer, role, d, [&](auto bytes) { return to_onnx_gates(spec.cell, bytes); }));
    }
  }
  return graph_.floats(name + ".B", {spec.directions(), 2 * spec.gates() * spec.hidden_size}, all);
}

std::string RecurrentWriter::peepholes(const ModelLayer& layer, const std::string& name) {
  const RecurrentSpec& spec = spec_of(layer);
  if (!spec.peephole) return "";
  Floats all;
  for (std::size_t d = 0; d < directions(spec); ++d) {
    append(all, ordered(layer, "peephole", d, to_onnx_peepholes));
  }
  return graph_.floats(name + ".P", {spec.directions(), 3 * spec.hidden_size}, all);
}

/// The input of a node that is an initial state: of the graph, learned, or none.
std::string RecurrentWriter::initial_state(const ModelLayer& layer, const std::string& name,
                                           const StateSpec& state) {
  const std::int64_t directions = spec_of(layer).directions();
  if (options_.states) {
    std::string input = graph_.reserve(state.name + "0_l" + std::to_string(count_));
    graph_.input(input, schema::TensorProto::FLOAT, {directions, "batch", state.size});
    return input;
  }
  Floats all;
  bool learned = false;
  for (std::size_t d = 0; d < static_cast<std::size_t>(directions); ++d) {
    const auto* tensor = find_weight(layer.weights, in_direction("initial_" + state.name, d));
    learned = learned || tensor != nullptr;
    Floats part = tensor == nullptr ? Floats() : tensor->to_float32();
    part.resize(static_cast<std::size_t>(state.size));
    append(all, part);
  }
  if (!learned) return "";
  const std::string constant =
      graph_.floats(name + ".initial_" + state.name, {directions, 1, state.size}, all);
  std::string rows = graph_.reserve(constant + ".rows");
  graph_.node("Expand", {constant, row_shape()}, {rows});
  return rows;
}

/// [1, batch, 1], computed from the shape of the graph's input.
std::string RecurrentWriter::row_shape() {
  if (!row_shape_.empty()) return row_shape_;
  constexpr std::array<std::int64_t, 1> one{1};
  const std::string ones = graph_.integers("one", one);
  const std::string sizes = graph_.reserve("sizes");
  const std::string rows = graph_.reserve("rows");
  row_shape_ = graph_.reserve("row_shape");
  graph_.node("Shape", {sequence_}, {sizes});
  graph_.node("Gather", {sizes, ones}, {rows}).integer("axis", 0);
  graph_.node("Concat", {ones, rows, ones}, {row_shape_}).integer("axis", 0);
  return row_shape_;
}

void RecurrentWriter::append_final_states(std::vector<std::string>& outputs,
                                          const RecurrentSpec& spec) {
  const std::vector<StateSpec> all = states(spec);
  for (std::size_t k = 0; k < spec.state_count(); ++k) {
    outputs.push_back(graph_.reserve(all[k].name + "n_l" + std::to_string(count_)));
    states_.emplace_back(outputs.back(),
                         std::vector<NamedSize>{spec.directions(), "batch", all[k].size});
  }
}

/// Y [steps, directions, batch, hidden] to [steps, batch, directions * hidden].
void RecurrentWriter::join_directions(const RecurrentSpec& spec, const std::string& name,
                                      const std::string& y, const std::string& output) {
  if (spec.directions() == 1) {
    constexpr std::array<std::int64_t, 1> axis{1};
    graph_.node("Squeeze", {y, graph_.integers(name + ".axes", axis)}, {output});
    return;
  }
  constexpr std::array<std::int64_t, 3> shape{0, 0, -1};
  const std::string rows = graph_.reserve(name + ".rows");
  graph_.node("Transpose", {y}, {rows}).integers("perm", {0, 2, 1, 3});
  graph_.node("Reshape", {rows, graph_.integers(name + ".shape", shape)}, {output});
}

}  // namespace carousel::loading::onnx
