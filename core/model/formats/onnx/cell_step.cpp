// SPDX-License-Identifier: Apache-2.0
#include "cell_step.hpp"

#include "affine.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace carousel::loading::onnx {
namespace {

using Operation = ElementwiseOperation;
using Pair = std::pair<std::size_t, std::size_t>;

/// A function of something affine.
struct Gate {
  Activation function;
  std::size_t argument = 0;
};

/// Weights of one gate: W x + U h + b.
struct GateWeights {
  std::vector<double> w, u, b;
  std::vector<double> recurrent_b{};  ///< Added to U h before a reset.
};

class CellMatcher {
 public:
  CellMatcher(const Network& network, const LoopStep& step)
      : network_(network), step_(step), forms_(network, sources_of(step)) {}

  std::optional<CellStep> match() {
    if (step_.before.size() == 2) {
      if (auto found = match_lstm(0, 1)) return found;
      return match_lstm(1, 0);
    }
    if (step_.before.size() != 1) return std::nullopt;
    h_ = step_.before[0];
    if (auto found = match_gru()) return found;
    return match_rnn();
  }

 private:
  static std::vector<std::size_t> sources_of(const LoopStep& step) {
    std::vector<std::size_t> sources = step.before;
    sources.push_back(step.x);
    return sources;
  }

  [[nodiscard]] std::optional<Pair> operands(std::size_t flow, Operation operation) const {
    const auto* spec = std::get_if<ElementwiseSpec>(&network_[flow].layer.spec);
    const bool is_it = network_[flow].kind == Flow::Kind::layer && spec != nullptr &&
                       spec->operation == operation &&
                       spec->constant == ElementwiseSpec::Constant::none;
    if (!is_it) return std::nullopt;
    return Pair{network_[flow].parents[0], network_[flow].parents[1]};
  }

  [[nodiscard]] std::optional<Gate> gate(std::size_t flow) const {
    const auto* spec = std::get_if<ActivationSpec>(&network_[flow].layer.spec);
    const bool is_it = network_[flow].kind == Flow::Kind::layer && spec != nullptr &&
                       spec->function.kind <= ActivationKind::softplus;
    if (!is_it) return std::nullopt;
    return Gate{spec->function, network_[flow].parents.front()};
  }

  /// The flow that is subtracted from 1.
  [[nodiscard]] std::optional<std::size_t> complement(std::size_t flow) const {
    const auto* spec = std::get_if<ElementwiseSpec>(&network_[flow].layer.spec);
    const bool is_it = network_[flow].kind == Flow::Kind::layer && spec != nullptr &&
                       spec->operation == Operation::subtract &&
                       spec->constant == ElementwiseSpec::Constant::first;
    if (!is_it) return std::nullopt;
    const std::vector<float> ones = network_[flow].layer.weights.at("operand").to_float32();
    if (std::ranges::any_of(ones, [](float v) { return v != 1.0F; })) return std::nullopt;
    return network_[flow].parents.front();
  }

  [[nodiscard]] std::int64_t units() const { return network_[h_].size; }

  /// The weights of a gate whose argument depends on x and h only.
  std::optional<GateWeights> weights(std::size_t argument) {
    const Affine& form = forms_.of(argument);
    if (form.size != units()) return std::nullopt;
    GateWeights result{zero(network_[step_.x].size), zero(units()), form.constant};
    for (const auto& [source, matrix] : form.terms) {
      if (source != step_.x && source != h_) return std::nullopt;
      (source == h_ ? result.u : result.w) = matrix.values;
    }
    return result;
  }

  [[nodiscard]] std::vector<double> zero(std::int64_t columns) const {
    return std::vector<double>(static_cast<std::size_t>(units() * columns), 0.0);
  }

  static bool same(const Activation& a, const Activation& b) { return same_function(a, b); }

  std::optional<CellStep> match_lstm(std::size_t h, std::size_t c) {
    h_ = step_.before[h];
    const std::size_t next_c = step_.after[c];
    const auto out = operands(step_.after[h], Operation::multiply);
    if (!out) return std::nullopt;
    for (const Pair& pair : {*out, Pair{out->second, out->first}}) {
      const auto o = gate(pair.first);
      const auto squash = gate(pair.second);
      if (!o || !squash || squash->argument != next_c) continue;
      if (auto found = match_cell_state(*o, squash->function, step_.before[c], next_c)) {
        found->states = {h, c};
        return found;
      }
    }
    return std::nullopt;
  }

  /// c' = f c + i g, in any order.
  std::optional<CellStep> match_cell_state(const Gate& o, const Activation& squash, std::size_t c,
                                           std::size_t next_c) {
    const auto sum = operands(next_c, Operation::add);
    if (!sum) return std::nullopt;
    for (const Pair& parts : {*sum, Pair{sum->second, sum->first}}) {
      const auto kept = operands(parts.first, Operation::multiply);
      const auto added = operands(parts.second, Operation::multiply);
      if (!kept || !added || (kept->first != c && kept->second != c)) continue;
      const auto f = gate(kept->first == c ? kept->second : kept->first);
      for (const Pair& pair : {*added, Pair{added->second, added->first}}) {
        const auto i = gate(pair.first);
        const auto g = gate(pair.second);
        if (!f || !i || !g || !same(f->function, o.function) || !same(i->function, o.function)) {
          continue;
        }
        return make(Cell::lstm, {*i, *f, *g, o}, {o.function, g->function, squash});
      }
    }
    return std::nullopt;
  }

  std::optional<CellStep> match_rnn() {
    const auto g = gate(step_.after[0]);
    return g ? make(Cell::rnn, {*g}, {g->function}) : std::nullopt;
  }

  /// h' = (1 - z) n + z h, or n + z (h - n).
  std::optional<CellStep> match_gru() {
    const auto sum = operands(step_.after[0], Operation::add);
    if (!sum) return std::nullopt;
    for (const Pair& parts : {*sum, Pair{sum->second, sum->first}}) {
      const auto kept = operands(parts.first, Operation::multiply);
      if (!kept) continue;
      for (const Pair& pair : {*kept, Pair{kept->second, kept->first}}) {
        if (auto found = match_update(pair.first, pair.second, parts.second)) return found;
      }
    }
    return std::nullopt;
  }

  /// `factor` times `value`, which is h or h - n, plus `rest`.
  std::optional<CellStep> match_update(std::size_t factor, std::size_t value, std::size_t rest) {
    const auto difference = operands(value, Operation::subtract);
    if (difference && difference->first == h_ && difference->second == rest) {
      return match_candidate(factor, false, rest);
    }
    const auto added = operands(rest, Operation::multiply);
    if (value != h_ || !added) return std::nullopt;
    for (const Pair& pair : {*added, Pair{added->second, added->first}}) {
      if (complement(pair.first) == factor) return match_candidate(factor, false, pair.second);
      const auto other = complement(factor);
      if (other && *other == pair.first) return match_candidate(*other, true, pair.second);
    }
    return std::nullopt;
  }

  /// z, or 1 - z where the gate is reversed, and the candidate with its reset.
  std::optional<CellStep> match_candidate(std::size_t z_flow, bool reversed, std::size_t n_flow) {
    const auto z = gate(z_flow);
    const auto n = gate(n_flow);
    if (!z || !n) return std::nullopt;
    auto z_weights = weights(z->argument);
    if (!z_weights) return std::nullopt;
    if (reversed) {
      if (z->function.kind != ActivationKind::sigmoid) return std::nullopt;
      for (auto* values : {&z_weights->w, &z_weights->u, &z_weights->b}) {
        for (double& value : *values) value = -value;
      }
    }
    const Affine form = forms_.of(n->argument);
    std::optional<std::size_t> reset;
    GateWeights candidate{zero(network_[step_.x].size), zero(units()), form.constant};
    for (const auto& [source, matrix] : form.terms) {
      if (source == step_.x) {
        candidate.w = matrix.values;
      } else if (reset || source == h_) {
        return std::nullopt;
      } else {
        reset = source;
      }
    }
    if (!reset || form.size != units()) return std::nullopt;
    return match_reset(*z, *z_weights, *n, candidate, *reset, form.terms.at(*reset));
  }

  /// r times h, or r times what is affine in h.
  std::optional<CellStep> match_reset(const Gate& z, const GateWeights& z_weights, const Gate& n,
                                      GateWeights candidate, std::size_t reset,
                                      const Matrix& factor) {
    const auto product = operands(reset, Operation::multiply);
    if (!product) return std::nullopt;
    for (const Pair& pair : {*product, Pair{product->second, product->first}}) {
      const auto r = gate(pair.first);
      if (!r || !same(r->function, z.function)) continue;
      const auto r_weights = weights(r->argument);
      if (!r_weights) continue;
      const bool before = pair.second == h_;
      if (before) {
        candidate.u = factor.values;
      } else {
        const auto inner = weights(pair.second);
        const bool of_h = inner && std::ranges::all_of(inner->w, [](double v) { return v == 0.0; });
        if (!of_h || !factor.is_identity()) continue;
        candidate.u = inner->u;
        candidate.recurrent_b = inner->b;
      }
      CellStep found =
          assemble(Cell::gru, {*r_weights, z_weights, candidate}, {z.function, n.function});
      std::get<RecurrentSpec>(found.layer.spec).linear_before_reset = !before;
      found.states = {0};
      return found;
    }
    return std::nullopt;
  }

  std::optional<CellStep> make(Cell cell, const std::vector<Gate>& gates,
                               const std::vector<Activation>& functions) {
    std::vector<GateWeights> all;
    for (const Gate& gate : gates) {
      auto found = weights(gate.argument);
      if (!found) return std::nullopt;
      all.push_back(std::move(*found));
    }
    CellStep step = assemble(cell, all, functions);
    step.states = {0};
    return step;
  }

  CellStep assemble(Cell cell, const std::vector<GateWeights>& gates,
                    const std::vector<Activation>& functions) {
    const std::int64_t inputs = network_[step_.x].size;
    RecurrentSpec spec = make_spec(cell, inputs, units());
    for (ActivationSet& set : spec.activations) {
      std::ranges::copy(functions, set.begin());
    }
    const auto rows = static_cast<std::int64_t>(gates.size()) * units();
    std::array<std::vector<float>, 4> values;
    for (const GateWeights& gate : gates) {
      values[0].insert(values[0].end(), gate.w.begin(), gate.w.end());
      values[1].insert(values[1].end(), gate.u.begin(), gate.u.end());
      values[2].insert(values[2].end(), gate.b.begin(), gate.b.end());
      std::vector<double> recurrent = gate.recurrent_b;
      recurrent.resize(static_cast<std::size_t>(units()), 0.0);
      values[3].insert(values[3].end(), recurrent.begin(), recurrent.end());
    }
    CellStep step{{.spec = spec}, {}};
    step.layer.weights.emplace("weight_ih", carousel::Tensor({rows, inputs}, values[0]));
    step.layer.weights.emplace("weight_hh", carousel::Tensor({rows, units()}, values[1]));
    step.layer.weights.emplace("bias_ih", carousel::Tensor({rows}, values[2]));
    step.layer.weights.emplace("bias_hh", carousel::Tensor({rows}, values[3]));
    return step;
  }

  const Network& network_;
  const LoopStep& step_;
  AffineForms forms_;
  std::size_t h_ = 0;
};

}  // namespace

std::optional<CellStep> recognize_cell(const Network& network, const LoopStep& step) {
  return CellMatcher(network, step).match();
}

}  // namespace carousel::loading::onnx
