// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/problem.hpp"

#include "core/model/stored_weights.hpp"
#include "core/verify/conformance/checks.hpp"
#include "core/verify/conformance/random.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>
#include <variant>

namespace carousel::conformance {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr double kDenormal = 1e-40;

double weight_scale(Weights kind, std::int64_t hidden) {
  const double usual = 1.0 / std::sqrt(static_cast<double>(hidden));
  switch (kind) {
    case Weights::saturating: return 30.0 * usual;
    case Weights::tiny: return 1e-36;
    case Weights::denormal: return kDenormal;
    default: return usual;
  }
}

/// Scales of normalized values are of order 1, whatever the number of units.
double role_scale(const LayerSpec& spec, std::string_view role) {
  const auto* recurrent = std::get_if<RecurrentSpec>(&spec);
  const bool normalizes = recurrent != nullptr && role.starts_with("norm_weight");
  return normalizes ? std::sqrt(static_cast<double>(recurrent->hidden_size)) : 1.0;
}

std::vector<float> weights(Random& random, Weights kind, double scale, std::int64_t count) {
  std::vector<float> values = random.floats(count, scale);
  if (kind == Weights::positive) {
    for (float& value : values) value = std::fabs(value);
  }
  return values;
}

/// The weights of one layer, each role in turn.
carousel::Weights make_weights(Random& random, Weights kind, const LayerSpec& spec) {
  double scale = 1.0;
  if (const auto* recurrent = std::get_if<RecurrentSpec>(&spec)) {
    scale = weight_scale(kind, recurrent->hidden_size);
  } else if (std::holds_alternative<EmbeddingSpec>(spec)) {
    kind = Weights::usual;  // its rows are inputs
  } else if (const auto* convolution = std::get_if<ConvolutionSpec>(&spec)) {
    scale = weight_scale(kind, convolution->kernel_size * convolution->in_channels);
  } else if (std::holds_alternative<DenseSpec>(spec)) {
    scale = weight_scale(kind, output_size(spec));
  }
  carousel::Weights all;
  for (const WeightRole& role : weight_roles(spec)) {
    if (!role.required) continue;
    const std::int64_t count =
        std::accumulate(role.shape.begin(), role.shape.end(), std::int64_t{1}, std::multiplies<>());
    const double own = scale * role_scale(spec, role.name);
    all.emplace(role.name, Tensor(role.shape, weights(random, kind, own, count)));
  }
  return all;
}

Model make_model(Random& random, const Case& c) {
  Model model = network(c);
  for (ModelLayer& layer : model.layers) {
    if (layer.weights.empty()) layer.weights = make_weights(random, c.weights, layer.spec);
  }
  return model;
}

/// A state of a model, and of which layer.
struct StateOf {
  std::size_t layer;
  StateSpec spec;
};

/// In the order of `States`.
std::vector<StateOf> states_of(const Model& model) {
  std::vector<StateOf> list;
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    for (StateSpec& spec : states(model.layers[l].spec)) list.push_back({l, std::move(spec)});
  }
  return list;
}

bool has_name(const StateSpec& state, std::string_view name) {
  return state.name == name || state.name == in_direction(name, 1);
}

/// What a normalizer is after a first step: 1 and more.
void make_normalizer(std::vector<float>& values) {
  for (float& value : values) value = 1.0F + std::fabs(value);
}

/// h of all layers, then c of all layers and whatever else they have, up to twice as large.
States make_states(Random& random, const Case& c, const Model& model) {
  const std::vector<StateOf> specs = states_of(model);
  States states(specs.size());
  const double scale = c.initial_state ? 0.8 : 0.0;
  for (const StateOf& named : specs) {
    for (std::size_t k = 0; k < specs.size(); ++k) {
      if (!states[k].empty() || !has_name(specs[k].spec, named.spec.name)) continue;
      states[k] = random.floats(c.batch * specs[k].spec.size,
                                has_name(specs[k].spec, "h") ? scale : 2.0 * scale);
      if (c.initial_state && has_name(specs[k].spec, "n")) make_normalizer(states[k]);
    }
  }
  return states;
}

std::vector<std::int64_t> make_lengths(Random& random, const Case& c) {
  std::vector<std::int64_t> lengths;
  if (c.lengths == Lengths::none) return lengths;
  for (std::int64_t row = 0; row < c.batch; ++row) {
    const std::int64_t any = random.up_to(c.steps);
    switch (c.lengths) {
      case Lengths::equal: lengths.push_back(std::max<std::int64_t>(c.steps - 1, 0)); break;
      case Lengths::some_zero: lengths.push_back(row % 2 == 0 ? 0 : any); break;
      case Lengths::all_zero: lengths.push_back(0); break;
      default: lengths.push_back(any); break;
    }
  }
  if (c.lengths == Lengths::sorted) {
    std::ranges::sort(lengths, std::greater<>());
    if (!lengths.empty()) lengths.front() = c.steps;
  }
  return lengths;
}

double input_scale(Inputs kind) {
  switch (kind) {
    case Inputs::zero: return 0.0;
    case Inputs::large: return 200.0;
    case Inputs::huge: return 1e30;
    case Inputs::denormal: return kDenormal;
    default: return 2.0;
  }
}

bool is_real(const Problem& problem, std::int64_t step, std::int64_t row) {
  return problem.lengths.empty() || step < problem.lengths[static_cast<std::size_t>(row)];
}

void make_inputs(Random& random, Problem& problem) {
  const Case& c = problem.spec;
  problem.x = random.floats(c.steps * c.batch * c.input, input_scale(c.inputs));
  const auto at = [&](std::int64_t step, std::int64_t row) {
    return problem.x.begin() + (step * c.batch + row) * c.input;
  };
  if (!are_finite(c.inputs) && !problem.x.empty()) {
    *(at(c.steps / 2, c.batch / 2) + c.input / 2) =
        c.inputs == Inputs::nan_in_a_row ? kNan : -kInfinity;
  }
  for (std::int64_t step = 0; step < c.steps; ++step) {
    for (std::int64_t row = 0; row < c.batch; ++row) {
      if (!is_real(problem, step, row)) std::fill_n(at(step, row), c.input, kNan);
    }
  }
}

void make_ids(Random& random, Problem& problem) {
  const Case& c = problem.spec;
  for (std::int64_t step = 0; step < c.steps; ++step) {
    for (std::int64_t row = 0; row < c.batch; ++row) {
      const auto id = static_cast<std::int32_t>(random.up_to(c.vocabulary - 1));
      problem.ids.push_back(is_real(problem, step, row) || (step + row) % 2 == 0 ? id : -1);
    }
  }
}

void make_single_steps(Random& random, Problem& problem) {
  const Case& c = problem.spec;
  for (const ModelInput& input : model_inputs(problem.model)) {
    if (!input.one_step) continue;
    std::vector<float>& values = problem.single[input.name];
    if (input.name == problem.model.lengths) {
      values.assign(problem.lengths.begin(), problem.lengths.end());
    } else {
      values = random.floats(c.batch * input.size, 0.8);
    }
  }
}

oracle::Quantity state_from(std::span<const float>& values, std::int64_t batch,
                            std::int64_t features) {
  const auto count = static_cast<std::size_t>(batch * features);
  oracle::Quantity state = oracle::exact(values.subspan(0, count), 1, batch, features);
  values = values.subspan(count);
  return state;
}

/// Steps of a dense array [steps, rows].
template <class T>
std::span<const T> steps_of(const std::vector<T>& values, std::int64_t row, std::int64_t first,
                            std::int64_t count) {
  return std::span(values).subspan(static_cast<std::size_t>(first * row),
                                   static_cast<std::size_t>(count * row));
}

}  // namespace

oracle::ErrorModel error_model(Precision precision) noexcept {
  oracle::ErrorModel model;
  model.int8 = precision == Precision::int8;
  return model;
}

Problem make_problem(const Case& spec, Precision precision) {
  Random random(seed_of(spec.name()));
  Problem problem;
  problem.spec = spec;
  problem.precision = precision;
  problem.model = make_model(random, spec);
  const std::vector<Precision> precisions(problem.model.layers.size(), precision);
  problem.model = store_weights(std::move(problem.model), precisions);
  problem.lengths = make_lengths(random, spec);
  const std::vector<ModelInput> inputs = model_inputs(problem.model);
  if (std::ranges::any_of(inputs, &ModelInput::ids)) make_ids(random, problem);
  if (!std::ranges::all_of(inputs, &ModelInput::ids)) make_inputs(random, problem);
  make_single_steps(random, problem);
  problem.states = make_states(random, spec, problem.model);
  problem.expected = oracle::run(
      problem.model, oracle_inputs(problem, 0, spec.steps), lengths_of_run(problem, 0, spec.steps),
      oracle_states(problem.model, spec.batch, problem.states), {.errors = error_model(precision)});
  // Cases are marked as chaotic by what they are in float32. Weights that are rounded more may
  // bring a huge sum so close to zero that nothing can be said about a gate, and activations of
  // int8 may be rounded to either side.
  for (std::size_t k = 0; precision != Precision::float32 && k < problem.expected.outputs.size();
       ++k) {
    problem.spec.chaotic = problem.spec.chaotic || are_loose(problem.expected.y(k));
  }
  return problem;
}

oracle::Inputs oracle_inputs(const Problem& problem, std::int64_t first, std::int64_t count) {
  const std::int64_t batch = problem.spec.batch;
  oracle::Inputs inputs;
  for (const ModelInput& input : model_inputs(problem.model)) {
    if (input.one_step) {
      if (first > 0) continue;
      inputs[input.name] = oracle::exact(problem.single.at(input.name), 1, batch, input.size);
      continue;
    }
    inputs[input.name] =
        input.ids ? oracle::exact_ids(steps_of(problem.ids, batch, first, count), count, batch)
                  : oracle::exact(steps_of(problem.x, batch * input.size, first, count), count,
                                  batch, input.size);
  }
  return inputs;
}

bool has_own_lengths(const Problem& problem) { return !problem.model.lengths.empty(); }

std::vector<std::int64_t> lengths_of_run(const Problem& problem, std::int64_t first,
                                         std::int64_t count) {
  if (first == 0 && has_own_lengths(problem)) return {};
  return lengths_from(problem.lengths, first, count);
}

std::vector<oracle::LayerState> oracle_states(const Model& model, std::int64_t batch,
                                              const States& states) {
  std::vector<oracle::LayerState> list(model.layers.size());
  std::size_t next = 0;
  for (const StateOf& state : states_of(model)) {
    list[state.layer].push_back(oracle::exact(states.at(next++), 1, batch, state.spec.size));
  }
  return list;
}

std::vector<oracle::LayerState> oracle_state(const Model& model, std::int64_t batch,
                                             std::span<const float> h, std::span<const float> c) {
  std::vector<oracle::LayerState> list(model.layers.size());
  for (const StateOf& state : states_of(model)) {
    list[state.layer].push_back(
        state_from(has_name(state.spec, "h") ? h : c, batch, state.spec.size));
  }
  return list;
}

std::vector<float> stacked(const Model& model, const States& states, std::string_view name) {
  const std::vector<StateOf> specs = states_of(model);
  std::vector<float> all;
  for (std::size_t k = 0; k < specs.size(); ++k) {
    if (!has_name(specs[k].spec, name)) continue;
    all.insert(all.end(), states.at(k).begin(), states.at(k).end());
  }
  return all;
}

States get_states(Stream& stream) {
  States states;
  for (const NamedState& state : stream.states()) states.push_back(dense(state.values));
  return states;
}

void set_states(Stream& stream, const States& states) {
  std::size_t next = 0;
  for (const NamedState& state : stream.states()) assign(state.values, states.at(next++));
}

std::vector<float> dense(const SequenceView<float>& view) {
  std::vector<float> values;
  for (std::int64_t step = 0; step < view.steps; ++step) {
    for (std::int64_t row = 0; row < view.batch; ++row) {
      const float* first = view.row(step, row);
      values.insert(values.end(), first, first + view.features);
    }
  }
  return values;
}

void assign(const SequenceView<float>& view, std::span<const float> values) {
  auto next = values.begin();
  for (std::int64_t step = 0; step < view.steps; ++step) {
    for (std::int64_t row = 0; row < view.batch; ++row, next += view.features) {
      std::copy_n(next, view.features, view.row(step, row));
    }
  }
}

std::vector<std::int64_t> lengths_from(std::span<const std::int64_t> lengths, std::int64_t first,
                                       std::int64_t count) {
  std::vector<std::int64_t> rest(lengths.begin(), lengths.end());
  for (std::int64_t& length : rest) {
    length = std::clamp<std::int64_t>(length - first, 0, count);
  }
  return rest;
}

}  // namespace carousel::conformance
