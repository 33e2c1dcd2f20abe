// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/number.hpp"

#include <carousel/model.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

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

/// The state of one direction of one layer.
struct State {
  Quantity h;  ///< [1, batch, state_size]
  Quantity c;  ///< [1, batch, hidden_size]; empty when the cell has none
};
using LayerState = std::array<State, 2>;  ///< [0] forward (or the only direction), [1] reverse

[[nodiscard]] LayerState zero_state(const LayerSpec& spec, std::int64_t batch);

/// Where sequences of that layer start: zeros, unless its weights say otherwise.
[[nodiscard]] LayerState initial_state(const ModelLayer& layer, std::int64_t batch);

/// What happens inside one direction, [steps, batch, hidden_size] each; zero past a sequence's end.
/// h is before the projection. GRU: i reset, f update, g candidate; RNN: h only.
struct Trace {
  Quantity i, f, g, o, c, h;
};

struct Options {
  ErrorModel errors;
  bool trace = false;
};

struct LayerResult {
  Quantity y;                  ///< [steps, batch, output_size]; zero past a sequence's end
  LayerState state;            ///< after each sequence's last real step
  std::array<Trace, 2> trace;  ///< empty unless asked for
};

/// Runs one recurrent layer or (stateless) a linear one. `lengths` is empty or has one entry per
/// row; `initial` must have the sizes of `zero_state`. Throws std::invalid_argument on wrong sizes.
[[nodiscard]] LayerResult run_layer(const ModelLayer& layer, const Quantity& x,
                                    std::span<const std::int64_t> lengths,
                                    const LayerState& initial, const Options& options = {});

struct Result {
  Quantity y;                       ///< of the last layer, or of the head, after the tail
  std::vector<LayerResult> layers;  ///< the recurrent ones, bottom up
};

/// Runs the whole model; `initial` is empty (initial_state) or has one entry per recurrent layer.
[[nodiscard]] Result run(const Model& model, const Quantity& x,
                         std::span<const std::int64_t> lengths = {},
                         std::span<const LayerState> initial = {}, const Options& options = {});

/// What the embedding makes of ids [steps, batch]: the `x` for `run`.
[[nodiscard]] Quantity embed(const Model& model, std::span<const std::int32_t> ids,
                             std::int64_t steps, std::int64_t batch);

}  // namespace carousel::oracle
