// SPDX-License-Identifier: Apache-2.0
#include "oracle_reference.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace carousel::cli {
namespace {

/// Inherited errors at their worst: strict, and tight enough for one step from an exact state.
/// Single steps are judged by the strict bound.
oracle::Options options_of(const LayerProblem& problem) {
  return {
      .errors = {.independent = problem.steps != 1, .int8 = problem.precision == Precision::int8}};
}

oracle::Quantity exact(const NamedInput& input, std::span<const std::int64_t> lengths) {
  if (input.ids.data == nullptr) {
    return oracle::exact(dense(input.x), input.x.steps, input.x.batch, input.x.features);
  }
  std::vector<std::int32_t> ids = dense(input.ids);
  for (std::size_t k = 0; k < ids.size() && !lengths.empty(); ++k) {
    const auto [t, b] = std::div(static_cast<std::int64_t>(k), input.ids.batch);
    if (t >= lengths[static_cast<std::size_t>(b)]) ids[k] = 0;  // padding may be anything
  }
  return oracle::exact_ids(ids, input.ids.steps, input.ids.batch);
}

/// By the names of the model's inputs.
oracle::Inputs exact_inputs(const Model& model, const CheckInput& input) {
  oracle::Inputs inputs;
  if (input.inputs.empty()) {
    const std::string name = model_inputs(model).front().name;
    inputs.emplace(name, exact({name, input.x, input.ids}, input.lengths));
  }
  for (const NamedInput& one : input.inputs) {
    inputs.emplace(std::string(one.name), exact(one, input.lengths));
  }
  return inputs;
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
  const std::vector<StateSpec> specs = states(problem.layer.spec);
  oracle::LayerState exact;
  for (std::size_t k = 0; k < specs.size(); ++k) {
    exact.push_back(oracle::exact(problem.state.at(k), 1, problem.batch, specs[k].size));
  }
  return exact;
}

/// Empty where the input has none.
std::vector<oracle::LayerState> exact_states(const Model& model, const CheckInput& input) {
  std::vector<oracle::LayerState> all;
  auto next = input.states.begin();
  for (std::size_t l = 0; l < model.layers.size() && !input.states.empty(); ++l) {
    oracle::LayerState& layer = all.emplace_back();
    for (const StateSpec& state : states(model.layers[l].spec)) {
      layer.push_back(oracle::exact(*next++, 1, input.batch(), state.size));
    }
  }
  return all;
}

std::vector<oracle::Quantity> exact_inputs(const LayerProblem& problem) {
  const LayerSpec& spec = problem.layer.spec;
  if (takes_ids(spec)) return {oracle::exact_ids(problem.ids, problem.steps, problem.batch)};
  std::vector<oracle::Quantity> inputs;
  for (std::size_t k = 0; k < problem.inputs.size(); ++k) {
    inputs.push_back(
        oracle::exact(problem.inputs[k], problem.steps, problem.batch, input_size(spec, k)));
  }
  return inputs;
}

}  // namespace

Expected OracleReference::network(const Model& model, const CheckInput& input) const {
  // int8 layers are judged step by step (see `cross_check`), as strictly as a single layer is.
  const bool strict = input.steps() == 1 && std::ranges::count(precisions_, Precision::int8) > 0;
  const oracle::Result result =
      oracle::run(model, exact_inputs(model, input), input.lengths, exact_states(model, input),
                  {.errors = {.independent = !strict}, .precisions = precisions_});
  Expected expected;
  for (std::size_t k = 0; k < result.outputs.size(); ++k) add(result.y(k), expected);
  for (const oracle::LayerResult& layer : result.layers) {
    for (const oracle::Quantity& state : layer.state) add(state, expected);
  }
  return expected;
}

LayerExpected OracleReference::layer(const LayerProblem& problem) const {
  const std::vector<oracle::Quantity> inputs = exact_inputs(problem);
  std::vector<const oracle::Quantity*> pointers;
  for (const oracle::Quantity& input : inputs) pointers.push_back(&input);
  const oracle::LayerResult result = oracle::run_layer(problem.layer, pointers, problem.lengths,
                                                       exact_state(problem), options_of(problem));
  LayerExpected expected{.y = expected_of(result.y), .states = {}};
  for (const oracle::Quantity& state : result.state) expected.states.push_back(expected_of(state));
  return expected;
}

oracle::Inputs oracle_inputs(const Workload& work) {
  oracle::Inputs inputs;
  for (const NamedInput& input : work.views(0, work.steps)) {
    inputs.emplace(std::string(input.name), exact(input, {}));
  }
  return inputs;
}

}  // namespace carousel::cli
