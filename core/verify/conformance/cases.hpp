// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/guarded.hpp"

#include <carousel/model.hpp>
#include <carousel/spec.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carousel::conformance {

inline constexpr std::array kDirections{Direction::forward, Direction::reverse,
                                        Direction::bidirectional};

enum class Lengths : std::uint8_t {
  none,
  random,     ///< unsorted, each in [0, steps]
  sorted,     ///< descending from `steps`
  equal,      ///< all one less than `steps`
  some_zero,  ///< every other row empty
  all_zero,
};

enum class Weights : std::uint8_t {
  usual,       ///< PyTorch's: uniform in ±1/sqrt(hidden_size)
  saturating,  ///< 30 times that: gates at their ends
  tiny,        ///< products underflow to denormals
  denormal,    ///< denormals themselves
  positive,    ///< the usual ones without their signs: sums grow, nothing cancels
};

enum class Inputs : std::uint8_t {
  usual,  ///< uniform in ±2
  zero,
  large,  ///< up to 200
  huge,   ///< up to 1e30
  denormal,
  nan_in_a_row,  ///< one element of one row is NaN
  inf_in_a_row,  ///< one element of one row is infinite
};

[[nodiscard]] constexpr bool are_finite(Inputs inputs) noexcept {
  return inputs != Inputs::nan_in_a_row && inputs != Inputs::inf_in_a_row;
}

/// How the layers of a case are wired.
enum class Topology : std::uint8_t {
  /// One after the other: an embedding, recurrent layers, a head and an activation, as far as the
  /// case has them.
  chain,
  /// A dense layer and an activation between two recurrent layers; then the head.
  between,
  /// A recurrent layer reads features, an embedding reads ids from a second input; a concatenation
  /// of both goes into a recurrent layer; then as in a chain.
  two_inputs,
  /// A recurrent layer, whose output and input are concatenated for a dense layer and an
  /// activation, which are one output; a recurrent layer and the head behind them are another.
  skip,
};

/// One line of the table: a network, what it is fed, and how it is called.
struct Case {
  std::string group{};
  /// Another network than that of a topology, and what it is called. Its inputs are one, of `input`
  /// features, and such of one step. Layers that have no weights get some.
  std::shared_ptr<const Model> model{};
  std::string label{};
  std::int64_t input = 16;
  std::int64_t hidden = 16;
  std::int64_t proj = 0;
  std::int64_t layers = 1;
  Direction direction = Direction::forward;
  bool bias = true;
  std::int64_t head = 0;                   ///< Outputs of a dense head; 0: none.
  std::int64_t vocabulary = 0;             ///< Rows of an embedding, run with ids; 0: none.
  Topology topology = Topology::chain;     ///< The number of `layers` is that of a chain.
  std::optional<Activation> activation{};  ///< Behind the head, or wherever the topology has one.

  std::int64_t batch = 3;
  std::int64_t steps = 5;
  Lengths lengths = Lengths::none;
  Layout x_layout = Layout::steps_first;
  Layout y_layout = Layout::steps_first;
  bool initial_state = false;
  std::int64_t chunk = 0;      ///< steps per run; 0: all at once
  std::int64_t max_steps = 0;  ///< of the stream; 0: enough for one run
  int threads = 1;
  Weights weights = Weights::usual;
  Inputs inputs = Inputs::usual;

  Cell cell = Cell::lstm;
  bool linear_before_reset = true;
  bool peephole = false;
  GateCoupling coupling = GateCoupling::none;
  float clip = 0.0F;
  float cell_clip = 0.0F;
  bool layer_norm = false;
  std::int64_t heads = 1;
  /// As in ONNX: what a direction uses, of the forward one and then of the reverse one; empty: the
  /// usual functions; those of one direction only: both have them.
  std::vector<Activation> functions{};

  /// The network amplifies rounding errors so much that after a few steps nothing can be said about
  /// the values: only single steps are judged.
  bool chaotic = false;
  /// Some of the rows alone, in other chunks and with more threads, have to give the same bits, on
  /// backends that promise it.
  bool same_bits = false;

  /// Group and every field that differs from the usual; identifies the case and seeds its numbers.
  [[nodiscard]] std::string name() const;
};

/// The case's network without its weights.
[[nodiscard]] Model network(const Case& c);
/// The specs of its layers, in the order in which they run.
[[nodiscard]] std::vector<LayerSpec> layer_specs(const Case& c);

/// All cases, in a fixed order.
[[nodiscard]] const std::vector<Case>& cases();

/// So many cases with fields drawn at random; they follow from the seed alone. The group is
/// "random", the label tells seed and index.
[[nodiscard]] std::vector<Case> random_cases(std::uint64_t seed, std::size_t count);

/// Each activation function that a cell can have; where it has parameters, such that they show.
[[nodiscard]] const std::vector<Activation>& cell_functions();

/// Adds the cases of GRU, plain RNN, sLSTM and the LSTM with layer normalization.
void add_cells(std::vector<Case>& table);
/// Adds those of everything that is not the usual cell: peepholes, coupled gates, clips, heads,
/// activation functions.
void add_variants(std::vector<Case>& table);
/// Adds those of dense layers, embeddings, activations and concatenations, and of networks that are
/// no chain.
void add_layers(std::vector<Case>& table);
/// Adds those of the kinds that work on frames or steps: elementwise, normalization, ...
void add_frames(std::vector<Case>& table);
/// Adds those of convolutions.
void add_convolutions(std::vector<Case>& table);
/// Adds those of networks whose states or lengths come from sequences or become such.
void add_ports(std::vector<Case>& table);

}  // namespace carousel::conformance
