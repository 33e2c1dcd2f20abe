// SPDX-License-Identifier: Apache-2.0
#include "recurrent_writer.hpp"

#include "gates.hpp"
#include "stored_array.hpp"

#include <algorithm>
#include <array>

#include "core/model/activation_parameters.hpp"
#include "core/model/formatted.hpp"

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

/// A weight in a direction, its elements moved by `order`; nothing where there is none.
template <class Order>
Array ordered(const ModelLayer& layer, std::string_view role, std::size_t direction, Order order) {
  Array array = stored_array(find_weight(layer.weights, in_direction(role, direction)));
  array.data = order(array.data);
  return array;
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

void RecurrentWriter::set_lengths(const std::string& lengths) {
  constexpr std::array<std::int64_t, 1> rows{-1};
  const std::string flat = graph_.reserve(lengths + ".flat");
  graph_.node("Reshape", {lengths, graph_.integers(lengths + ".shape", rows)}, {flat});
  lengths_ = graph_.reserve(lengths + ".int32");
  graph_.node("Cast", {flat}, {lengths_}).integer("to", schema::TensorProto::INT32);
}

std::vector<std::string> RecurrentWriter::write(const Request& request) {
  const ModelLayer& layer = request.layer;
  const std::string& name = request.name;
  const RecurrentSpec& spec = spec_of(layer);
  std::vector<std::string> inputs{
      request.input, weights(layer, name + ".W", "weight_ih", spec.input_size),
      weights(layer, name + ".R", "weight_hh", spec.hidden_size), biases(layer, name), lengths_};
  for (std::size_t k = 0; k < spec.state_count(); ++k) {
    inputs.push_back(initial_state(request, k));
  }
  inputs.push_back(peepholes(layer, name));
  while (inputs.back().empty()) inputs.pop_back();
  const std::string y = graph_.reserve(name + ".Y");
  std::vector<std::string> outputs{y};
  if (options_.states || request.final_states) append_final_states(outputs, request);
  const std::string op(traits(spec.cell).onnx_operator);
  AttributeWriter node = graph_.node(op.c_str(), inputs, outputs);
  write_attributes(node, spec);
  join_directions(spec, name, y, request.output);
  ++count_;
  return request.final_states ? split_states(request, outputs) : std::vector<std::string>();
}

void RecurrentWriter::write_outputs() {
  for (const auto& [name, sizes] : states_) graph_.output(name, sizes);
}

/// One array of all directions, each with its gates in ONNX's order.
std::string RecurrentWriter::weights(const ModelLayer& layer, const std::string& name,
                                     std::string_view role, std::int64_t width) {
  const RecurrentSpec& spec = spec_of(layer);
  Array all;
  for (std::size_t d = 0; d < directions(spec); ++d) {
    append(all, ordered(layer, role, d,
                        [&](const auto& bytes) { return to_onnx_gates(spec.cell, bytes); }));
  }
  return graph_.weight(name, {spec.directions(), spec.gates() * spec.hidden_size, width}, all);
}

/// Both biases of a direction stand side by side.
std::string RecurrentWriter::biases(const ModelLayer& layer, const std::string& name) {
  const RecurrentSpec& spec = spec_of(layer);
  if (!spec.bias) return "";
  Array all;
  for (std::size_t d = 0; d < directions(spec); ++d) {
    for (const std::string_view role : {"bias_ih", "bias_hh"}) {
      append(all, ordered(layer, role, d,
                          [&](const auto& bytes) { return to_onnx_gates(spec.cell, bytes); }));
    }
  }
  return graph_.weight(name + ".B", {spec.directions(), 2 * spec.gates() * spec.hidden_size}, all);
}

std::string RecurrentWriter::peepholes(const ModelLayer& layer, const std::string& name) {
  const RecurrentSpec& spec = spec_of(layer);
  if (!spec.peephole) return "";
  Array all;
  for (std::size_t d = 0; d < directions(spec); ++d) {
    append(all, ordered(layer, "peephole", d, to_onnx_peepholes));
  }
  return graph_.weight(name + ".P", {spec.directions(), 3 * spec.hidden_size}, all);
}

/// The input of a node that is an initial state: of the graph, of the model, learned, or none.
std::string RecurrentWriter::initial_state(const Request& request, std::size_t state) {
  const RecurrentSpec& spec = spec_of(request.layer);
  const StateSpec of = states(spec)[state];
  if (options_.states) {
    std::string input = graph_.reserve(formatted("{}0_l{}", of.name, count_));
    graph_.input(input, schema::TensorProto::FLOAT, {spec.directions(), "batch", of.size});
    return input;
  }
  if (std::string given = given_state(request, state); !given.empty()) return given;
  Floats all;
  bool learned = false;
  for (std::size_t d = 0; d < directions(spec); ++d) {
    const auto* tensor = find_weight(request.layer.weights, in_direction("initial_" + of.name, d));
    learned = learned || tensor != nullptr;
    Floats part = tensor == nullptr ? Floats() : tensor->to_float32();
    part.resize(static_cast<std::size_t>(of.size));
    append(all, part);
  }
  if (!learned) return "";
  const std::string constant = graph_.floats(formatted("{}.initial_{}", request.name, of.name),
                                             {spec.directions(), 1, of.size}, all);
  std::string rows = graph_.reserve(constant + ".rows");
  graph_.node("Expand", {constant, row_shape()}, {rows});
  return rows;
}

/// An initial state that the model sets, of all directions; empty: it sets none.
std::string RecurrentWriter::given_state(const Request& request, std::size_t state) {
  const RecurrentSpec& spec = spec_of(request.layer);
  std::vector<std::string> parts;
  bool given = false;
  for (std::size_t d = 0; d < directions(spec); ++d) {
    const auto found = request.initial.find(d * spec.state_count() + state);
    given = given || found != request.initial.end();
    parts.push_back(found == request.initial.end() ? "" : found->second);
  }
  if (!given) return "";
  for (std::string& part : parts) {
    if (part.empty()) part = zero_state(request, states(spec)[state].size);
  }
  if (parts.size() == 1) return parts.front();
  std::string all = graph_.reserve(request.name + ".initial");
  graph_.node("Concat", parts, {all}).integer("axis", 0);
  return all;
}

/// Zeros for each row, [1, batch, size].
std::string RecurrentWriter::zero_state(const Request& request, std::int64_t size) {
  const std::string constant =
      graph_.floats(request.name + ".zeros", {1, 1, size}, Floats(static_cast<std::size_t>(size)));
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
                                          const Request& request) {
  const RecurrentSpec& spec = spec_of(request.layer);
  const std::vector<StateSpec> all = states(spec);
  for (std::size_t k = 0; k < spec.state_count(); ++k) {
    if (!options_.states) {
      outputs.push_back(graph_.reserve(formatted("{}.Y_{}", request.name, all[k].name)));
      continue;
    }
    outputs.push_back(graph_.reserve(formatted("{}n_l{}", all[k].name, count_)));
    states_.emplace_back(outputs.back(),
                         std::vector<NamedSize>{spec.directions(), "batch", all[k].size});
  }
}

/// The final states of each direction, in the order of `states(spec)`, from a node's outputs.
std::vector<std::string> RecurrentWriter::split_states(const Request& request,
                                                       const std::vector<std::string>& outputs) {
  const RecurrentSpec& spec = spec_of(request.layer);
  if (spec.directions() == 1) return {outputs.begin() + 1, outputs.end()};
  std::vector<std::string> all;
  for (std::int64_t d = 0; d < spec.directions(); ++d) {
    for (std::size_t k = 1; k < outputs.size(); ++k) {
      const auto number = [&](const char* what, std::int64_t value) {
        return graph_.integers(outputs[k] + what, {&value, 1});
      };
      all.push_back(graph_.reserve(outputs[k] + (d == 0 ? ".forward" : ".reverse")));
      graph_.node("Slice",
                  {outputs[k], number(".first", d), number(".end", d + 1), number(".axis", 0)},
                  {all.back()});
    }
  }
  return all;
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
