// SPDX-License-Identifier: Apache-2.0
#include "oracle_reference.hpp"

#include <algorithm>
#include <utility>

namespace carousel::cli {
namespace {

/// Inherited errors at their worst: strict, and tight enough for one step from an exact state.
constexpr oracle::Options kOneStep{.errors = {.independent = false}, .trace = false};

template <class T>
std::vector<T> dense(const SequenceView<const T>& view) {
  std::vector<T> values;
  for (std::int64_t t = 0; t < view.steps; ++t) {
    for (std::int64_t b = 0; b < view.batch; ++b) {
      values.insert(values.end(), view.row(t, b), view.row(t, b) + view.features);
    }
  }
  return values;
}

oracle::Quantity exact_input(const Model& model, const CheckInput& input) {
  const auto [steps, batch] = std::pair(input.steps(), input.batch());
  if (!model.embedding) return oracle::exact(dense(input.x), steps, batch, model.input_size());
  std::vector<std::int32_t> ids = dense(input.ids);
  for (std::size_t k = 0; k < ids.size() && !input.lengths.empty(); ++k) {
    const auto [t, b] = std::div(static_cast<std::int64_t>(k), batch);
    if (t >= input.lengths[static_cast<std::size_t>(b)]) ids[k] = 0;  // padding may be anything
  }
  return oracle::embed(model, ids, steps, batch);
}

void add(const oracle::Quantity& quantity, Expected& expected) {
  expected.value.insert(expected.value.end(), quantity.value.begin(), quantity.value.end());
  expected.tolerance.insert(expected.tolerance.end(), quantity.tolerance.begin(),
                            quantity.tolerance.end());
}

Expected expected_of(const oracle::Quantity& quantity) {
  return {quantity.value, quantity.tolerance};
}

oracle::LayerState exact_state(const LayerProblem& problem) {
  const LayerSpec& spec = problem.layer.spec;
  oracle::LayerState exact;
  for (std::size_t d = 0; spec.recurrent() && std::cmp_less(d, spec.directions()); ++d) {
    const auto& [h, c] = problem.state;
    exact.at(d).h = oracle::exact(h.at(d), 1, problem.batch, spec.state_size());
    if (spec.has_cell_state()) {
      exact.at(d).c = oracle::exact(c.at(d), 1, problem.batch, spec.hidden_size);
    }
  }
  return exact;
}

}  // namespace

Expected OracleReference::network(const Model& model, const CheckInput& input) const {
  const oracle::Result result = oracle::run(model, exact_input(model, input), input.lengths);
  Expected expected;
  add(result.y, expected);
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const LayerSpec& spec = model.layers[l].spec;
    for (std::size_t d = 0; std::cmp_less(d, spec.directions()); ++d) {
      add(result.layers[l].state.at(d).h, expected);
      if (spec.has_cell_state()) add(result.layers[l].state.at(d).c, expected);
    }
  }
  return expected;
}

LayerExpected OracleReference::layer(const LayerProblem& problem) const {
  const oracle::LayerResult result = oracle::run_layer(
      problem.layer,
      oracle::exact(problem.x, problem.steps, problem.batch, problem.layer.spec.input_size),
      problem.lengths, exact_state(problem), problem.steps == 1 ? kOneStep : oracle::Options{});
  LayerExpected expected{.y = expected_of(result.y), .h = {}, .c = {}};
  for (std::size_t d = 0; d < 2; ++d) {
    expected.h.at(d) = expected_of(result.state.at(d).h);
    expected.c.at(d) = expected_of(result.state.at(d).c);
  }
  return expected;
}

CheckInput check_input(const Workload& work) {
  if (work.model.embedding) {
    return {.ids = steps_first(work.ids.data(), work.steps, work.batch, std::int64_t{1})};
  }
  return {.x = steps_first(work.x.data(), work.steps, work.batch, work.model.input_size())};
}

oracle::Quantity oracle_input(const Workload& work) {
  return exact_input(work.model, check_input(work));
}

}  // namespace carousel::cli
