// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../workload.hpp"
#include "precision_choice.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// What happens inside a network while it reads one sequence. The float64 oracle says it, so the
/// engine needs no way to look into its layers.
namespace carousel::cli {

/// One of a layer's quantities: a gate, the candidate, the cell state, the output.
struct Signal {
  std::string key;               ///< "f": what the equations call it.
  bool gate = false;             ///< Whether its function is a sigmoid: between 0 and 1.
  std::vector<double> values{};  ///< [steps, units]
  std::string title{};           ///< "forget gate"
  std::string caption{};         ///< What to see in its heat map.
  bool keeps = false;            ///< Whether it decides how much of a unit's state is kept.
};

/// One direction of one layer.
struct TracedLayer {
  std::string name;       ///< "lstm.l0", "lstm.l1, reverse"
  std::string file_name;  ///< The layer's name without characters that a file's may not have.
  RecurrentSpec spec;
  std::size_t layer = 0;      ///< Index of the model's layers.
  std::size_t direction = 0;  ///< 1: the second one.
  std::int64_t steps = 0;
  std::vector<Signal> signals;       ///< In the order of the equations.
  std::vector<std::size_t> shown{};  ///< Units to draw, from the top.
  std::size_t featured = 0;          ///< The unit to draw in detail.

  [[nodiscard]] std::size_t units() const { return static_cast<std::size_t>(spec.hidden_size); }
  /// Null when the cell has none of that name.
  [[nodiscard]] const Signal* find(std::string_view key) const;
  /// What decides how much of a unit's state is kept, if it is a gate; null: nothing does.
  [[nodiscard]] const Signal* keep_gate() const;
  [[nodiscard]] double value(const Signal& signal, std::int64_t step, std::size_t unit) const {
    return signal.values[static_cast<std::size_t>(step) * units() + unit];
  }
};

struct TraceSettings {
  std::vector<std::string> layers{};  ///< Names of layers to show; empty: all.
  std::vector<std::size_t> units{};   ///< To draw; empty: `most` of them, chosen by their memory.
  std::size_t most = 24;
};

struct NetworkTrace {
  std::string title;
  std::vector<std::string> symbols;  ///< of each step: a character, an id, or its number
  bool text = false;                 ///< the symbols are characters
  /// Bits that each symbol but the first cost the network, -log2 of its probability; empty unless
  /// it predicts the symbols.
  std::vector<double> surprise{};
  std::vector<TracedLayer> layers;
};

/// Runs `work`, whose batch is 1. Throws Error naming a layer or unit that there is not.
[[nodiscard]] NetworkTrace trace_network(const Workload& work, const TraceSettings& settings);

// --- What can be said of a layer ---

/// Shares of a gate's values, over all units and steps.
struct GateUse {
  double mean = 0.0;
  double shut = 0.0;  ///< below 0.05
  double open = 0.0;  ///< above 0.95
};
[[nodiscard]] GateUse gate_use(const Signal& signal);

/// Share of values whose amount is larger than `limit`.
[[nodiscard]] double share_beyond(const Signal& signal, double limit);

/// The memory of a unit, by the gate that keeps its state.
struct Memory {
  std::size_t unit = 0;
  double mean = 0.0;  ///< of the gate
  /// Steps after which 1/e is left of what was in the cell, -1 / mean(ln gate); infinite when
  /// nothing fades.
  double time_constant = 0.0;
};
/// Of every unit, the longest first; empty when the cell has no such gate.
[[nodiscard]] std::vector<Memory> memories(const TracedLayer& layer);

/// The unit to look at closely: its state changes much, it mostly holds on, and lets go at times.
[[nodiscard]] std::size_t telling_unit(const TracedLayer& layer);

// --- Two backends ---

struct Difference {
  std::int64_t step = 0;
  std::size_t unit = 0;
  float a = 0.0F;
  float b = 0.0F;
};

/// The outputs h of a layer, by two backends that ran the layers up to it.
struct BackendDifference {
  std::string layer;
  std::string a, b;
  std::vector<double> largest_by_step;  ///< |a - b|
  std::vector<Difference> largest;      ///< a few, the largest first
  std::int64_t differing = 0;
  std::int64_t count = 0;
};

/// Both on each traced layer. Throws Error where one cannot run the network.
[[nodiscard]] std::vector<BackendDifference> compare_backends(const Workload& work,
                                                              const NetworkTrace& trace,
                                                              const std::string& a,
                                                              const std::string& b,
                                                              const PrecisionChoice& precision);

}  // namespace carousel::cli
