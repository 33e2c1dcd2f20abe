// SPDX-License-Identifier: Apache-2.0
// GRU in both forms, plain RNN with tanh and relu, sLSTM with one head and several, LSTM with layer
// normalization: the cells beside the usual LSTM.
#include "core/verify/conformance/cases.hpp"

#include <array>
#include <utility>

namespace carousel::conformance {
namespace {

/// Cases for one kind of cell.
class CellTable {
 public:
  CellTable(std::vector<Case>& table, Case kind) : table_(table), kind_(std::move(kind)) {}

  void add_all() {
    add_sizes();
    add_directions();
    add_stacks();
    add_batches();
    add_steps();
    add_lengths();
    add_layouts();
    add_streaming();
    add_threads();
    add_numbers();
  }

 private:
  void add(Case c) {
    c.cell = kind_.cell;
    c.linear_before_reset = kind_.linear_before_reset;
    c.functions = kind_.functions;
    c.layer_norm = kind_.layer_norm;
    c.heads = kind_.heads;
    c.hidden = (c.hidden + c.heads - 1) / c.heads * c.heads;
    table_.push_back(std::move(c));
  }

  void add_sizes() {
    for (const int size : {1, 3, 7, 15, 16, 17, 32, 33, 64, 100, 130}) {
      add({.group = "size", .input = size, .hidden = size});
    }
    constexpr std::array<std::array<int, 2>, 9> mixed{
        {{1, 130}, {130, 1}, {3, 64}, {100, 7}, {17, 33}, {31, 40}, {5, 4}, {1, 8}, {65, 48}}};
    for (const auto& [input, hidden] : mixed) {
      add({.group = "size", .input = input, .hidden = hidden, .steps = 4});
      add({.group = "size",
           .input = input,
           .hidden = hidden,
           .bias = false,
           .batch = 1,
           .steps = 3,
           .initial_state = true});
    }
  }

  void add_directions() {
    for (const Direction direction : {Direction::reverse, Direction::bidirectional}) {
      for (const int hidden : {1, 7, 16, 33, 64}) {
        add({.group = "direction", .input = 9, .hidden = hidden, .direction = direction});
        add({.group = "direction",
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

  void add_stacks() {
    for (const Direction direction : kDirections) {
      for (const int hidden : {5, 33}) {
        add({.group = "stack",
             .input = 20,
             .hidden = hidden,
             .layers = hidden == 5 ? 3 : 2,
             .direction = direction,
             .initial_state = true});
      }
    }
    add({.group = "head",
         .hidden = 17,
         .layers = 2,
         .direction = Direction::bidirectional,
         .head = 5,
         .lengths = Lengths::random});
    add({.group = "embedding",
         .input = 20,
         .hidden = 40,
         .layers = 2,
         .head = 17,
         .vocabulary = 30,
         .steps = 9,
         .lengths = Lengths::random,
         .chunk = 4,
         .max_steps = 3});
  }

  void add_batches() {
    for (const int batch : {0, 1, 2, 4, 5, 8, 16, 19, 33}) {
      add({.group = "batch", .input = 17, .hidden = 33, .batch = batch, .steps = 3});
      add({.group = "batch",
           .input = 6,
           .hidden = 16,
           .direction = Direction::bidirectional,
           .batch = batch,
           .lengths = Lengths::random,
           .initial_state = true});
    }
  }

  void add_steps() {
    for (const int steps : {0, 1, 2, 17, 100}) {
      for (const Direction direction : kDirections) {
        add({.group = "steps",
             .input = 12,
             .hidden = 19,
             .direction = direction,
             .batch = 2,
             .steps = steps,
             .initial_state = true});
      }
    }
  }

  void add_lengths() {
    for (const Lengths lengths : {Lengths::random, Lengths::sorted, Lengths::equal,
                                  Lengths::some_zero, Lengths::all_zero}) {
      for (const Direction direction : kDirections) {
        add({.group = "lengths",
             .input = 5,
             .hidden = 17,
             .layers = direction == Direction::reverse ? 1 : 2,
             .direction = direction,
             .batch = 7,
             .steps = 9,
             .lengths = lengths,
             .initial_state = true});
      }
    }
  }

  void add_layouts() {
    for (const Layout layout : {Layout::batch_first, Layout::steps_first_padded}) {
      add({.group = "layout",
           .input = 13,
           .hidden = 18,
           .direction = Direction::bidirectional,
           .x_layout = layout,
           .y_layout = Layout::batch_first_padded});
      add({.group = "layout",
           .input = 32,
           .hidden = 32,
           .batch = 17,
           .x_layout = Layout::batch_first_padded,
           .y_layout = layout});
    }
  }

  void add_streaming() {
    for (const int chunk : {1, 3, 7}) {
      for (const int max_steps : {0, 2}) {
        add({.group = "streaming",
             .input = 9,
             .hidden = 24,
             // What normalizing h, which varies little, does to its errors is too much after 17
             // steps.
             .layers = kind_.layer_norm ? 1 : 2,
             .batch = 5,
             .steps = 17,
             .lengths = Lengths::random,
             .initial_state = true,
             .chunk = chunk,
             .max_steps = max_steps});
      }
    }
  }

  void add_threads() {
    for (const Direction direction : {Direction::forward, Direction::bidirectional}) {
      add({.group = "threads",
           .input = 31,
           .hidden = 65,
           .direction = direction,
           .batch = 5,
           .steps = 3,
           .lengths = Lengths::random,
           .threads = 2});
    }
    add({.group = "threads", .hidden = 128, .batch = 1, .steps = 4, .threads = 3});
  }

  void add_numbers() {
    for (const Weights weights :
         {Weights::saturating, Weights::tiny, Weights::denormal, Weights::positive}) {
      for (const int hidden : {7, 32}) {
        add({.group = "numbers",
             .hidden = hidden,
             .initial_state = true,
             .weights = weights,
             .chaotic = weights == Weights::saturating});
      }
    }
    for (const Inputs inputs : {Inputs::zero, Inputs::large, Inputs::huge, Inputs::denormal,
                                Inputs::nan_in_a_row, Inputs::inf_in_a_row}) {
      if (kind_.layer_norm && inputs == Inputs::huge) continue;  // the variance overflows
      for (const Direction direction : {Direction::forward, Direction::bidirectional}) {
        add({.group = "numbers",
             .hidden = direction == Direction::forward ? 33 : 7,
             .direction = direction,
             .batch = 9,
             .initial_state = true,
             .inputs = inputs,
             .chaotic = unbounded() && (inputs == Inputs::large || inputs == Inputs::huge)});
      }
    }
  }

  /// Whether large inputs give values or gates with absolute errors to match: relu (only its cells
  /// have functions of their own here), and the exponentials of sLSTM.
  [[nodiscard]] bool unbounded() const {
    return !kind_.functions.empty() || kind_.cell == Cell::slstm;
  }

  std::vector<Case>& table_;
  Case kind_;
};

}  // namespace

void add_cells(std::vector<Case>& table) {
  CellTable(table, {.cell = Cell::gru}).add_all();
  CellTable(table, {.cell = Cell::gru, .linear_before_reset = false}).add_all();
  CellTable(table, {.cell = Cell::rnn}).add_all();
  CellTable(table, {.cell = Cell::rnn, .functions = {{ActivationKind::relu}}}).add_all();
  CellTable(table, {.cell = Cell::slstm}).add_all();
  CellTable(table, {.cell = Cell::slstm, .heads = 4}).add_all();
  CellTable(table, {.layer_norm = true}).add_all();
}

}  // namespace carousel::conformance
