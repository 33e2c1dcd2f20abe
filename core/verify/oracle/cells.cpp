// SPDX-License-Identifier: Apache-2.0
#include "core/verify/oracle/cells.hpp"

#include "core/verify/oracle/activations.hpp"

#include <stdexcept>
#include <utility>

namespace carousel::oracle {
namespace {

constexpr Number kOne{1.0, 0.0};

std::size_t size_of(std::int64_t count) { return static_cast<std::size_t>(count); }

std::span<const float> matrix_row(std::span<const float> matrix, std::size_t row,
                                  std::size_t columns) {
  return matrix.subspan(row * columns, columns);
}

/// Index of an LSTM's activations in an ActivationSet, and of its peephole vectors.
enum Which : std::size_t { kGates = 0, kCandidate = 1, kOutput = 2 };
enum Peephole : std::size_t { kPeepInput = 0, kPeepForget = 1, kPeepOutput = 2 };

}  // namespace

CellStep::CellStep(const ModelLayer& layer, std::size_t direction, const ErrorModel& model)
    : spec_(layer.spec),
      weights_(layer.directions.at(direction)),
      activations_(layer.spec.activations.at(direction)),
      model_(model),
      inputs_(size_of(layer.spec.input_size)),
      units_(size_of(layer.spec.hidden_size)),
      states_(size_of(layer.spec.state_size())) {}

void CellStep::operator()(std::span<const Number> x, RowState& state, GateValues* gates) const {
  switch (spec_.cell) {
    case Cell::lstm: return lstm(x, state, gates);
    case Cell::gru: return gru(x, state, gates);
    case Cell::rnn: return rnn(x, state, gates);
    case Cell::linear: break;
  }
  throw std::logic_error("the oracle's CellStep is for recurrent cells");
}

// i = s(W_ii x + b_ii + W_hi h + b_hi + p_i * c)     f = s(W_if x + b_if + W_hf h + b_hf + p_f * c)
// g = t(W_ig x + b_ig + W_hg h + b_hg)               c' = f * c + i * g
// o = s(W_io x + b_io + W_ho h + b_ho + p_o * c')    h' = o * t(c')
void CellStep::lstm(std::span<const Number> x, RowState& state, GateValues* gates) const {
  enum Gate : std::size_t { kI, kF, kG, kO };
  std::vector<Number> hidden(units_);
  for (std::size_t u = 0; u < units_; ++u) {
    Number& c = state.c[u];
    Number i = activate(kGates, peeping(both(kI, u, x, state.h), kPeepInput, u, c));
    Number f = activate(kGates, peeping(both(kF, u, x, state.h), kPeepForget, u, c));
    const Number g = activate(kCandidate, both(kG, u, x, state.h).result());
    c = clipped(next_cell(i, f, g, c), spec_.cell_clip);
    const Number o = activate(kGates, peeping(both(kO, u, x, state.h), kPeepOutput, u, c));
    hidden[u] = o * apply(activations_[kOutput], c, model_);
    if (gates != nullptr) {
      gates->i.push_back(i), gates->f.push_back(f), gates->g.push_back(g), gates->o.push_back(o);
      gates->c.push_back(c), gates->h.push_back(hidden[u]);
    }
  }
  state.h = project(std::move(hidden));
}

// Coupled gates leave one of i and f to follow from the other.
Number CellStep::next_cell(Number& i, Number& f, Number g, Number c) const {
  switch (spec_.coupling) {
    case GateCoupling::forget_from_input: f = kOne - i; return blend(i, c, g);
    case GateCoupling::input_from_forget: i = kOne - f; return blend(f, g, c);
    case GateCoupling::none: break;
  }
  return f * c + i * g;
}

// r = s(W_ir x + b_ir + W_hr h + b_hr)     z = s(W_iz x + b_iz + W_hz h + b_hz)
// n = t(W_in x + b_in + r * (W_hn h + b_hn)), or with the reset before the matrix
// n = t(W_in x + b_in + W_hn (r * h) + b_hn)      h' = (1 - z) * n + z * h
void CellStep::gru(std::span<const Number> x, RowState& state, GateValues* gates) const {
  enum Gate : std::size_t { kR, kZ, kN };
  std::vector<Number> r(units_);
  std::vector<Number> reset(units_);
  for (std::size_t u = 0; u < units_; ++u) {
    r[u] = activate(kGates, both(kR, u, x, state.h).result());
    reset[u] = r[u] * state.h[u];
  }
  std::vector<Number> hidden(units_);
  for (std::size_t u = 0; u < units_; ++u) {
    const Number z = activate(kGates, both(kZ, u, x, state.h).result());
    const Number n = activate(kCandidate, candidate(kN, u, x, state.h, r[u], reset));
    hidden[u] = blend(z, n, state.h[u]);
    if (gates != nullptr) {
      gates->i.push_back(r[u]), gates->f.push_back(z), gates->g.push_back(n);
      gates->h.push_back(hidden[u]);
    }
  }
  state.h = std::move(hidden);
}

Number CellStep::candidate(std::size_t gate, std::size_t unit, std::span<const Number> x,
                           std::span<const Number> h, Number r,
                           std::span<const Number> reset) const {
  if (!spec_.linear_before_reset) return both(gate, unit, x, reset).result();
  Sum input(model_);
  Sum recurrent(model_);
  add_input(input, gate, unit, x);
  add_state(recurrent, gate, unit, h);
  return input.result() + r * recurrent.result();
}

// h' = t(W_i x + b_i + W_h h + b_h)
void CellStep::rnn(std::span<const Number> x, RowState& state, GateValues* gates) const {
  std::vector<Number> hidden(units_);
  for (std::size_t u = 0; u < units_; ++u) {
    hidden[u] = activate(kGates, both(0, u, x, state.h).result());
    if (gates != nullptr) gates->h.push_back(hidden[u]);
  }
  state.h = std::move(hidden);
}

void CellStep::add_input(Sum& sum, std::size_t gate, std::size_t unit,
                         std::span<const Number> x) const {
  const std::size_t row = gate * units_ + unit;
  if (spec_.bias) sum.add(weights_.bias_ih[row]);
  sum.add_products(matrix_row(weights_.weight_ih, row, inputs_), x);
}

void CellStep::add_state(Sum& sum, std::size_t gate, std::size_t unit,
                         std::span<const Number> h) const {
  const std::size_t row = gate * units_ + unit;
  if (spec_.bias) sum.add(weights_.bias_hh[row]);
  sum.add_products(matrix_row(weights_.weight_hh, row, states_), h);
}

Sum CellStep::both(std::size_t gate, std::size_t unit, std::span<const Number> x,
                   std::span<const Number> h) const {
  Sum sum(model_);
  add_input(sum, gate, unit, x);
  add_state(sum, gate, unit, h);
  return sum;
}

Number CellStep::peeping(Sum sum, std::size_t peephole, std::size_t unit, Number c) const {
  if (spec_.peephole) {
    const std::span<const float> weights = weights_.peephole;
    sum.add_products(weights.subspan(peephole * units_ + unit, 1), {&c, 1});
  }
  return sum.result();
}

Number CellStep::activate(std::size_t which, Number a) const {
  return apply(activations_.at(which), clipped(a, spec_.clip), model_);
}

std::vector<Number> CellStep::project(std::vector<Number> hidden) const {
  if (spec_.proj_size == 0) return hidden;
  std::vector<Number> projected(states_);
  for (std::size_t s = 0; s < states_; ++s) {
    Sum sum(model_);
    sum.add_products(matrix_row(weights_.weight_hr, s, units_), hidden);
    projected[s] = sum.result();
  }
  return projected;
}

std::vector<Number> linear(const ModelLayer& head, std::span<const Number> x,
                           const ErrorModel& model) {
  const DirectionWeights& weights = head.directions[0];
  std::vector<Number> y(size_of(head.spec.hidden_size));
  for (std::size_t u = 0; u < y.size(); ++u) {
    Sum sum(model);
    if (head.spec.bias) sum.add(weights.bias_ih[u]);
    sum.add_products(matrix_row(weights.weight_ih, u, x.size()), x);
    y[u] = sum.result();
  }
  return y;
}

}  // namespace carousel::oracle
