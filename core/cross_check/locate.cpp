// SPDX-License-Identifier: Apache-2.0
#include "locate.hpp"

#include "prepared_layer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace carousel::detail {
namespace {

std::size_t size_of(std::int64_t count) { return static_cast<std::size_t>(count); }

std::vector<float> to_float(const std::vector<double>& values) {
  std::vector<float> floats(values.size());
  std::ranges::transform(values, floats.begin(), [](double v) { return static_cast<float>(v); });
  return floats;
}

bool reversed(const LayerSpec& spec, std::size_t d) {
  return d == 1 || spec.direction == Direction::reverse;
}

/// Every row in the state that the model starts from.
LayerState start(const ModelLayer& layer, std::int64_t batch) {
  LayerState state;
  const LayerSpec& spec = layer.spec;
  const auto rows_of = [batch](const std::vector<float>& row, std::int64_t width) {
    std::vector<float> rows(size_of(batch * width));
    if (row.empty()) return rows;
    for (std::int64_t b = 0; b < batch; ++b) std::ranges::copy(row, rows.begin() + b * width);
    return rows;
  };
  for (std::size_t d = 0; spec.recurrent() && std::cmp_less(d, spec.directions()); ++d) {
    const DirectionWeights& weights = layer.directions.at(d);
    state.h.at(d) = rows_of(weights.initial_h, spec.state_size());
    if (spec.has_cell_state()) state.c.at(d) = rows_of(weights.initial_c, spec.hidden_size);
  }
  return state;
}

/// Step `t` of `whole` alone, from `state`.
LayerProblem one_step(const LayerProblem& whole, std::int64_t t, LayerState state) {
  const std::int64_t row = whole.batch * whole.layer.spec.input_size;
  LayerProblem step{.layer = whole.layer,
                    .steps = 1,
                    .batch = whole.batch,
                    .x = {whole.x.begin() + t * row, whole.x.begin() + (t + 1) * row},
                    .lengths = whole.lengths,
                    .state = std::move(state)};
  for (std::int64_t& length : step.lengths) length = t < length ? 1 : 0;
  return step;
}

/// What the state is before each step, as the reference goes through them one by one.
std::vector<LayerState> states_before_steps(const Reference& reference, const LayerProblem& whole) {
  std::vector<LayerState> before(size_of(whole.steps));
  const LayerSpec& spec = whole.layer.spec;
  for (std::size_t d = 0; spec.recurrent() && std::cmp_less(d, spec.directions()); ++d) {
    LayerState state = whole.state;
    for (std::int64_t k = 0; k < whole.steps; ++k) {
      const std::int64_t t = reversed(spec, d) ? whole.steps - 1 - k : k;
      before[size_of(t)].h.at(d) = state.h.at(d);
      before[size_of(t)].c.at(d) = state.c.at(d);
      const LayerExpected after = reference.layer(one_step(whole, t, state));
      for (std::size_t e = 0; std::cmp_less(e, spec.directions()); ++e) {
        state.h.at(e) = to_float(after.h.at(e).value);
        state.c.at(e) = to_float(after.c.at(e).value);
      }
    }
  }
  return before;
}

/// Fills in row, unit and values of the first element of `found` [rows, width] that disagrees.
bool first_wrong(const std::vector<float>& found, const Expected& expected, std::int64_t width,
                 Divergence& at) {
  const Agreement agreement = compare(found, expected.value, expected.tolerance);
  if (agreement.ok) return false;
  const std::int64_t index = std::max<std::int64_t>(agreement.first_index, 0);
  at.row = index / width;
  at.unit = index % width;
  at.found = found.at(size_of(index));
  at.expected = expected.value.at(size_of(index));
  at.tolerance = expected.tolerance.at(size_of(index));
  return true;
}

/// Whether the element `at` of [rows, width] is outside its tolerance.
bool is_wrong(const std::vector<float>& found, const Expected& expected, std::int64_t width,
              const Divergence& at) {
  const std::size_t index = size_of(at.row * width + at.unit);
  const double diff = std::fabs(static_cast<double>(found.at(index)) - expected.value.at(index));
  return !(diff <= expected.tolerance.at(index));
}

/// One layer of the candidate beside the reference.
class LayerComparison {
 public:
  LayerComparison(const Backend& backend, const Reference& reference, const LayerProblem& whole,
                  int threads)
      : candidate_(backend, whole.layer, threads),
        reference_(reference),
        whole_(whole),
        spec_(whole.layer.spec) {}

  /// `expected`: what the reference makes of the whole.
  [[nodiscard]] std::optional<Divergence> find(const LayerExpected& expected) const {
    const std::vector<LayerState> before = states_before_steps(reference_, whole_);
    for (std::int64_t t = 0; t < whole_.steps; ++t) {
      auto found = in_step(one_step(whole_, t, before[size_of(t)]));
      if (!found) continue;
      found->step = t;
      return found;
    }
    return in_run(expected);
  }

 private:
  [[nodiscard]] std::optional<Divergence> in_step(const LayerProblem& step) const;
  [[nodiscard]] std::optional<Divergence> in_run(const LayerExpected& expected) const;
  [[nodiscard]] std::string blame_c(LayerProblem step, std::size_t d, const Divergence& at) const;
  [[nodiscard]] std::string blame_h(LayerProblem step, std::size_t d, const Divergence& at) const;

  PreparedLayer candidate_;
  const Reference& reference_;
  const LayerProblem& whole_;
  const LayerSpec& spec_;
};

/// With c_prev = 0 only i * g is left of c' = f * c_prev + i * g.
std::string LayerComparison::blame_c(LayerProblem step, std::size_t d, const Divergence& at) const {
  for (auto& c : step.state.c) std::ranges::fill(c, 0.0F);
  const LayerOutcome found = candidate_.run(step);
  return is_wrong(found.state.c.at(d), reference_.layer(step).c.at(d), spec_.hidden_size, at)
             ? "c: i * g (input gate or candidate)"
             : "c: f * c (forget gate)";
}

/// With h_prev = 0 only W_i x and the biases are left of a GRU or a plain RNN.
std::string LayerComparison::blame_h(LayerProblem step, std::size_t d, const Divergence& at) const {
  if (spec_.has_cell_state()) {
    return spec_.proj_size > 0 ? "h: W_hr (o * tanh(c)), with c right"
                               : "h: o * tanh(c), with c right";
  }
  for (auto& h : step.state.h) std::ranges::fill(h, 0.0F);
  const LayerOutcome found = candidate_.run(step);
  return is_wrong(found.state.h.at(d), reference_.layer(step).h.at(d), spec_.state_size(), at)
             ? "h: W_i x and biases (wrong from h = 0 too)"
             : "h: W_h h or what multiplies h (right from h = 0)";
}

/// One step of candidate and reference from the same input and state.
std::optional<Divergence> LayerComparison::in_step(const LayerProblem& step) const {
  const LayerOutcome found = candidate_.run(step);
  const LayerExpected expected = reference_.layer(step);
  Divergence at;
  for (std::size_t d = 0; spec_.recurrent() && std::cmp_less(d, spec_.directions()); ++d) {
    at.direction = reversed(spec_, d) ? Direction::reverse : Direction::forward;
    if (first_wrong(found.state.c.at(d), expected.c.at(d), spec_.hidden_size, at)) {
      at.quantity = blame_c(step, d, at);
      return at;
    }
    if (first_wrong(found.state.h.at(d), expected.h.at(d), spec_.state_size(), at)) {
      at.quantity = blame_h(step, d, at);
      return at;
    }
  }
  if (!first_wrong(found.y, expected.y, spec_.output_size(), at)) return std::nullopt;
  at.direction =
      at.unit >= spec_.state_size() || reversed(spec_, 0) ? Direction::reverse : Direction::forward;
  at.unit %= spec_.state_size();
  at.quantity = spec_.recurrent() ? "y, with the state right" : "y: W x + b";
  return at;
}

/// Each step is right by itself: so all of them, from the start.
std::optional<Divergence> LayerComparison::in_run(const LayerExpected& expected) const {
  Divergence at;
  const LayerOutcome found = candidate_.run(whole_);
  if (!first_wrong(found.y, expected.y, spec_.output_size(), at)) return std::nullopt;
  at.step = at.row / whole_.batch;
  at.row %= whole_.batch;
  at.direction =
      at.unit >= spec_.state_size() || reversed(spec_, 0) ? Direction::reverse : Direction::forward;
  at.unit %= spec_.state_size();
  at.quantity = "what is carried between steps (each step by itself is right)";
  return at;
}

/// The input of the first layer, dense; zero past a sequence's end.
std::vector<float> first_input(const Model& model, const CheckInput& input) {
  const std::int64_t features = model.layers.front().spec.input_size;
  std::vector<float> x(size_of(input.steps() * input.batch() * features));
  auto out = x.begin();
  for (std::int64_t t = 0; t < input.steps(); ++t) {
    for (std::int64_t b = 0; b < input.batch(); ++b, out += features) {
      if (!input.lengths.empty() && t >= input.lengths[size_of(b)]) continue;
      const float* row = model.embedding
                             ? model.embedding->weight.data() + *input.ids.row(t, b) * features
                             : input.x.row(t, b);
      std::copy_n(row, features, out);
    }
  }
  return x;
}

}  // namespace

std::optional<Divergence> locate(const Backend& backend, const Reference& reference,
                                 const Model& model, const CheckInput& input, int threads) {
  std::vector<float> x = first_input(model, input);
  const std::size_t count = model.layers.size() + (model.head ? 1 : 0);
  for (std::size_t l = 0; l < count; ++l) {
    const bool head = l == model.layers.size();
    const ModelLayer& layer = head ? *model.head : model.layers[l];
    const LayerProblem whole{.layer = layer,
                             .steps = input.steps(),
                             .batch = input.batch(),
                             .x = std::move(x),
                             .lengths = {input.lengths.begin(), input.lengths.end()},
                             .state = start(layer, input.batch())};
    const LayerExpected expected = reference.layer(whole);
    if (auto found = LayerComparison(backend, reference, whole, threads).find(expected)) {
      found->layer = static_cast<std::int64_t>(l);
      found->head = head;
      return found;
    }
    x = to_float(expected.y.value);
  }
  return std::nullopt;
}

}  // namespace carousel::detail
