// SPDX-License-Identifier: Apache-2.0
#include "core/verify/oracle/cells.hpp"

#include "core/verify/oracle/activations.hpp"
#include "core/verify/oracle/int8.hpp"
#include "core/verify/oracle/layer_norm.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace carousel::oracle {
namespace {

constexpr Number kOne{1.0, 0.0};

/// A row of a matrix that has `columns` columns.
std::span<const float> matrix_row(const Float32View& matrix, std::size_t row,
                                  std::int64_t columns) {
  return matrix.values().subspan(row * size_of(columns), size_of(columns));
}

Float32View weight(const Weights& weights, std::string_view role, std::size_t direction) {
  return Float32View(find_weight(weights, in_direction(role, direction)));
}

/// Notes one unit's quantities in the order of `trace_names`.
void note(GateValues* gates, std::initializer_list<Number> unit) {
  if (gates == nullptr) return;
  std::size_t k = 0;
  for (const Number& value : unit) gates->at(k++).push_back(value);
}

Number negated(Number x) { return {-x.value, x.error}; }

/// x - x: NaN where x is not finite.
Number exact_zero(Number x) { return {x.value - x.value, 0.0}; }

/// a - m where it is not positive, m being a or b. The error of m counts only as far as it is not
/// that of a.
Number excess(Number a, Number b, Number m) {
  return std::isfinite(m.value) ? a - b : Number{a.value - m.value, 0.0};
}

/// Index of an LSTM's activations in an ActivationSet, and of its peephole vectors.
enum Which : std::size_t { kGates = 0, kCandidate = 1, kOutput = 2 };
enum Peephole : std::size_t { kPeepInput = 0, kPeepForget = 1, kPeepOutput = 2 };

}  // namespace

std::vector<std::string_view> trace_names(Cell cell) {
  const CellTraits& about = traits(cell);
  std::vector<std::string_view> names;
  for (std::size_t k = 0; k < about.gates.size(); ++k) names.push_back(about.gates.substr(k, 1));
  for (std::size_t k = about.state_count; k-- > 0;) {
    if (std::ranges::find(names, about.states.at(k)) != names.end()) continue;
    names.push_back(about.states.at(k));
  }
  return names;
}

CellStep::CellStep(const RecurrentSpec& spec, const Weights& weights, std::size_t direction,
                   const ErrorModel& model)
    : spec_(spec),
      activations_(spec.activations.at(direction)),
      model_(model),
      weight_ih_(weight(weights, "weight_ih", direction)),
      weight_hh_(weight(weights, "weight_hh", direction)),
      bias_ih_(weight(weights, "bias_ih", direction)),
      bias_hh_(weight(weights, "bias_hh", direction)),
      weight_hr_(weight(weights, "weight_hr", direction)),
      peephole_(weight(weights, "peephole", direction)),
      norm_weight_(weight(weights, "norm_weight", direction)) {}

void CellStep::operator()(std::span<const Number> x, RowState& state, GateValues* gates) const {
  switch (spec_.cell) {
    case Cell::lstm: return lstm(x, state, gates);
    case Cell::gru: return gru(x, state, gates);
    case Cell::rnn: return rnn(x, state, gates);
    case Cell::slstm: return slstm(x, state, gates);
  }
  throw std::logic_error("the oracle does not know this cell");
}

// i = s(W_ii x + b_ii + W_hi h + b_hi + p_i * c)     f = s(W_if x + b_if + W_hf h + b_hf + p_f * c)
// g = t(W_ig x + b_ig + W_hg h + b_hg)               c' = f * c + i * g
// o = s(W_io x + b_io + W_ho h + b_ho + p_o * c')    h' = o * t(c')
// With layer normalization, s and t are given norm(W x + W h) + b + b instead.
void CellStep::lstm(std::span<const Number> x, RowState& state, GateValues* gates) const {
  enum Gate : std::size_t { kI, kF, kG, kO };
  std::vector<Number>& h = state.at(0);
  std::vector<Number>& cells = state.at(1);
  std::vector<Number> hidden(cells.size());
  const std::vector<std::vector<Number>> normal = normalized(x, h);
  const auto gate = [&](Gate which, std::size_t u) {
    return normal.empty() ? both(which, u, x, h).result() : normal[which][u];
  };
  const auto peeping_gate = [&](Gate which, Peephole peephole, std::size_t u) {
    if (!spec_.peephole) return gate(which, u);
    return peeping(both(which, u, x, h), peephole, u, cells[u]);
  };
  for (std::size_t u = 0; u < hidden.size(); ++u) {
    Number& c = cells[u];
    Number i = activate(kGates, peeping_gate(kI, kPeepInput, u));
    Number f = activate(kGates, peeping_gate(kF, kPeepForget, u));
    const Number g = activate(kCandidate, gate(kG, u));
    c = clipped(next_cell(i, f, g, c), spec_.cell_clip);
    const Number o = activate(kGates, peeping_gate(kO, kPeepOutput, u));
    hidden[u] = o * apply(activations_[kOutput], c, model_);
    note(gates, {i, f, g, o, c, hidden[u]});
  }
  h = project(std::move(hidden));
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
  std::vector<Number>& h = state.at(0);
  std::vector<Number> r(h.size());
  std::vector<Number> reset(h.size());
  for (std::size_t u = 0; u < h.size(); ++u) {
    r[u] = activate(kGates, both(kR, u, x, h).result());
    reset[u] = r[u] * h[u];
  }
  std::vector<Number> hidden(h.size());
  for (std::size_t u = 0; u < h.size(); ++u) {
    const Number z = activate(kGates, both(kZ, u, x, h).result());
    const Number n = activate(kCandidate, candidate(kN, u, x, h, r[u], reset));
    hidden[u] = blend(z, n, h[u]);
    note(gates, {r[u], z, n, hidden[u]});
  }
  h = std::move(hidden);
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
  std::vector<Number>& h = state.at(0);
  std::vector<Number> hidden(h.size());
  for (std::size_t u = 0; u < h.size(); ++u) {
    hidden[u] = activate(kGates, both(0, u, x, h).result());
    note(gates, {hidden[u]});
  }
  h = std::move(hidden);
}

// l = m + log(s(a_f))          m' = a_i where n = 0, else max(a_i, l)
// i = min(1, exp(a_i - m'))    f = min(1, exp(l - m'))
// c' = f * c + i * t(a_z)      n' = f * n + i            h' = s(a_o) * c' / n'
// where a = W x + b + R h, and m' is a_i or l, so that what is left of a_i - m' and l - m' is
// known from l - a_i.
void CellStep::slstm(std::span<const Number> x, RowState& state, GateValues* gates) const {
  enum Gate : std::size_t { kI, kF, kZ, kO };
  std::vector<Number> hidden(state[0].size());
  for (std::size_t u = 0; u < hidden.size(); ++u) {
    const auto a = [&](Gate gate) { return both(gate, u, x, state[0]).result(); };
    Number& c = state.at(1)[u];
    Number& n = state.at(2)[u];
    Number& m = state.at(3)[u];
    const Number a_i = a(kI);
    const Number z = apply({ActivationKind::tanh}, a(kZ), model_);
    const Number o = apply({ActivationKind::sigmoid}, a(kO), model_);
    const Number l = m - apply({ActivationKind::softplus}, negated(a(kF)), model_);
    const bool first = n.value == 0.0;
    m = first ? a_i : larger(a_i, l);
    const Number i = exp_up_to_one(first ? exact_zero(a_i) : excess(a_i, l, m), model_);
    const Number f = exp_up_to_one(excess(l, a_i, m), model_);
    c = f * c + i * z;
    n = f * n + i;
    hidden[u] = o * c / n;
    note(gates, {i, f, z, o, m, n, c, hidden[u]});
  }
  state[0] = std::move(hidden);
}

void CellStep::add_input(Sum& sum, std::size_t gate, std::size_t unit,
                         std::span<const Number> x) const {
  const std::size_t row = gate * size_of(spec_.hidden_size) + unit;
  if (spec_.bias) sum.add(bias_ih_.values()[row]);
  add_input_products(sum, row, x);
}

void CellStep::add_state(Sum& sum, std::size_t gate, std::size_t unit,
                         std::span<const Number> h) const {
  const std::size_t row = gate * size_of(spec_.hidden_size) + unit;
  if (spec_.bias) sum.add(bias_hh_.values()[row]);
  add_state_products(sum, row, h);
}

void CellStep::add_input_products(Sum& sum, std::size_t row, std::span<const Number> x) const {
  add_matrix_row(sum, matrix_row(weight_ih_, row, spec_.input_size), x, model_);
}

// Each unit sees the part of h that is its head's.
void CellStep::add_state_products(Sum& sum, std::size_t row, std::span<const Number> h) const {
  const std::size_t width = size_of(spec_.recurrent_size());
  const std::size_t head =
      row % size_of(spec_.hidden_size) * size_of(spec_.heads) / size_of(spec_.hidden_size);
  add_matrix_row(sum, matrix_row(weight_hh_, row, spec_.recurrent_size()),
                 h.subspan(head * width, width), model_);
}

Sum CellStep::both(std::size_t gate, std::size_t unit, std::span<const Number> x,
                   std::span<const Number> h) const {
  Sum sum(model_);
  add_input(sum, gate, unit, x);
  add_state(sum, gate, unit, h);
  return sum;
}

Number CellStep::peeping(Sum sum, std::size_t peephole, std::size_t unit, Number c) const {
  const std::size_t k = peephole * size_of(spec_.hidden_size) + unit;
  sum.add_products(peephole_.values().subspan(k, 1), {&c, 1});
  return sum.result();
}

std::vector<Number> CellStep::normalized(std::size_t gate, std::span<const Number> x,
                                         std::span<const Number> h) const {
  const std::size_t first = gate * size_of(spec_.hidden_size);
  std::vector<Number> units(size_of(spec_.hidden_size));
  for (std::size_t u = 0; u < units.size(); ++u) {
    Sum sum(model_);
    add_input_products(sum, first + u, x);
    add_state_products(sum, first + u, h);
    units[u] = sum.result();
  }
  units = layer_normalized(units, static_cast<double>(spec_.layer_norm_epsilon), model_);
  for (std::size_t u = 0; u < units.size(); ++u) {
    Sum sum(model_);
    sum.add_products(norm_weight_.values().subspan(first + u, 1), {&units[u], 1});
    if (spec_.bias) sum.add(bias_ih_.values()[first + u]);
    if (spec_.bias) sum.add(bias_hh_.values()[first + u]);
    units[u] = sum.result();
  }
  return units;
}

std::vector<std::vector<Number>> CellStep::normalized(std::span<const Number> x,
                                                      std::span<const Number> h) const {
  std::vector<std::vector<Number>> all;
  if (!spec_.layer_norm) return all;
  for (std::size_t g = 0; g < size_of(spec_.gates()); ++g) all.push_back(normalized(g, x, h));
  return all;
}

Number CellStep::activate(std::size_t which, Number a) const {
  return apply(activations_.at(which), clipped(a, spec_.clip), model_);
}

std::vector<Number> CellStep::project(std::vector<Number> hidden) const {
  if (spec_.proj_size == 0) return hidden;
  std::vector<Number> projected(size_of(spec_.proj_size));
  for (std::size_t s = 0; s < projected.size(); ++s) {
    Sum sum(model_);
    add_matrix_row(sum, matrix_row(weight_hr_, s, spec_.hidden_size), hidden, model_);
    projected[s] = sum.result();
  }
  return projected;
}

}  // namespace carousel::oracle
