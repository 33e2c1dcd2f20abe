// SPDX-License-Identifier: Apache-2.0
// NaN and infinities, in each input, state and weight, become on every backend what the equations
// make of them.
#include "core/verify/conformance/problem.hpp"
#include "core/verify/oracle/oracle.hpp"
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <carousel/compare.hpp>

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <limits>
#include <set>

namespace carousel::testing_support {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::array kNotFinite{kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN()};

/// Every cell with the functions that it usually has, and with some that have no bound.
std::vector<Case> cells() {
  const Activation sigmoid{ActivationKind::sigmoid};
  const Activation relu{ActivationKind::relu};
  const Activation elu{ActivationKind::elu, 1.0F};
  std::vector<Case> list{
      {.cell = Cell::lstm},
      {.proj = 3, .cell = Cell::lstm},
      {.cell = Cell::lstm, .peephole = true},
      {.cell = Cell::lstm, .coupling = GateCoupling::forget_from_input},
      {.cell = Cell::lstm, .functions = {sigmoid, relu, elu}},
      {.cell = Cell::lstm, .clip = 2.0F, .cell_clip = 2.0F, .functions = {sigmoid, relu, relu}},
      {.cell = Cell::lstm, .layer_norm = true},
      {.cell = Cell::rnn},
      {.cell = Cell::rnn, .functions = {relu}},
      {.cell = Cell::slstm},
  };
  for (const bool linear_before_reset : {true, false}) {
    list.push_back({.cell = Cell::gru, .linear_before_reset = linear_before_reset});
    for (const Activation& candidate : {relu, elu}) {
      list.push_back({.cell = Cell::gru,
                      .linear_before_reset = linear_before_reset,
                      .functions = {sigmoid, candidate}});
    }
  }
  for (Case& one : list) {
    one.input = 3;
    one.hidden = 5;
    one.batch = 2;
    // Where i and f of a usual LSTM are shut by -Inf, c becomes next to 0 instead of 0, which an
    // infinite weight of the projection tells apart in the step after.
    one.steps = one.proj > 0 ? 1 : 3;
    one.initial_state = true;
  }
  return list;
}

class NotFinite : public testing::TestWithParam<std::string> {
 protected:
  /// Whether these numbers have to be those of the oracle: oneDNN's relu makes 0 of NaN.
  [[nodiscard]] static bool is_judged(const Case& spec) {
    const bool relu = !spec.functions.empty() && spec.functions[0].kind == ActivationKind::relu;
    return runs(GetParam(), spec) && !(relu && GetParam().starts_with("onednn"));
  }

  /// Runs the network and compares all outputs and states with the oracle's.
  static void check(const Problem& problem, const std::string& what) {
    const Case& spec = problem.spec;
    const oracle::Result expected =
        oracle::run(problem.model, conformance::oracle_inputs(problem, 0, spec.steps), {},
                    conformance::oracle_states(problem.model, spec.batch, problem.states));
    const Network network = prepare(problem.model, {.backend = GetParam()});
    Stream stream = network.stream({.batch = spec.batch, .max_steps = spec.steps});
    conformance::set_states(stream, problem.states);
    const Answer answer = run_dense(stream, problem.x, spec.steps, spec.batch, network);
    agrees(answer.y, expected.y(), spec, what + ", y");
    for (std::size_t k = 0; k < answer.states.size(); ++k) {
      agrees(answer.states[k], expected.layers[0].state[k], spec,
             what + ", state " + std::to_string(k));
    }
  }

 private:
  static void agrees(const std::vector<float>& actual, const oracle::Quantity& expected,
                     const Case& spec, const std::string& what) {
    const Agreement agreement = compare(actual, expected.value, expected.tolerance);
    if (agreement.ok) return;
    const auto at = static_cast<std::size_t>(agreement.first_index);
    ADD_FAILURE() << spec.name() << ": " << what << ": element " << at << " is " << actual[at]
                  << ", not " << expected.value[at] << " ± " << expected.tolerance[at];
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, NotFinite, testing::ValuesIn(runnable_ids()), id_as_test_name);

TEST_P(NotFinite, Inputs) {
  for (const Case& spec : cells()) {
    if (!is_judged(spec)) continue;
    const Problem usual = sample(spec);
    for (std::size_t k = 0; k < static_cast<std::size_t>(spec.input); ++k) {
      for (const float value : kNotFinite) {
        Problem problem = usual;
        problem.x[k] = value;
        check(problem, std::to_string(value) + " in input " + std::to_string(k));
      }
    }
  }
}

TEST_P(NotFinite, States) {
  for (const Case& spec : cells()) {
    if (!is_judged(spec)) continue;
    const Problem usual = sample(spec);
    for (std::size_t state = 0; state < usual.states.size(); ++state) {
      for (const std::size_t unit : {std::size_t{0}, std::size_t{2}}) {
        for (const float value : kNotFinite) {
          Problem problem = usual;
          problem.states[state][unit] = value;
          check(problem, std::to_string(value) + " in state " + std::to_string(state));
        }
      }
    }
  }
}

/// Some elements of each weight: in each of four parts, as there are at most four gates, the first
/// and the last one.
std::set<std::size_t> some_elements(std::size_t count) {
  std::set<std::size_t> elements;
  for (std::size_t part = 0; part < 4; ++part) {
    elements.insert(count * part / 4);
    elements.insert(count * (part + 1) / 4 - 1);
  }
  return elements;
}

TEST_P(NotFinite, Weights) {
  for (const Case& spec : cells()) {
    if (!is_judged(spec)) continue;
    const Problem usual = sample(spec);
    for (const auto& [role, weight] : usual.model.layers[0].weights) {
      for (const std::size_t k : some_elements(weight.floats().size())) {
        for (const float value : kNotFinite) {
          Problem problem = usual;
          problem.model.layers[0].weights[role].floats()[k] = value;
          check(problem, std::to_string(value) + " in " + role + "[" + std::to_string(k) + "]");
        }
      }
    }
  }
}

}  // namespace
}  // namespace carousel::testing_support
