// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/cases.hpp"

#include <array>

namespace carousel::conformance {
namespace {

void add_sizes(std::vector<Case>& table) {
  constexpr std::array sizes{1, 3, 7, 15, 16, 17, 31, 32, 33, 40, 64, 100, 128, 130};
  for (const int size : sizes) {
    table.push_back({.group = "size", .input = size, .hidden = size});
  }
  constexpr std::array<std::array<int, 2>, 18> mixed{{{1, 130},
                                                      {130, 1},
                                                      {3, 64},
                                                      {64, 3},
                                                      {7, 100},
                                                      {100, 7},
                                                      {17, 33},
                                                      {33, 17},
                                                      {15, 128},
                                                      {128, 15},
                                                      {31, 40},
                                                      {40, 31},
                                                      {16, 2},
                                                      {2, 16},
                                                      {5, 4},
                                                      {4, 9},
                                                      {1, 8},
                                                      {65, 48}}};
  for (const auto& [input, hidden] : mixed) {
    table.push_back({.group = "size", .input = input, .hidden = hidden, .steps = 4});
    table.push_back({.group = "size",
                     .input = input,
                     .hidden = hidden,
                     .bias = false,
                     .batch = 1,
                     .steps = 3,
                     .initial_state = true});
  }
}

void add_directions(std::vector<Case>& table) {
  for (const Direction direction : {Direction::reverse, Direction::bidirectional}) {
    for (const int hidden : {1, 7, 16, 17, 33, 64, 100}) {
      table.push_back({.group = "direction", .input = 9, .hidden = hidden, .direction = direction});
      table.push_back({.group = "direction",
                       .input = hidden,
                       .hidden = hidden,
                       .direction = direction,
                       .bias = false,
                       .batch = 1,
                       .steps = 7,
                       .initial_state = true});
    }
  }
}

void add_projections(std::vector<Case>& table) {
  constexpr std::array<std::array<int, 2>, 8> sizes{
      {{2, 1}, {4, 2}, {17, 5}, {33, 1}, {33, 32}, {64, 32}, {100, 33}, {130, 128}}};
  for (const auto& [hidden, proj] : sizes) {
    for (const Direction direction : kDirections) {
      table.push_back({.group = "projection",
                       .input = 12,
                       .hidden = hidden,
                       .proj = proj,
                       .direction = direction,
                       .initial_state = true});
    }
    table.push_back({.group = "projection",
                     .input = 3,
                     .hidden = hidden,
                     .proj = proj,
                     .layers = 2,
                     .direction = Direction::bidirectional,
                     .bias = false,
                     .lengths = Lengths::random});
  }
}

void add_stacks(std::vector<Case>& table) {
  for (const int layers : {2, 3}) {
    for (const Direction direction : kDirections) {
      for (const int hidden : {5, 16, 33}) {
        table.push_back({.group = "stack",
                         .input = 20,
                         .hidden = hidden,
                         .layers = layers,
                         .direction = direction,
                         .initial_state = true});
      }
    }
  }
  for (const int head : {1, 3, 4, 17, 65}) {
    table.push_back({.group = "head", .input = 20, .hidden = 15, .head = head});
    table.push_back({.group = "head",
                     .hidden = 33,
                     .layers = 2,
                     .direction = Direction::bidirectional,
                     .bias = false,
                     .head = head,
                     .lengths = Lengths::random,
                     .y_layout = Layout::batch_first_padded});
    table.push_back({.group = "embedding",
                     .input = 20,
                     .hidden = 40,
                     .layers = 2,
                     .head = head,
                     .vocabulary = 74,
                     .steps = 9,
                     .lengths = Lengths::random,
                     .x_layout = Layout::batch_first_padded,
                     .chunk = 4,
                     .max_steps = 3});
  }
}

void add_batches(std::vector<Case>& table) {
  for (const int batch : {0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 19, 33, 64}) {
    table.push_back({.group = "batch", .input = 17, .hidden = 33, .batch = batch, .steps = 3});
    table.push_back({.group = "batch", .input = 64, .hidden = 64, .batch = batch, .steps = 2});
    table.push_back({.group = "batch",
                     .input = 6,
                     .hidden = 16,
                     .direction = Direction::bidirectional,
                     .batch = batch,
                     .lengths = Lengths::random,
                     .initial_state = true});
  }
}

void add_steps(std::vector<Case>& table) {
  for (const int steps : {0, 1, 2, 5, 17, 100}) {
    for (const Direction direction : kDirections) {
      table.push_back({.group = "steps", .direction = direction, .batch = 1, .steps = steps});
      table.push_back({.group = "steps",
                       .input = 40,
                       .hidden = 31,
                       .direction = direction,
                       .batch = 2,
                       .steps = steps,
                       .initial_state = true});
    }
    table.push_back({.group = "steps", .input = 130, .hidden = 100, .batch = 1, .steps = steps});
    table.push_back(
        {.group = "steps", .hidden = 40, .layers = 2, .steps = steps, .lengths = Lengths::random});
  }
}

void add_lengths(std::vector<Case>& table) {
  for (const Lengths lengths :
       {Lengths::random, Lengths::sorted, Lengths::equal, Lengths::some_zero, Lengths::all_zero}) {
    for (const Direction direction : kDirections) {
      table.push_back({.group = "lengths",
                       .input = 5,
                       .hidden = 17,
                       .direction = direction,
                       .batch = 7,
                       .steps = 9,
                       .lengths = lengths,
                       .initial_state = true});
      table.push_back({.group = "lengths",
                       .input = 33,
                       .hidden = 32,
                       .layers = 2,
                       .direction = direction,
                       .batch = 19,
                       .steps = 6,
                       .lengths = lengths,
                       .x_layout = Layout::batch_first,
                       .y_layout = Layout::batch_first});
    }
    table.push_back({.group = "lengths", .hidden = 64, .batch = 33, .lengths = lengths});
    table.push_back({.group = "lengths", .batch = 1, .steps = 8, .lengths = lengths});
  }
}

void add_layouts(std::vector<Case>& table) {
  constexpr std::array layouts{Layout::steps_first, Layout::batch_first, Layout::steps_first_padded,
                               Layout::batch_first_padded};
  for (const Layout x_layout : layouts) {
    for (const Layout y_layout : layouts) {
      table.push_back({.group = "layout",
                       .input = 13,
                       .hidden = 18,
                       .direction = Direction::bidirectional,
                       .x_layout = x_layout,
                       .y_layout = y_layout});
      table.push_back({.group = "layout",
                       .input = 32,
                       .hidden = 32,
                       .batch = 17,
                       .x_layout = x_layout,
                       .y_layout = y_layout});
    }
  }
}

void add_streaming(std::vector<Case>& table) {
  for (const int chunk : {1, 2, 3, 7, 16}) {
    for (const int max_steps : {0, 2}) {
      table.push_back({.group = "streaming",
                       .hidden = 24,
                       .steps = 17,
                       .initial_state = true,
                       .chunk = chunk,
                       .max_steps = max_steps});
      table.push_back({.group = "streaming",
                       .input = 9,
                       .hidden = 33,
                       .proj = 7,
                       .layers = 3,
                       .batch = 5,
                       .steps = 17,
                       .lengths = Lengths::random,
                       .chunk = chunk,
                       .max_steps = max_steps});
    }
  }
}

void add_threads(std::vector<Case>& table) {
  for (const int threads : {2, 3}) {
    for (const Direction direction : kDirections) {
      table.push_back({.group = "threads",
                       .input = 31,
                       .hidden = 65,
                       .layers = 2,
                       .direction = direction,
                       .batch = 5,
                       .lengths = Lengths::random,
                       .threads = threads});
      table.push_back({.group = "threads",
                       .hidden = 128,
                       .direction = direction,
                       .batch = 1,
                       .steps = 9,
                       .threads = threads});
    }
    table.push_back(
        {.group = "threads", .input = 3, .hidden = 100, .proj = 40, .threads = threads});
  }
}

void add_numbers(std::vector<Case>& table) {
  for (const Weights weights :
       {Weights::saturating, Weights::tiny, Weights::denormal, Weights::positive}) {
    for (const int hidden : {7, 32, 100}) {
      table.push_back({.group = "numbers",
                       .hidden = hidden,
                       .initial_state = true,
                       .weights = weights,
                       .chaotic = weights == Weights::saturating});
    }
    table.push_back({.group = "numbers",
                     .hidden = 40,
                     .proj = 17,
                     .weights = weights,
                     .chaotic = weights == Weights::saturating});
  }
  for (const Inputs inputs : {Inputs::zero, Inputs::large, Inputs::huge, Inputs::denormal,
                              Inputs::nan_in_a_row, Inputs::inf_in_a_row}) {
    for (const Direction direction : kDirections) {
      for (const int hidden : {7, 33}) {
        table.push_back({.group = "numbers",
                         .hidden = hidden,
                         .direction = direction,
                         .batch = 9,
                         .initial_state = true,
                         .inputs = inputs});
      }
    }
    table.push_back({.group = "numbers",
                     .input = 64,
                     .hidden = 64,
                     .layers = 2,
                     .batch = 17,
                     .steps = 3,
                     .lengths = Lengths::random,
                     .inputs = inputs});
    table.push_back({.group = "numbers",
                     .input = 64,
                     .hidden = 48,
                     .proj = 20,
                     .head = 10,
                     .batch = 4,
                     .inputs = inputs});
  }
}

std::vector<Case> make_table() {
  std::vector<Case> table;
  add_sizes(table);
  add_directions(table);
  add_projections(table);
  add_stacks(table);
  add_batches(table);
  add_steps(table);
  add_lengths(table);
  add_layouts(table);
  add_streaming(table);
  add_threads(table);
  add_numbers(table);
  add_cells(table);
  add_variants(table);
  add_layers(table);
  add_frames(table);
  add_convolutions(table);
  add_ports(table);
  return table;
}

}  // namespace

const std::vector<Case>& cases() {
  static const std::vector<Case> table = make_table();
  return table;
}

}  // namespace carousel::conformance
