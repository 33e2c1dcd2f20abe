// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/number.hpp"

#include <carousel/model.hpp>
#include <carousel/precision.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// The float64 reference that every backend is judged against. Straight from the equations, one row
/// and one step at a time; shares no code with the backends. Every result comes with the largest
/// error that a float32 implementation may have there.
namespace carousel::oracle {

/// Values and, for each, its tolerance: `carousel::compare(actual, q.value, q.tolerance)`.
/// Flat, row-major [steps, batch, features].
struct Quantity {
  std::int64_t steps = 0;
  std::int64_t batch = 0;
  std::int64_t features = 0;
  std::vector<double> value;
  std::vector<double> tolerance;
};

/// A quantity of zeros, or of exact values given as floats or doubles (steps * batch * features).
[[nodiscard]] Quantity zeros(std::int64_t steps, std::int64_t batch, std::int64_t features);
[[nodiscard]] Quantity exact(std::span<const float> values, std::int64_t steps, std::int64_t batch,
                             std::int64_t features);
[[nodiscard]] Quantity exact(std::span<const double> values, std::int64_t steps, std::int64_t batch,
                             std::int64_t features);
/// Ids as what an embedding reads: [steps, batch, 1].
[[nodiscard]] Quantity exact_ids(std::span<const std::int32_t> ids, std::int64_t steps,
                                 std::int64_t batch);

/// What a layer carries, in the order of `states(spec)`: [1, batch, size] each.
using LayerState = std::vector<Quantity>;

[[nodiscard]] LayerState zero_state(const LayerSpec& spec, std::int64_t batch);

/// Where sequences of that layer start: zeros, unless its weights say otherwise.
[[nodiscard]] LayerState initial_state(const ModelLayer& layer, std::int64_t batch);

/// What happens inside one direction of a recurrent layer, by name: the gates by the letters of the
/// cell's traits ("i", "r"), then the states ("c", "h"), h before the projection.
/// [steps, batch, hidden_size] each; zero past a sequence's end.
using Trace = std::map<std::string, Quantity, std::less<>>;

struct Options {
  ErrorModel errors{};
  bool trace = false;
  /// Of a model: the precision of each layer, whose weights are as it stores them; empty: float32.
  std::vector<Precision> precisions{};
};

struct LayerResult {
  /// [output_steps, batch, output_size]; of a recurrent layer zero past a sequence's end.
  Quantity y;
  LayerState state;                   ///< After each sequence's last real step.
  std::vector<Trace> trace;           ///< One per direction; empty unless asked for.
  std::vector<std::int64_t> lengths;  ///< The real steps of each row that it read; empty: all.
};

/// Runs one layer of any kind on its inputs, in their order, which have equally many steps or one.
/// `lengths` is empty or has one entry per row; `initial` must have the sizes of `zero_state`.
/// Throws std::invalid_argument on wrong sizes.
[[nodiscard]] LayerResult run_layer(const ModelLayer& layer,
                                    std::span<const Quantity* const> inputs,
                                    std::span<const std::int64_t> lengths,
                                    const LayerState& initial, const Options& options = {});

/// The same for a layer with one input.
[[nodiscard]] LayerResult run_layer(const ModelLayer& layer, const Quantity& x,
                                    std::span<const std::int64_t> lengths,
                                    const LayerState& initial, const Options& options = {});

/// What a model did.
struct Result {
  /// In the model's order; without anything for a layer that depends on an input that was left out.
  std::vector<LayerResult> layers;
  std::vector<Quantity> outputs;  ///< Those of the model, in its order.

  /// An output of the model, by its place.
  [[nodiscard]] const Quantity& y(std::size_t output = 0) const { return outputs.at(output); }
};

/// A model's inputs by name, but for those that a run may leave out.
using Inputs = std::map<std::string, Quantity, std::less<>>;

/// Runs the whole model, layer by layer along its wiring; `initial` is empty (`initial_state`) or
/// has one entry per layer, and counts where the model sets no state. `lengths` is empty where the
/// model has lengths of its own.
[[nodiscard]] Result run(const Model& model, const Inputs& inputs,
                         std::span<const std::int64_t> lengths = {},
                         std::span<const LayerState> initial = {}, const Options& options = {});

/// The same for a model with one input, features or ids.
[[nodiscard]] Result run(const Model& model, const Quantity& x,
                         std::span<const std::int64_t> lengths = {},
                         std::span<const LayerState> initial = {}, const Options& options = {});

/// All states of that name after a run, layer after layer and direction after direction, one behind
/// the other: for "h" and "c" PyTorch's h_n and c_n. [states, batch, size].
[[nodiscard]] Quantity stacked(const Model& model, const Result& result, std::string_view name);

}  // namespace carousel::oracle
