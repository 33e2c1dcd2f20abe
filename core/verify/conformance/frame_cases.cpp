// SPDX-License-Identifier: Apache-2.0
// Layers that work on single frames, or that change the number of steps.
#include "core/verify/conformance/network_builder.hpp"

#include <array>
#include <utility>

namespace carousel::conformance {
namespace {

using Operation = ElementwiseOperation;
using Constant = ElementwiseSpec::Constant;

constexpr std::array kReductions{ReduceOperation::mean, ReduceOperation::sum,
                                 ReduceOperation::maximum, ReduceOperation::minimum,
                                 ReduceOperation::l2};

/// A layer of one input alone, in several kinds of calls.
void add_alone(std::vector<Case>& table, const std::string& group, const LayerSpec& spec,
               const std::string& suffix = "", bool chaotic = false) {
  NetworkBuilder network(input_size(spec));
  network.add(spec);
  const auto add = [&](Case call) {
    call.chaotic = chaotic;
    table.push_back(network.done(group, label_of(spec) + suffix, std::move(call)));
  };
  add({.steps = 4});
  add({.batch = 5,
       .steps = 6,
       .lengths = Lengths::random,
       .x_layout = Layout::batch_first_padded,
       .y_layout = Layout::steps_first_padded});
  add({.batch = 1, .steps = 1});
  add({.batch = 0});
  for (const Inputs inputs :
       {Inputs::zero, Inputs::denormal, Inputs::nan_in_a_row, Inputs::inf_in_a_row}) {
    add({.steps = 3, .inputs = inputs});
  }
}

/// Both halves of x, so that they differ.
NetworkBuilder halves(std::int64_t size) {
  NetworkBuilder network(2 * size);
  network.add(RearrangeSpec{2 * size, {{0, size, 1}}}, "a", {"x"});
  network.add(RearrangeSpec{2 * size, {{size, size, 1}}}, "b", {"x"});
  return network;
}

/// Steep near 0, so that tolerances are wide there.
bool is_steep(Operation operation) {
  return operation == Operation::power || operation == Operation::divide;
}

void add_elementwise(std::vector<Case>& table) {
  for (int k = 0; k <= static_cast<int>(Operation::greater); ++k) {
    const auto operation = static_cast<Operation>(k);
    const bool chaotic = is_steep(operation);
    for (const int size : {1, 7, 33}) {
      const std::string label = label_of(ElementwiseSpec{operation, size});
      NetworkBuilder network = halves(size);
      network.add(ElementwiseSpec{operation, size}, "both", {"a", "b"});
      table.push_back(network.done("elementwise", label, {.chaotic = chaotic}));
      for (const Inputs inputs : {Inputs::zero, Inputs::denormal, Inputs::nan_in_a_row}) {
        table.push_back(network.done("elementwise", label, {.inputs = inputs, .chaotic = chaotic}));
      }
      // One step of one operand for all of the other.
      network.add(SelectStepsSpec{.size = size, .first = -1}, "last", {"a"});
      network.add(ElementwiseSpec{operation, size}, "first", {"last", "b"});
      network.add(ElementwiseSpec{operation, size}, "second", {"b", "last"});
      network.model().outputs = {{"y", "both"}, {"first", "first"}, {"second", "second"}};
      table.push_back(network.done(
          "elementwise", label + "-broadcast",
          {.batch = 4, .steps = 3, .y_layout = Layout::batch_first_padded, .chaotic = chaotic}));
    }
    for (const Constant constant : {Constant::first, Constant::second}) {
      add_alone(table, "elementwise", ElementwiseSpec{operation, 18, constant}, "", chaotic);
    }
  }
}

/// The same sequence twice: equal numbers.
void add_equal(std::vector<Case>& table) {
  for (const Operation operation : {Operation::equal, Operation::less, Operation::greater}) {
    NetworkBuilder network(9);
    network.add(ElementwiseSpec{operation, 9}, "same", {"x", "x"});
    for (const Inputs inputs : {Inputs::usual, Inputs::nan_in_a_row, Inputs::inf_in_a_row}) {
      table.push_back(network.done("elementwise", label_of(ElementwiseSpec{operation, 9}) + "-same",
                                   {.inputs = inputs}));
    }
  }
}

void add_normalizations(std::vector<Case>& table) {
  constexpr std::array<std::array<int, 2>, 7> sizes{
      {{1, 0}, {7, 0}, {16, 0}, {33, 0}, {96, 24}, {64, 8}, {130, 13}}};
  for (const auto& [size, group] : sizes) {
    for (const bool center : {true, false}) {
      add_alone(table, "normalization", NormalizationSpec{size, group, center}, "", true);
    }
    add_alone(table, "normalization",
              NormalizationSpec{.size = size, .group = group, .epsilon = 0.1F, .bias = false},
              "-no-bias");
    add_alone(table, "normalization",
              NormalizationSpec{
                  .size = size, .group = group, .epsilon = 0.1F, .scale = false, .bias = false},
              "-bare");
  }
}

void add_rearrangements(std::vector<Case>& table) {
  const std::array<std::pair<const char*, RearrangeSpec>, 5> all{{
      {"-slice", {20, {{3, 9, 1}}}},
      {"-flip", {17, {{16, 17, -1}}}},
      {"-transpose", {12, {{0, 4, 3}, {1, 4, 3}, {2, 4, 3}}}},
      {"-pad", {5, {{-1, 2, 1}, {0, 5, 1}, {-1, 3, 1}}, 0.75F}},
      {"-repeat", {6, {{0, 6, 1}, {0, 6, 1}, {2, 3, 0}, {5, 2, -3}}}},
  }};
  for (const auto& [label, spec] : all) add_alone(table, "rearrange", spec, label);
}

void add_reductions(std::vector<Case>& table) {
  constexpr std::array<std::array<int, 2>, 6> sizes{
      {{1, 0}, {12, 3}, {17, 0}, {64, 16}, {130, 65}, {9, 1}}};
  for (const ReduceOperation operation : kReductions) {
    for (const auto& [size, group] : sizes) {
      add_alone(table, "reduce", ReduceFeaturesSpec{operation, size, group});
    }
    for (const bool lengths : {false, true}) {
      for (const int size : {1, 19}) {
        const ReduceStepsSpec spec{operation, size, lengths};
        add_alone(table, "reduce", spec);
        NetworkBuilder network(size);
        network.add(spec);
        for (const Lengths kind : {Lengths::some_zero, Lengths::all_zero}) {
          table.push_back(network.done("reduce", label_of(spec), {.batch = 4, .lengths = kind}));
        }
      }
    }
  }
}

void add_step_layers(std::vector<Case>& table) {
  constexpr std::int64_t kOpen = SelectStepsSpec::kOpen;
  constexpr std::array<std::array<std::int64_t, 3>, 8> slices{{{-1, kOpen, 1},
                                                               {0, 1, 1},
                                                               {-1, kOpen, -1},
                                                               {1, kOpen, 2},
                                                               {-3, -1, 1},
                                                               {2, 3, 1},
                                                               {1, 100, 1},
                                                               {-2, 0, -1}}};
  for (const auto& [first, end, stride] : slices) {
    for (const bool lengths : {false, true}) {
      const SelectStepsSpec spec{5, first, end, stride, lengths};
      add_alone(table, "steps", spec);
      NetworkBuilder network(5);
      network.add(spec);
      for (const Lengths kind : {Lengths::some_zero, Lengths::all_zero, Lengths::equal}) {
        table.push_back(network.done("steps", label_of(spec), {.batch = 4, .lengths = kind}));
      }
    }
  }
  add_alone(table, "steps", RepeatStepsSpec{6, 3});
  NetworkBuilder network(6);
  network.add(SelectStepsSpec{.size = 6, .first = -1}).add(RepeatStepsSpec{6, 4});
  network.add(make_spec(Cell::gru, 6, 8));
  table.push_back(network.done("steps", "decoder", {.batch = 3}));
}

/// Real steps are counted through layers that change their number.
void add_lengths_that_follow(std::vector<Case>& table) {
  NetworkBuilder network(4);
  network.add(SelectStepsSpec{.size = 4, .first = 0, .stride = 2});
  network.add(make_spec(Cell::lstm, 4, 7, Direction::bidirectional));
  network.add(ReduceStepsSpec{ReduceOperation::mean, 14, true});
  for (const Lengths kind : {Lengths::random, Lengths::sorted}) {
    table.push_back(
        network.done("steps", "lengths-follow", {.batch = 5, .steps = 8, .lengths = kind}));
  }
}

void add_ids(std::vector<Case>& table) {
  NetworkBuilder network(1);
  network.model().inputs = {{.name = "ids", .size = 1, .ids = true}};
  network.add(CastIdsSpec{});
  for (const Lengths kind : {Lengths::none, Lengths::random}) {
    table.push_back(network.done("ids", "cast", {.vocabulary = 9, .batch = 4, .lengths = kind}));
  }
}

void add_groups(std::vector<Case>& table) {
  for (const ActivationKind kind : {ActivationKind::softmax, ActivationKind::log_softmax}) {
    add_alone(table, "activation", ActivationSpec{{kind}, 12, 4});
  }
}

}  // namespace

void add_frames(std::vector<Case>& table) {
  add_elementwise(table);
  add_equal(table);
  add_normalizations(table);
  add_rearrangements(table);
  add_reductions(table);
  add_step_layers(table);
  add_lengths_that_follow(table);
  add_ids(table);
  add_groups(table);
}

}  // namespace carousel::conformance
