// SPDX-License-Identifier: Apache-2.0
// Dense layers, embeddings, activations and concatenations: alone, between recurrent layers, and in
// networks with several inputs and outputs.
#include "core/verify/conformance/cases.hpp"

#include <array>

namespace carousel::conformance {
namespace {

std::vector<Activation> all_functions() {
  std::vector<Activation> list = cell_functions();
  list.push_back({ActivationKind::softmax});
  list.push_back({ActivationKind::log_softmax});
  return list;
}

void add_dense(std::vector<Case>& table) {
  constexpr std::array<std::array<int, 2>, 8> sizes{
      {{1, 1}, {1, 130}, {130, 1}, {17, 33}, {33, 17}, {64, 3}, {100, 100}, {15, 64}}};
  for (const auto& [input, head] : sizes) {
    table.push_back({.group = "dense", .input = input, .layers = 0, .head = head});
    table.push_back({.group = "dense",
                     .input = input,
                     .layers = 0,
                     .bias = false,
                     .head = head,
                     .batch = 19,
                     .steps = 3,
                     .lengths = Lengths::random,
                     .x_layout = Layout::batch_first_padded,
                     .y_layout = Layout::steps_first_padded,
                     .threads = 2});
  }
  for (const int batch : {0, 1, 2, 5, 8, 33}) {
    table.push_back(
        {.group = "dense", .input = 21, .layers = 0, .head = 10, .batch = batch, .steps = 2});
  }
  for (const Inputs inputs :
       {Inputs::zero, Inputs::denormal, Inputs::nan_in_a_row, Inputs::inf_in_a_row}) {
    table.push_back({.group = "dense", .input = 21, .layers = 0, .head = 10, .inputs = inputs});
  }
}

void add_embeddings(std::vector<Case>& table) {
  for (const int width : {1, 7, 64}) {
    table.push_back({.group = "table",
                     .input = width,
                     .layers = 0,
                     .vocabulary = 20,
                     .y_layout = Layout::batch_first_padded});
    table.push_back({.group = "table",
                     .input = width,
                     .layers = 0,
                     .head = 5,
                     .vocabulary = 1,
                     .batch = 7,
                     .lengths = Lengths::random});
  }
}

/// Functions that jump, or are so steep that errors of their arguments grow too much.
std::vector<Activation> steep_functions() {
  return {{ActivationKind::sqrt}, {ActivationKind::log},   {ActivationKind::reciprocal},
          {ActivationKind::sign}, {ActivationKind::floor}, {ActivationKind::ceil},
          {ActivationKind::round}};
}

/// The others of those that no cell has.
std::vector<Activation> smooth_functions() {
  return {{ActivationKind::abs},
          {ActivationKind::negative},
          {ActivationKind::exp},
          {ActivationKind::erf},
          {ActivationKind::clip, -0.4F, 0.7F},
          {ActivationKind::gelu},
          {ActivationKind::gelu_tanh},
          {ActivationKind::silu},
          {ActivationKind::hard_swish},
          {ActivationKind::selu},
          {ActivationKind::mish}};
}

/// Each function of layers of their own, alone.
void add_layer_functions(std::vector<Case>& table) {
  std::vector<Activation> all = steep_functions();
  const std::vector<Activation> smooth = smooth_functions();
  all.insert(all.end(), smooth.begin(), smooth.end());
  for (const Activation& function : all) {
    const bool steep = function.kind == ActivationKind::reciprocal;
    for (const Inputs inputs : {Inputs::usual, Inputs::zero, Inputs::large, Inputs::denormal,
                                Inputs::nan_in_a_row, Inputs::inf_in_a_row}) {
      table.push_back({.group = "activation",
                       .input = 17,
                       .layers = 0,
                       .activation = function,
                       .inputs = inputs,
                       .chaotic = steep || inputs == Inputs::large});
    }
    table.push_back({.group = "activation",
                     .input = 9,
                     .layers = 0,
                     .activation = function,
                     .batch = 5,
                     .lengths = Lengths::random,
                     .x_layout = Layout::batch_first_padded,
                     .y_layout = Layout::steps_first_padded,
                     .chaotic = steep});
  }
}

/// Each function alone, at the end of a network, and between its layers.
void add_activations(std::vector<Case>& table) {
  std::vector<Activation> functions = all_functions();
  const std::vector<Activation> smooth = smooth_functions();
  functions.insert(functions.end(), smooth.begin(), smooth.end());
  for (const Activation& function : functions) {
    table.push_back({.group = "activation", .input = 9, .layers = 0, .activation = function});
    table.push_back({.group = "activation",
                     .input = 40,
                     .layers = 0,
                     .activation = function,
                     .batch = 5,
                     .lengths = Lengths::random,
                     .x_layout = Layout::batch_first_padded,
                     .y_layout = Layout::steps_first_padded});
    table.push_back({.group = "activation",
                     .input = 6,
                     .hidden = 9,
                     .head = 5,
                     .activation = function,
                     .lengths = Lengths::random,
                     .y_layout = Layout::batch_first_padded,
                     .initial_state = true});
    table.push_back({.group = "activation",
                     .input = 6,
                     .hidden = 9,
                     .topology = Topology::between,
                     .activation = function,
                     .initial_state = true});
    for (const Inputs inputs : {Inputs::zero, Inputs::denormal, Inputs::nan_in_a_row}) {
      table.push_back({.group = "activation",
                       .input = 9,
                       .layers = 0,
                       .activation = function,
                       .inputs = inputs});
    }
  }
}

/// One topology with all kinds of calls.
void add_topology(std::vector<Case>& table, const Case& network) {
  const auto add = [&](const Case& call) {
    Case c = network;
    c.group = "wiring";
    c.direction = call.direction;
    c.batch = call.batch;
    c.steps = call.steps;
    c.lengths = call.lengths;
    c.x_layout = call.x_layout;
    c.y_layout = call.y_layout;
    c.initial_state = call.initial_state;
    c.chunk = call.chunk;
    c.max_steps = call.max_steps;
    c.threads = call.threads;
    c.inputs = call.inputs;
    table.push_back(std::move(c));
  };
  for (const Direction direction : kDirections) {
    add({.direction = direction, .initial_state = true});
    add({.direction = direction,
         .batch = 7,
         .steps = 9,
         .lengths = Lengths::random,
         .x_layout = Layout::batch_first_padded,
         .y_layout = Layout::steps_first_padded});
  }
  for (const int chunk : {1, 3}) {
    for (const int max_steps : {0, 2}) {
      add({.steps = 11,
           .lengths = Lengths::random,
           .initial_state = true,
           .chunk = chunk,
           .max_steps = max_steps});
    }
  }
  add({.batch = 1, .steps = 8, .y_layout = Layout::batch_first});
  add({.batch = 0});
  add({.steps = 0});
  add({.batch = 17, .steps = 3, .threads = 2});
  add({.lengths = Lengths::all_zero, .initial_state = true});
  add({.batch = 4, .inputs = Inputs::nan_in_a_row});
}

}  // namespace

void add_layers(std::vector<Case>& table) {
  add_dense(table);
  add_embeddings(table);
  add_activations(table);
  add_layer_functions(table);
  for (const Cell cell : {Cell::lstm, Cell::gru, Cell::rnn}) {
    Case network{.input = 8, .hidden = 13, .activation = Activation{ActivationKind::tanh}};
    network.cell = cell;
    network.topology = Topology::between;
    add_topology(table, network);
    network.topology = Topology::skip;
    network.head = 4;
    add_topology(table, network);
    network.topology = Topology::two_inputs;
    network.activation = Activation{ActivationKind::softmax};
    network.vocabulary = 20;
    add_topology(table, network);
  }
}

}  // namespace carousel::conformance
