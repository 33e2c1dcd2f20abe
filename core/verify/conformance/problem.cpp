// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/problem.hpp"

#include "core/verify/conformance/random.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

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

std::vector<float> weights(Random& random, Weights kind, double scale, std::int64_t count) {
  std::vector<float> values = random.floats(count, scale);
  if (kind == Weights::positive) {
    for (float& value : values) value = std::fabs(value);
  }
  return values;
}

DirectionWeights make_weights(Random& random, Weights kind, const LayerSpec& spec) {
  const double scale = weight_scale(kind, spec.hidden_size);
  const std::int64_t rows = spec.gates() * spec.hidden_size;
  DirectionWeights w;
  w.weight_ih = weights(random, kind, scale, rows * spec.input_size);
  if (spec.recurrent()) w.weight_hh = weights(random, kind, scale, rows * spec.state_size());
  if (spec.bias) w.bias_ih = weights(random, kind, scale, rows);
  if (spec.bias && spec.recurrent()) w.bias_hh = weights(random, kind, scale, rows);
  w.weight_hr = weights(random, kind, scale, spec.proj_size * spec.hidden_size);
  if (spec.peephole) w.peephole = weights(random, kind, scale, 3 * spec.hidden_size);
  return w;
}

ModelLayer make_layer(Random& random, Weights kind, const LayerSpec& spec) {
  ModelLayer layer{spec, {}};
  for (std::int64_t d = 0; d < spec.directions(); ++d) {
    layer.directions.at(static_cast<std::size_t>(d)) = make_weights(random, kind, spec);
  }
  return layer;
}

Model make_model(Random& random, const Case& c) {
  Model model;
  if (c.vocabulary > 0) {
    model.embedding = {c.vocabulary, c.input, random.floats(c.vocabulary * c.input, 1.0)};
  }
  for (const LayerSpec& spec : layer_specs(c)) {
    ModelLayer layer = make_layer(random, c.weights, spec);
    if (spec.recurrent()) {
      model.layers.push_back(std::move(layer));
    } else {
      model.head = std::move(layer);
    }
  }
  return model;
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
  if (c.inputs == Inputs::nan_in_a_row || c.inputs == Inputs::inf_in_a_row) {
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
      problem.ids.push_back(is_real(problem, step, row) ? id : -1);
    }
  }
}

/// The oracle reads no padding, but takes only valid ids.
oracle::Quantity oracle_input(const Problem& problem) {
  const Case& c = problem.spec;
  if (c.vocabulary == 0) return oracle::exact(problem.x, c.steps, c.batch, c.input);
  std::vector<std::int32_t> ids = problem.ids;
  std::ranges::replace(ids, -1, 0);
  return oracle::embed(problem.model, ids, c.steps, c.batch);
}

oracle::Quantity part(std::span<const float> values, std::size_t index, std::int64_t batch,
                      std::int64_t features) {
  const auto count = static_cast<std::size_t>(batch * features);
  return oracle::exact(values.subspan(index * count, count), 1, batch, features);
}

}  // namespace

Problem make_problem(const Case& spec) {
  Random random(seed_of(spec.name()));
  Problem problem;
  problem.spec = spec;
  problem.model = make_model(random, spec);
  problem.lengths = make_lengths(random, spec);
  if (spec.vocabulary > 0) {
    make_ids(random, problem);
  } else {
    make_inputs(random, problem);
  }
  const LayerSpec& top = problem.model.layers.back().spec;
  const std::int64_t slots = spec.layers * top.directions() * spec.batch;
  const double scale = spec.initial_state ? 0.8 : 0.0;
  problem.h0 = random.floats(slots * top.state_size(), scale);
  if (top.has_cell_state()) problem.c0 = random.floats(slots * top.hidden_size, 2.0 * scale);
  problem.expected = oracle::run(problem.model, oracle_input(problem), problem.lengths,
                                 oracle_state(problem.model, spec.batch, problem.h0, problem.c0));
  return problem;
}

std::vector<oracle::LayerState> oracle_state(const Model& model, std::int64_t batch,
                                             std::span<const float> h, std::span<const float> c) {
  std::vector<oracle::LayerState> states;
  std::size_t index = 0;
  for (const ModelLayer& layer : model.layers) {
    oracle::LayerState& state = states.emplace_back();
    for (std::int64_t d = 0; d < layer.spec.directions(); ++d, ++index) {
      oracle::State& one = state.at(static_cast<std::size_t>(d));
      one.h = part(h, index, batch, layer.spec.state_size());
      if (layer.spec.has_cell_state()) one.c = part(c, index, batch, layer.spec.hidden_size);
    }
  }
  return states;
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
