// SPDX-License-Identifier: Apache-2.0
#include "locate.hpp"

#include "blame.hpp"
#include "core/model/wiring.hpp"
#include "directions.hpp"
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

/// The state that the layer starts from, in every row.
LayerState start(const ModelLayer& layer, std::int64_t batch) {
  LayerState state;
  for (const StateSpec& spec : states(layer.spec)) {
    std::vector<float>& rows = state.emplace_back(size_of(batch * spec.size));
    const Float32View row(find_weight(layer.weights, "initial_" + spec.name));
    for (std::int64_t b = 0; b < batch; ++b) {
      std::ranges::copy(row.values(), rows.begin() + b * spec.size);
    }
  }
  return state;
}

template <class T>
std::vector<T> step_of(const std::vector<T>& values, std::int64_t steps, std::int64_t t) {
  const std::int64_t count = static_cast<std::int64_t>(values.size()) / steps;
  return {values.begin() + t * count, values.begin() + (t + 1) * count};
}

/// The problem of step `t` of `whole` alone, from `state`.
LayerProblem one_step(const LayerProblem& whole, std::int64_t t, LayerState state) {
  LayerProblem step{.layer = whole.layer,
                    .steps = 1,
                    .batch = whole.batch,
                    .inputs = {},
                    .ids = step_of(whole.ids, whole.steps, t),
                    .lengths = whole.lengths,
                    .state = std::move(state),
                    .precision = whole.precision};
  for (const std::vector<float>& input : whole.inputs) {
    step.inputs.push_back(step_of(input, whole.steps, t));
  }
  for (std::int64_t& length : step.lengths) length = t < length ? 1 : 0;
  return step;
}

/// The state before each step, as the reference computes it step by step.
std::vector<LayerState> states_before_steps(const Reference& reference, const LayerProblem& whole) {
  std::vector<LayerState> before(size_of(whole.steps), whole.state);
  for (const DirectionStates& direction : directions_of(whole.layer.spec)) {
    LayerState state = whole.state;
    for (std::int64_t k = 0; k < whole.steps; ++k) {
      const std::int64_t t = direction.direction == Direction::reverse ? whole.steps - 1 - k : k;
      for (std::size_t s = 0; s < direction.count; ++s) {
        before[size_of(t)][direction.first + s] = state[direction.first + s];
      }
      const LayerExpected after = reference.layer(one_step(whole, t, state));
      for (std::size_t s = 0; s < state.size(); ++s) state[s] = to_float(after.states[s].value);
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

/// Sets direction and unit of a wrong element of a layer's output, [rows, output_size].
void place_in_output(const LayerSpec& spec, Divergence& at) {
  const auto [direction, unit] = output_unit(spec, at.unit);
  at.direction = direction;
  at.unit = unit;
}

/// Compares one layer of a backend, the candidate, with the reference.
class LayerComparison {
 public:
  LayerComparison(const Backend& backend, const Reference& reference, const LayerProblem& whole,
                  const LayerOptions& options)
      : candidate_(backend, whole.layer, options),
        reference_(reference),
        whole_(whole),
        spec_(whole.layer.spec),
        states_(states(spec_)) {}

  /// Finds the first step that goes wrong. `expected` is the reference's result of all steps.
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
  [[nodiscard]] std::optional<Divergence> in_states(const LayerProblem& step,
                                                    const LayerOutcome& found,
                                                    const LayerExpected& expected) const;
  [[nodiscard]] std::optional<Divergence> in_run(const LayerExpected& expected) const;
  [[nodiscard]] std::string blame(LayerProblem step, std::size_t state, const Divergence& at) const;

  PreparedLayer candidate_;
  const Reference& reference_;
  const LayerProblem& whole_;
  const LayerSpec& spec_;
  std::vector<StateSpec> states_;
};

/// Which part of the equations is to blame for a wrong element of a state.
std::string LayerComparison::blame(LayerProblem step, std::size_t state,
                                   const Divergence& at) const {
  const Blame suspects = blame_for_state(spec_, base_name(states_[state].name));
  if (suspects.zeroed.empty()) return suspects.still_wrong;
  for (std::size_t s = 0; s < states_.size(); ++s) {
    if (base_name(states_[s].name) == suspects.zeroed) std::ranges::fill(step.state[s], 0.0F);
  }
  const LayerOutcome found = candidate_.run(step);
  const LayerExpected expected = reference_.layer(step);
  return is_wrong(found.state[state], expected.states[state], states_[state].size, at)
             ? suspects.still_wrong
             : suspects.right_then;
}

/// The first wrong state. In each direction h is compared last, since it follows from the others.
std::optional<Divergence> LayerComparison::in_states(const LayerProblem& step,
                                                     const LayerOutcome& found,
                                                     const LayerExpected& expected) const {
  Divergence at;
  for (const DirectionStates& direction : directions_of(spec_)) {
    at.direction = direction.direction;
    for (std::size_t k = direction.count; k-- > 0;) {
      const std::size_t s = direction.first + k;
      if (!first_wrong(found.state[s], expected.states[s], states_[s].size, at)) continue;
      at.quantity = blame(step, s, at);
      return at;
    }
  }
  return std::nullopt;
}

/// Compares one step of candidate and reference from the same input and state.
std::optional<Divergence> LayerComparison::in_step(const LayerProblem& step) const {
  const LayerOutcome found = candidate_.run(step);
  const LayerExpected expected = reference_.layer(step);
  if (auto at = in_states(step, found, expected)) return at;
  Divergence at;
  if (!first_wrong(found.y, expected.y, output_size(spec_), at)) return std::nullopt;
  place_in_output(spec_, at);
  at.quantity = blame_for_output(spec_);
  return at;
}

/// Compares all steps from the start, if each step by itself is right.
std::optional<Divergence> LayerComparison::in_run(const LayerExpected& expected) const {
  Divergence at;
  const LayerOutcome found = candidate_.run(whole_);
  if (!first_wrong(found.y, expected.y, output_size(spec_), at)) return std::nullopt;
  at.step = at.row / whole_.batch;
  at.row %= whole_.batch;
  place_in_output(spec_, at);
  at.quantity = "what is carried between steps (each step by itself is right)";
  return at;
}

/// The elements of a sequence without gaps; zeros past the end of each row.
template <class T>
std::vector<T> dense(const SequenceView<const T>& view, std::span<const std::int64_t> lengths) {
  std::vector<T> values(size_of(view.steps * view.batch * view.features));
  auto out = values.begin();
  for (std::int64_t t = 0; t < view.steps; ++t) {
    for (std::int64_t b = 0; b < view.batch; ++b, out += view.features) {
      if (!lengths.empty() && t >= lengths[size_of(b)]) continue;
      std::copy_n(view.row(t, b), view.features, out);
    }
  }
  return values;
}

/// The layers of a model one by one. The inputs of each are the reference's outputs of those
/// before.
class LayerByLayer {
 public:
  LayerByLayer(const Reference& reference, const Model& model, const CheckInput& input)
      : reference_(reference),
        model_(model),
        input_(input),
        given_(input.in_order(model)),
        wiring_(resolve_wiring(model)) {}

  [[nodiscard]] LayerProblem problem(std::size_t l) const {
    const ModelLayer& layer = model_.layers[l];
    LayerProblem whole{.layer = layer,
                       .steps = input_.steps(),
                       .batch = input_.batch(),
                       .inputs = {},
                       .ids = {},
                       .lengths = {input_.lengths.begin(), input_.lengths.end()},
                       .state = start(layer, input_.batch())};
    for (const Source& source : wiring_.sources[l]) add_source(source, whole);
    return whole;
  }

  /// Runs the reference's next layer, whose output is an input of the layers after it.
  LayerExpected pass(const LayerProblem& whole) {
    LayerExpected expected = reference_.layer(whole);
    outputs_.push_back(to_float(expected.y.value));
    return expected;
  }

 private:
  void add_source(const Source& source, LayerProblem& whole) const {
    if (source.of == Source::Of::layer) {
      whole.inputs.push_back(outputs_[source.index]);
    } else if (takes_ids(whole.layer.spec)) {
      whole.ids = dense(given_[source.index].ids, input_.lengths);
    } else {
      whole.inputs.push_back(dense(given_[source.index].x, input_.lengths));
    }
  }

  const Reference& reference_;
  const Model& model_;
  const CheckInput& input_;
  std::vector<NamedInput> given_;
  Wiring wiring_;
  std::vector<std::vector<float>> outputs_;  ///< The reference's outputs of the layers so far.
};

/// Whether every sequence has the steps and lengths of the inputs, so that a layer alone can be
/// given what it gets in the whole model.
bool has_uniform_sequences(const Model& model) {
  const auto changes = [](const ModelLayer& layer) {
    return changes_steps(layer.spec) || !layer.initial_states.empty();
  };
  const auto reads_state = [](const std::vector<Source>& sources) {
    return std::ranges::any_of(sources,
                               [](const Source& s) { return s.of == Source::Of::final_state; });
  };
  return model.lengths.empty() && std::ranges::none_of(model.layers, changes) &&
         std::ranges::none_of(model_inputs(model), &ModelInput::one_step) &&
         std::ranges::none_of(resolve_wiring(model).sources, reads_state);
}

}  // namespace

std::optional<Divergence> locate(const Backend& backend, const Reference& reference,
                                 const Model& model, const CheckInput& input, int threads,
                                 std::span<const Precision> precisions) {
  if (!has_uniform_sequences(model)) return std::nullopt;
  LayerByLayer layers(reference, model, input);
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    LayerProblem whole = layers.problem(l);
    whole.precision = precisions[l];
    const LayerExpected expected = layers.pass(whole);
    const LayerOptions options{.threads = threads, .precision = precisions[l]};
    auto found = LayerComparison(backend, reference, whole, options).find(expected);
    if (!found) continue;
    found->layer = static_cast<std::int64_t>(l);
    found->layer_name = layer_names(model)[l];
    return found;
  }
  return std::nullopt;
}

}  // namespace carousel::detail
