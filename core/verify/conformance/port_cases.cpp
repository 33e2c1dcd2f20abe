// SPDX-License-Identifier: Apache-2.0
// States that come from sequences of one step or become such, and lengths that the model has
// itself.
#include "core/verify/conformance/network_builder.hpp"

#include <array>

namespace carousel::conformance {
namespace {

constexpr std::int64_t kInput = 5;
constexpr std::int64_t kHidden = 9;

/// An LSTM between inputs and outputs for its states, as files have it that are run piece by piece.
NetworkBuilder stateful(Direction direction) {
  NetworkBuilder network(kInput);
  network.model().inputs.push_back({.name = "h0", .size = kHidden, .one_step = true});
  network.model().inputs.push_back({.name = "c0", .size = kHidden, .one_step = true});
  network.add(make_spec(Cell::lstm, kInput, kHidden, direction), "lstm", {"x"});
  network.last().initial_states = {{"h", "h0"}, {"c", "c0"}};
  network.add(DenseSpec{direction == Direction::bidirectional ? 2 * kHidden : kHidden, 3}, "head");
  network.model().outputs = {{"y", "head"}, {"hn", "lstm:h"}, {"cn", "lstm:c"}};
  return network;
}

/// A decoder that begins where an encoder ends.
NetworkBuilder encoder_decoder() {
  NetworkBuilder network(kInput);
  network.add(make_spec(Cell::gru, kInput, kHidden), "encoder", {"x"});
  network.add(make_spec(Cell::gru, kInput, kHidden), "decoder", {"x"});
  network.last().initial_states = {{"h", "encoder:h"}};
  return network;
}

/// The head of a final state.
NetworkBuilder classifier(Direction direction) {
  NetworkBuilder network(kInput);
  network.add(make_spec(Cell::lstm, kInput, kHidden, direction), "lstm", {"x"});
  network.add(DenseSpec{kHidden, 4}, "head", {"lstm:h"});
  return network;
}

void add_all_calls(std::vector<Case>& table, const NetworkBuilder& network,
                   const std::string& label, bool in_pieces) {
  table.push_back(network.done("ports", label, {.initial_state = true}));
  table.push_back(network.done("ports", label,
                               {.batch = 5,
                                .steps = 7,
                                .lengths = Lengths::random,
                                .x_layout = Layout::batch_first_padded,
                                .y_layout = Layout::steps_first_padded,
                                .initial_state = true}));
  table.push_back(network.done("ports", label, {.batch = 0}));
  if (!in_pieces) return;
  for (const int max_steps : {0, 2}) {
    table.push_back(network.done(
        "ports", label,
        {.batch = 4, .steps = 8, .lengths = Lengths::random, .chunk = 3, .max_steps = max_steps}));
  }
}

/// An input says how many steps are real.
void add_own_lengths(std::vector<Case>& table) {
  for (const Direction direction : {Direction::forward, Direction::bidirectional}) {
    NetworkBuilder network(kInput);
    network.model().inputs.push_back({.name = "lens", .size = 1, .one_step = true});
    network.model().lengths = "lens";
    const RecurrentSpec lstm = make_spec(Cell::lstm, kInput, kHidden, direction);
    network.add(lstm, "lstm", {"x"}).add(DenseSpec{lstm.output_size(), 3}, "head");
    const std::string label = "lengths-" + std::string(name(direction));
    for (const Lengths kind : {Lengths::random, Lengths::some_zero, Lengths::sorted}) {
      table.push_back(network.done("ports", label, {.batch = 5, .steps = 6, .lengths = kind}));
    }
  }
}

}  // namespace

void add_ports(std::vector<Case>& table) {
  add_all_calls(table, stateful(Direction::forward), "states", true);
  add_all_calls(table, stateful(Direction::bidirectional), "states-bidirectional", false);
  add_all_calls(table, encoder_decoder(), "encoder-decoder", false);
  add_all_calls(table, classifier(Direction::forward), "classifier", true);
  add_all_calls(table, classifier(Direction::reverse), "classifier-reverse", false);
  add_own_lengths(table);
}

}  // namespace carousel::conformance
