// SPDX-License-Identifier: Apache-2.0
// The variants of cells that papers, ONNX and TFLite know, alone and combined.
#include "core/verify/conformance/cases.hpp"

#include <utility>

namespace carousel::conformance {
namespace {

/// LSTM, alone and combined. The clips are so low that they bite.
std::vector<Case> lstm_variants() {
  return {{.peephole = true},
          {.coupling = GateCoupling::forget_from_input},
          {.coupling = GateCoupling::input_from_forget},
          {.clip = 0.4F},
          {.cell_clip = 0.3F},
          {.peephole = true, .coupling = GateCoupling::forget_from_input, .clip = 0.6F},
          {.peephole = true, .coupling = GateCoupling::input_from_forget, .cell_clip = 0.3F},
          {.peephole = true,
           .clip = 0.5F,
           .cell_clip = 0.3F,
           .functions = {{ActivationKind::hard_sigmoid, 0.2F, 0.5F},
                         {ActivationKind::softsign},
                         {ActivationKind::elu, 1.0F}}},
          {.layer_norm = true},
          {.coupling = GateCoupling::input_from_forget, .cell_clip = 0.3F, .layer_norm = true},
          {.coupling = GateCoupling::forget_from_input,
           .clip = 0.5F,
           .layer_norm = true,
           .functions = {{ActivationKind::hard_sigmoid, 0.2F, 0.5F},
                         {ActivationKind::softsign},
                         {ActivationKind::elu, 1.0F}}}};
}

std::vector<Case> other_variants() {
  return {
      {.cell = Cell::gru, .clip = 0.4F},
      {.cell = Cell::gru, .linear_before_reset = false, .clip = 0.4F},
      {.cell = Cell::gru,
       .functions = {{ActivationKind::hard_sigmoid, 0.2F, 0.5F}, {ActivationKind::softsign}}},
      {.cell = Cell::rnn, .clip = 0.4F},
      {.cell = Cell::rnn, .clip = 0.4F, .functions = {{ActivationKind::relu}}},
      {.cell = Cell::rnn, .functions = {{ActivationKind::sigmoid}}},
      {.cell = Cell::slstm, .heads = 2},
  };
}

/// One variant in every kind of call.
void add_calls(std::vector<Case>& table, const Case& variant) {
  const auto add = [&](const Case& call) {
    Case c = variant;
    c.group = "variant";
    c.input = call.input;
    c.hidden = (call.hidden + c.heads - 1) / c.heads * c.heads;
    c.layers = call.layers;
    c.direction = call.direction;
    c.bias = call.bias;
    c.batch = call.batch;
    c.steps = call.steps;
    c.lengths = call.lengths;
    c.x_layout = call.x_layout;
    c.initial_state = call.initial_state;
    c.chunk = call.chunk;
    c.threads = call.threads;
    c.inputs = call.inputs;
    table.push_back(std::move(c));
  };
  for (const int hidden : {1, 7, 16, 33}) {
    add({.input = 6, .hidden = hidden, .initial_state = true});
  }
  for (const Direction direction : {Direction::reverse, Direction::bidirectional}) {
    add({.input = 9, .hidden = 20, .direction = direction, .initial_state = true});
  }
  add({.hidden = 12, .bias = false, .batch = 1, .steps = 12});
  add({.hidden = 40, .batch = 19, .steps = 2, .threads = 2});
  add({.hidden = 10, .batch = 0});
  for (const Direction direction : kDirections) {
    add({.input = 5,
         .hidden = 17,
         .layers = 2,
         .direction = direction,
         .batch = 7,
         .steps = 6,
         .lengths = Lengths::random,
         .x_layout = Layout::batch_first,
         .initial_state = true});
  }
  add({.hidden = 11, .steps = 9, .initial_state = true, .chunk = 2});
  add({.hidden = 18, .batch = 4, .inputs = Inputs::large});
  add({.hidden = 18, .batch = 4, .inputs = Inputs::nan_in_a_row});
  add({.hidden = 18, .batch = 4, .inputs = Inputs::inf_in_a_row});
}

void add_projected(std::vector<Case>& table, Case variant) {
  variant.group = "variant";
  variant.input = 8;
  variant.hidden = 15;
  variant.proj = 6;
  variant.initial_state = true;
  for (const Direction direction : kDirections) {
    variant.direction = direction;
    table.push_back(variant);
  }
}

/// Each function in each place; a direction of its own gets another one.
void add_functions(std::vector<Case>& table) {
  for (const Cell cell : {Cell::lstm, Cell::gru, Cell::rnn}) {
    const ActivationSet usual = traits(cell).activations;
    const std::size_t places = traits(cell).activation_count;
    for (const Activation& function : cell_functions()) {
      for (std::size_t place = 0; place < places; ++place) {
        if (same_function(function, usual.at(place))) continue;
        std::vector<Activation> set(usual.begin(), usual.begin() + std::ptrdiff_t(places));
        set.at(place) = function;
        Case c{.group = "function", .input = 5, .hidden = 9, .steps = 4, .initial_state = true};
        c.cell = cell;
        c.functions = set;
        table.push_back(c);
        c.direction = Direction::bidirectional;
        c.functions.insert(c.functions.end(), usual.begin(),
                           usual.begin() + std::ptrdiff_t(places));
        c.lengths = Lengths::random;
        table.push_back(c);
      }
    }
  }
}

void add_function_limits(std::vector<Case>& table) {
  for (const Activation& function : cell_functions()) {
    for (const Inputs inputs : {Inputs::nan_in_a_row, Inputs::inf_in_a_row, Inputs::denormal}) {
      table.push_back({.group = "function",
                       .input = 3,
                       .hidden = 6,
                       .batch = 2,
                       .steps = 3,
                       .inputs = inputs,
                       .cell = Cell::rnn,
                       .functions = {function}});
    }
  }
}

}  // namespace

const std::vector<Activation>& cell_functions() {
  static const std::vector<Activation> list{{ActivationKind::sigmoid},
                                            {ActivationKind::tanh},
                                            {ActivationKind::relu},
                                            {ActivationKind::affine, 0.4F, 0.1F},
                                            {ActivationKind::leaky_relu, 0.1F},
                                            {ActivationKind::thresholded_relu, 0.15F},
                                            {ActivationKind::scaled_tanh, 1.5F, 0.6F},
                                            {ActivationKind::hard_sigmoid, 0.3F, 0.45F},
                                            {ActivationKind::elu, 0.7F},
                                            {ActivationKind::softsign},
                                            {ActivationKind::softplus}};
  return list;
}

void add_variants(std::vector<Case>& table) {
  for (const Case& variant : lstm_variants()) {
    add_calls(table, variant);
    add_projected(table, variant);
  }
  for (const Case& variant : other_variants()) add_calls(table, variant);
  add_functions(table);
  add_function_limits(table);
}

}  // namespace carousel::conformance
