// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/number.hpp"

#include <carousel/model.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace carousel::oracle {

/// What one direction carries from step to step, for one batch row.
struct RowState {
  std::vector<Number> h;  ///< [state_size]
  std::vector<Number> c;  ///< [hidden_size]; LSTM only
};

/// The quantities inside one step of one row, [hidden_size] each; those a cell lacks stay empty.
/// GRU: i is the reset gate, f the update gate, g the candidate.
struct GateValues {
  std::vector<Number> i, f, g, o, c, h;
};

/// One step of one direction of a recurrent layer: the equations, straight.
class CellStep {
 public:
  CellStep(const ModelLayer& layer, std::size_t direction, const ErrorModel& model);

  /// x [input_size]; replaces `state`. `gates` may be null.
  void operator()(std::span<const Number> x, RowState& state, GateValues* gates) const;

 private:
  void lstm(std::span<const Number> x, RowState& state, GateValues* gates) const;
  void gru(std::span<const Number> x, RowState& state, GateValues* gates) const;
  void rnn(std::span<const Number> x, RowState& state, GateValues* gates) const;

  /// Adds W_i* x + b_i* or W_h* h + b_h* of one unit of one gate to `sum`.
  void add_input(Sum& sum, std::size_t gate, std::size_t unit, std::span<const Number> x) const;
  void add_state(Sum& sum, std::size_t gate, std::size_t unit, std::span<const Number> h) const;
  /// One sum of both, in whatever order.
  [[nodiscard]] Sum both(std::size_t gate, std::size_t unit, std::span<const Number> x,
                         std::span<const Number> h) const;
  /// The same with p * c, where the spec has peepholes.
  [[nodiscard]] Number peeping(Sum sum, std::size_t peephole, std::size_t unit, Number c) const;
  /// c' of an LSTM before it is clipped; a coupled gate gets its value.
  [[nodiscard]] Number next_cell(Number& i, Number& f, Number g, Number c) const;
  /// The pre-activation of a GRU's candidate; `reset` is r * h.
  [[nodiscard]] Number candidate(std::size_t gate, std::size_t unit, std::span<const Number> x,
                                 std::span<const Number> h, Number r,
                                 std::span<const Number> reset) const;
  [[nodiscard]] Number activate(std::size_t which, Number a) const;
  [[nodiscard]] std::vector<Number> project(std::vector<Number> hidden) const;

  const LayerSpec& spec_;
  const DirectionWeights& weights_;
  const ActivationSet& activations_;
  ErrorModel model_;
  std::size_t inputs_;
  std::size_t units_;
  std::size_t states_;
};

/// y = W x + b, for the head.
[[nodiscard]] std::vector<Number> linear(const ModelLayer& head, std::span<const Number> x,
                                         const ErrorModel& model);

}  // namespace carousel::oracle
