// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/number.hpp"

#include <carousel/model.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace carousel::oracle {

/// What one direction carries from step to step for one batch row, in the order of the cell's
/// traits.
using RowState = std::vector<std::vector<Number>>;

/// The quantities inside one step of one row, in the order of `trace_names`: [hidden_size] each.
using GateValues = std::vector<std::vector<Number>>;

/// What a trace of that cell consists of: its gates, then its states, h last. A name that stands
/// for both is there once.
[[nodiscard]] std::vector<std::string_view> trace_names(Cell cell);

/// One step of one direction of a recurrent layer: the equations, straight.
class CellStep {
 public:
  CellStep(const RecurrentSpec& spec, const Weights& weights, std::size_t direction,
           const ErrorModel& model);

  /// x [input_size]; replaces `state`. `gates` may be null.
  void operator()(std::span<const Number> x, RowState& state, GateValues* gates) const;

 private:
  void lstm(std::span<const Number> x, RowState& state, GateValues* gates) const;
  void gru(std::span<const Number> x, RowState& state, GateValues* gates) const;
  void rnn(std::span<const Number> x, RowState& state, GateValues* gates) const;
  void slstm(std::span<const Number> x, RowState& state, GateValues* gates) const;

  /// Adds W_i* x or W_h* h of one unit of one gate to `sum`.
  void add_input_products(Sum& sum, std::size_t row, std::span<const Number> x) const;
  void add_state_products(Sum& sum, std::size_t row, std::span<const Number> h) const;
  /// The same with b_i* or b_h*.
  void add_input(Sum& sum, std::size_t gate, std::size_t unit, std::span<const Number> x) const;
  void add_state(Sum& sum, std::size_t gate, std::size_t unit, std::span<const Number> h) const;
  /// One sum of both, in whatever order.
  [[nodiscard]] Sum both(std::size_t gate, std::size_t unit, std::span<const Number> x,
                         std::span<const Number> h) const;
  /// One gate's pre-activations after layer normalization and with the biases.
  [[nodiscard]] std::vector<Number> normalized(std::size_t gate, std::span<const Number> x,
                                               std::span<const Number> h) const;
  /// The pre-activations of all gates; empty without layer normalization.
  [[nodiscard]] std::vector<std::vector<Number>> normalized(std::span<const Number> x,
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

  const RecurrentSpec& spec_;
  const ActivationSet& activations_;
  ErrorModel model_;
  Float32View weight_ih_;
  Float32View weight_hh_;
  Float32View bias_ih_;
  Float32View bias_hh_;
  Float32View weight_hr_;
  Float32View peephole_;
  Float32View norm_weight_;
};

}  // namespace carousel::oracle
