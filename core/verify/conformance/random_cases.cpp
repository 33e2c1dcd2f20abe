// SPDX-License-Identifier: Apache-2.0
// Cases drawn at random: combinations that nobody thought of.
#include "core/verify/conformance/cases.hpp"
#include "core/verify/conformance/random.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace carousel::conformance {
namespace {

/// Draws the fields of one case.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}

  Case any_case() {
    Case c{.group = "random", .same_bits = true};
    draw_network(c);
    draw_cell(c);
    draw_call(c);
    draw_numbers(c);
    if (!c.functions.empty()) keep_finite(c);
    return c;
  }

 private:
  /// True once in `times`.
  bool once_in(std::int64_t times) { return random_.up_to(times - 1) == 0; }

  template <class T>
  T one_of(std::span<const T> choices) {
    return choices[static_cast<std::size_t>(
        random_.up_to(static_cast<std::int64_t>(choices.size()) - 1))];
  }

  template <class Enum>
  Enum up_to(Enum last) {
    return static_cast<Enum>(random_.up_to(static_cast<std::int64_t>(last)));
  }

  /// In [1, most], small ones more often; now and then next to a multiple of 16, where vectors end.
  std::int64_t size(std::int64_t most) {
    if (once_in(3)) {
      const std::int64_t near = 16 * (1 + random_.up_to(most / 16)) - 1 + random_.up_to(2);
      return std::clamp<std::int64_t>(near, 1, most);
    }
    return 1 + random_.up_to(random_.up_to(most - 1));
  }

  void draw_network(Case& c) {
    c.input = size(96);
    c.hidden = size(96);
    c.layers = once_in(4) ? 1 + random_.up_to(2) : 1;
    c.direction = up_to(Direction::bidirectional);
    c.bias = !once_in(4);
    c.topology = once_in(6) ? up_to(Topology::skip) : Topology::chain;
    if (once_in(4)) c.head = size(40);
    if (c.topology == Topology::two_inputs || once_in(8)) c.vocabulary = size(50);
    if (once_in(6)) c.activation = one_of<Activation>(cell_functions());
  }

  void draw_cell(Case& c) {
    c.cell = up_to(Cell::slstm);
    switch (c.cell) {
      case Cell::lstm: draw_lstm(c); break;
      case Cell::gru: c.linear_before_reset = !once_in(2); break;
      case Cell::slstm:
        c.heads = one_of<std::int64_t>(std::array<std::int64_t, 3>{1, 2, 4});
        c.hidden = (c.hidden + c.heads - 1) / c.heads * c.heads;
        return;
      case Cell::rnn: break;
    }
    if (once_in(6)) c.clip = 0.5F;
    if (!c.layer_norm && once_in(5)) draw_functions(c);
  }

  void draw_lstm(Case& c) {
    if (once_in(4)) c.proj = size(c.hidden);
    if (c.proj >= c.hidden) c.proj = 0;
    if (once_in(8)) {
      c.layer_norm = true;
      return;
    }
    c.peephole = once_in(5);
    if (once_in(5)) c.coupling = up_to(GateCoupling::input_from_forget);
    if (once_in(6)) c.cell_clip = 0.25F;
  }

  void draw_functions(Case& c) {
    for (std::size_t k = 0; k < traits(c.cell).activation_count; ++k) {
      c.functions.push_back(one_of<Activation>(cell_functions()));
    }
  }

  void draw_call(Case& c) {
    c.batch = once_in(20) ? 0 : size(20);
    c.steps = once_in(20) ? 0 : size(12);
    if (once_in(2)) c.lengths = up_to(Lengths::all_zero);
    c.x_layout = up_to(Layout::batch_first_padded);
    c.y_layout = up_to(Layout::batch_first_padded);
    c.initial_state = once_in(2);
    const bool whole = c.direction != Direction::forward;
    if (!whole && once_in(2)) c.chunk = size(std::max<std::int64_t>(c.steps, 1));
    if (!whole && once_in(4)) c.max_steps = size(4);
    c.threads = once_in(4) ? 2 : 1;
  }

  static void shorten(Case& c, std::int64_t steps) {
    c.steps = std::min(c.steps, steps);
    c.chunk = std::min(c.chunk, steps);
  }

  /// Gates without bounds multiply what they are given: in a few steps or layers it would be more
  /// than any float.
  static void keep_finite(Case& c) {
    c.topology = Topology::chain;
    c.layers = 1;
    shorten(c, 2);
    c.weights = Weights::usual;
    c.inputs = Inputs::usual;
  }

  /// Where rounding errors grow from step to step, more than as if they were independent, there are
  /// few steps. Denormal weights
  /// count as 0 or as what they are, which are two answers to infinite inputs.
  void draw_numbers(Case& c) {
    if (once_in(5)) c.weights = up_to(Weights::positive);
    if (once_in(5)) c.inputs = up_to(Inputs::inf_in_a_row);
    const bool denormals = c.weights == Weights::tiny || c.weights == Weights::denormal;
    if (denormals && c.inputs == Inputs::inf_in_a_row) c.inputs = Inputs::usual;
    const bool usual = c.functions.empty() && !c.activation && c.inputs == Inputs::usual;
    const bool may_grow = c.weights == Weights::saturating || c.weights == Weights::positive;
    if (may_grow) shorten(c, 2);
    c.chaotic = may_grow || c.layer_norm || c.cell == Cell::slstm || !usual;
  }

  Random random_;
};

}  // namespace

std::vector<Case> random_cases(std::uint64_t seed, std::size_t count) {
  std::vector<Case> list;
  list.reserve(count);
  for (std::size_t k = 0; k < count; ++k) {
    std::string label = "s";
    label += std::to_string(seed) + "." + std::to_string(k);
    list.push_back(Draw(seed_of(label)).any_case());
    list.back().label = label;
  }
  return list;
}

}  // namespace carousel::conformance
