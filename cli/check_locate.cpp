// SPDX-License-Identifier: Apache-2.0
#include "check_core.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace carousel::cli {
namespace {

/// Inherited errors at their worst: strict, and tight enough for one step from an exact state.
constexpr oracle::Options kOneStep{.errors = {.independent = false}, .trace = false};

/// State in and out of one forward call, [batch, size] per direction.
struct FloatState {
  std::array<std::vector<float>, 2> h;
  std::array<std::vector<float>, 2> c;
};

std::vector<float> to_float(std::span<const double> values) {
  std::vector<float> floats(values.size());
  std::ranges::transform(values, floats.begin(), [](double v) { return static_cast<float>(v); });
  return floats;
}

std::size_t size_of(std::int64_t count) { return static_cast<std::size_t>(count); }

/// One layer prepared by the backend under test.
class LayerUnderTest {
 public:
  LayerUnderTest(const Backend& backend, const ModelLayer& layer) : spec_(layer.spec) {
    LayerWeights weights;
    for (std::size_t d = 0; d < 2; ++d) {
      const DirectionWeights& w = layer.directions.at(d);
      weights.at(d) = {w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh, w.weight_hr, w.peephole};
    }
    layer_ = backend.prepare(spec_, weights, {});
  }

  /// x [steps, batch, input_size] -> y; replaces `state`.
  std::vector<float> run(const std::vector<float>& x, std::int64_t steps, std::int64_t batch,
                         FloatState& state) const {
    std::vector<float> y(size_of(steps * batch * spec_.output_size()));
    const auto workspace =
        layer_->workspace({.batch = batch, .max_steps = std::max<std::int64_t>(steps, 1)});
    ForwardArgs args{.x = steps_first(x.data(), steps, batch, spec_.input_size),
                     .y = steps_first(y.data(), steps, batch, spec_.output_size())};
    for (std::size_t d = 0; d < 2; ++d) {
      args.h.at(d) = state.h.at(d).empty() ? nullptr : state.h.at(d).data();
      args.c.at(d) = state.c.at(d).empty() ? nullptr : state.c.at(d).data();
    }
    if (const Status status = layer_->forward(args, *workspace); !status)
      throw Error(status.message());
    return y;
  }

 private:
  LayerSpec spec_;
  std::unique_ptr<Layer> layer_;
};

/// One layer of the whole reference run: its input, and the state before any of its steps.
struct LayerReference {
  const ModelLayer& layer;
  const oracle::Quantity& x;
  const oracle::LayerResult* result;  ///< null for the head

  [[nodiscard]] bool reverse(std::size_t d) const {
    return d == 1 || layer.spec.direction == Direction::reverse;
  }
  [[nodiscard]] std::vector<float> input(std::int64_t step) const;
  [[nodiscard]] FloatState state_before(std::int64_t step) const;
};

std::vector<float> LayerReference::input(std::int64_t step) const {
  const std::size_t row = size_of(x.batch * x.features);
  return to_float(std::span(x.value).subspan(size_of(step) * row, row));
}

FloatState LayerReference::state_before(std::int64_t step) const {
  FloatState state;
  const LayerSpec& spec = layer.spec;
  if (!spec.recurrent()) return state;
  for (std::size_t d = 0; std::cmp_less(d, spec.directions()); ++d) {
    state.h.at(d).assign(size_of(x.batch * spec.state_size()), 0.0F);
    if (spec.has_cell_state()) state.c.at(d).assign(size_of(x.batch * spec.hidden_size), 0.0F);
    const std::int64_t before = reverse(d) ? step + 1 : step - 1;
    if (before < 0 || before >= x.steps) continue;
    for (std::int64_t row = 0; row < x.batch; ++row) {
      const std::int64_t at = before * x.batch + row;
      const auto states = spec.state_size();
      const auto h =
          result->y.value.begin() + at * spec.output_size() + static_cast<std::int64_t>(d) * states;
      std::transform(h, h + states, state.h.at(d).begin() + row * states,
                     [](double v) { return static_cast<float>(v); });
      if (!spec.has_cell_state()) continue;
      const auto c = result->trace.at(d).c.value.begin() + at * spec.hidden_size;
      std::transform(c, c + spec.hidden_size, state.c.at(d).begin() + row * spec.hidden_size,
                     [](double v) { return static_cast<float>(v); });
    }
  }
  return state;
}

oracle::LayerState exact_state(const FloatState& state, const LayerSpec& spec, std::int64_t batch) {
  oracle::LayerState exact;
  for (std::size_t d = 0; spec.recurrent() && std::cmp_less(d, spec.directions()); ++d) {
    exact.at(d).h = oracle::exact(state.h.at(d), 1, batch, spec.state_size());
    if (spec.has_cell_state())
      exact.at(d).c = oracle::exact(state.c.at(d), 1, batch, spec.hidden_size);
  }
  return exact;
}

/// One step of candidate and oracle from the same float32 input and state.
struct Step {
  std::vector<float> y;
  FloatState found;
  oracle::LayerResult expected;
};

Step run_step(const LayerUnderTest& candidate, const LayerReference& reference,
              const std::vector<float>& x, const FloatState& before) {
  const LayerSpec& spec = reference.layer.spec;
  const std::int64_t batch = reference.x.batch;
  Step step;
  step.found = before;
  step.y = candidate.run(x, 1, batch, step.found);
  step.expected = oracle::run_layer(reference.layer, oracle::exact(x, 1, batch, spec.input_size),
                                    {}, exact_state(before, spec, batch), kOneStep);
  return step;
}

/// Fills in row, unit and values of the first element of `found` that disagrees.
bool first_wrong(const std::vector<float>& found, const oracle::Quantity& expected,
                 Divergence& at) {
  const Agreement agreement = compare(found, expected.value, expected.tolerance);
  if (agreement.ok) return false;
  const auto index = std::max<std::int64_t>(agreement.first_index, 0);
  at.row = index / expected.features;
  at.unit = index % expected.features;
  at.found = found.at(size_of(index));
  at.expected = expected.value.at(size_of(index));
  at.tolerance = expected.tolerance.at(size_of(index));
  return true;
}

/// Whether the element `at` is outside its tolerance.
bool is_wrong(const std::vector<float>& found, const oracle::Quantity& expected,
              const Divergence& at) {
  const std::size_t index = size_of(at.row * expected.features + at.unit);
  const double diff = std::fabs(static_cast<double>(found.at(index)) - expected.value.at(index));
  return !(diff <= expected.tolerance.at(index));
}

/// With c_prev = 0 only i * g is left of c' = f * c_prev + i * g.
std::string blame_c(const LayerUnderTest& candidate, const LayerReference& reference, std::size_t d,
                    const std::vector<float>& x, FloatState before, const Divergence& at) {
  for (auto& c : before.c) std::ranges::fill(c, 0.0F);
  const Step probe = run_step(candidate, reference, x, before);
  return is_wrong(probe.found.c.at(d), probe.expected.state.at(d).c, at)
             ? "c: i * g (input gate or candidate)"
             : "c: f * c (forget gate)";
}

/// With h_prev = 0 only W_i x and the biases are left of a GRU or a plain RNN.
std::string blame_h_without_c(const LayerUnderTest& candidate, const LayerReference& reference,
                              std::size_t d, const std::vector<float>& x, FloatState before,
                              const Divergence& at) {
  for (auto& h : before.h) std::ranges::fill(h, 0.0F);
  const Step probe = run_step(candidate, reference, x, before);
  return is_wrong(probe.found.h.at(d), probe.expected.state.at(d).h, at)
             ? "h: W_i x and biases (wrong from h = 0 too)"
             : "h: W_h h or what multiplies h (right from h = 0)";
}

std::string blame_h(const LayerSpec& spec) {
  return spec.proj_size > 0 ? "h: W_hr (o * tanh(c)), with c right"
                            : "h: o * tanh(c), with c right";
}

/// The same for one step of a recurrent layer.
std::optional<Divergence> find_in_step(const LayerUnderTest& candidate,
                                       const LayerReference& reference, std::int64_t t) {
  const std::vector<float> x = reference.input(t);
  const FloatState before = reference.state_before(t);
  const Step step = run_step(candidate, reference, x, before);
  const LayerSpec& spec = reference.layer.spec;
  Divergence at;
  at.step = t;
  if (!spec.recurrent()) {
    at.quantity = "y: W x + b";
    return first_wrong(step.y, step.expected.y, at) ? std::optional(at) : std::nullopt;
  }
  for (std::size_t d = 0; std::cmp_less(d, spec.directions()); ++d) {
    at.direction = reference.reverse(d) ? "reverse" : "forward";
    const oracle::State& expected = step.expected.state.at(d);
    if (spec.has_cell_state() && first_wrong(step.found.c.at(d), expected.c, at)) {
      at.quantity = blame_c(candidate, reference, d, x, before, at);
      return at;
    }
    if (first_wrong(step.found.h.at(d), expected.h, at)) {
      at.quantity = spec.has_cell_state()
                        ? blame_h(spec)
                        : blame_h_without_c(candidate, reference, d, x, before, at);
      return at;
    }
  }
  at.direction = "";
  at.quantity = "y, with the state right";
  return first_wrong(step.y, step.expected.y, at) ? std::optional(at) : std::nullopt;
}

/// Each step is right by itself: so runs of several steps, from zero state.
std::optional<Divergence> find_in_run(const LayerUnderTest& candidate,
                                      const LayerReference& reference) {
  const LayerSpec& spec = reference.layer.spec;
  const oracle::Quantity& x = reference.x;
  const std::vector<float> inputs = to_float(x.value);
  FloatState state = reference.state_before(reference.reverse(0) ? x.steps - 1 : 0);
  for (auto* part : {&state.h, &state.c}) {
    for (auto& values : *part) std::ranges::fill(values, 0.0F);
  }
  const std::vector<float> y = candidate.run(inputs, x.steps, x.batch, state);
  const auto exact_x = oracle::exact(inputs, x.steps, x.batch, x.features);
  const auto expected =
      oracle::run_layer(reference.layer, exact_x, {}, oracle::zero_state(spec, x.batch)).y;
  Divergence at;
  if (!first_wrong(y, expected, at)) return std::nullopt;
  at.step = at.row / x.batch;
  at.row %= x.batch;
  at.direction = at.unit >= spec.state_size() || reference.reverse(0) ? "reverse" : "forward";
  at.unit %= spec.state_size();
  at.quantity = "what is carried between steps (each step by itself is right)";
  return at;
}

std::optional<Divergence> find_in_layer(const Backend& backend, const LayerReference& reference) {
  const LayerUnderTest candidate(backend, reference.layer);
  for (std::int64_t t = 0; t < reference.x.steps; ++t) {
    if (auto found = find_in_step(candidate, reference, t)) return found;
  }
  return find_in_run(candidate, reference);
}

}  // namespace

std::optional<Divergence> locate(const Candidate& candidate, const Workload& work,
                                 const oracle::Result& reference) {
  const oracle::Quantity input = oracle_input(work);
  const oracle::Quantity* x = &input;
  for (std::size_t l = 0; l < reference.layers.size(); ++l) {
    const LayerReference layer{work.model.layers[l], *x, &reference.layers[l]};
    if (auto found = find_in_layer(*candidate.backend, layer)) {
      found->layer = "layer " + std::to_string(l);
      return found;
    }
    x = &reference.layers[l].y;
  }
  if (!work.model.head) return std::nullopt;
  auto found = find_in_layer(*candidate.backend, {*work.model.head, *x, nullptr});
  if (found) found->layer = "head";
  return found;
}

}  // namespace carousel::cli
