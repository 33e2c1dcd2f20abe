// SPDX-License-Identifier: Apache-2.0
// Backends against each other, without the oracle: roundings must pass, faults must not.
#include <carousel/cross_check.hpp>

#include "sample.hpp"
#include "support/faulty_backend.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace carousel {
namespace {

using testing_support::Case;
using testing_support::Fault;
using testing_support::FaultyBackend;
using testing_support::Problem;
using testing_support::sample;

CheckInput input_of(const Problem& problem) {
  const auto [steps, batch] = std::pair(problem.spec.steps, problem.spec.batch);
  CheckInput input{.lengths = problem.lengths};
  if (problem.model.takes_ids()) {
    input.ids = steps_first(problem.ids.data(), steps, batch, std::int64_t{1});
  } else {
    input.x = steps_first(problem.x.data(), steps, batch, problem.model.input_size());
  }
  return input;
}

/// The same by name, for networks with any number of inputs.
std::vector<NamedInput> named_inputs(const Problem& problem) {
  const auto [steps, batch] = std::pair(problem.spec.steps, problem.spec.batch);
  std::vector<NamedInput> list;
  for (const ModelInput& input : model_inputs(problem.model)) {
    if (input.ids) {
      list.push_back(
          {.name = "ids", .ids = steps_first(problem.ids.data(), steps, batch, std::int64_t{1})});
    } else {
      list.push_back({.name = "x", .x = steps_first(problem.x.data(), steps, batch, input.size)});
    }
  }
  return list;
}

const Backend* scalar() { return select_backends("scalar").front(); }

CrossCheckReport check_fault(const Problem& problem, const FaultyBackend& faulty) {
  return cross_check(problem.model, input_of(problem), {.backends = {&faulty, scalar()}});
}

/// The report must fail the only pair, and say where.
Divergence divergence_of(const CrossCheckReport& report) {
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.ran(), 2U);
  EXPECT_FALSE(report.pairs.at(0).agreement.ok);
  EXPECT_TRUE(report.pairs.at(0).divergence.has_value());
  return report.pairs.at(0).divergence.value_or(Divergence{});
}

TEST(CrossCheck, EveryBackendAgreesWithEveryOther) {
  const Problem problem = sample({.input = 9,
                                  .hidden = 17,
                                  .layers = 2,
                                  .direction = Direction::bidirectional,
                                  .head = 4,
                                  .batch = 3,
                                  .steps = 20,
                                  .lengths = conformance::Lengths::random});
  const CrossCheckReport report = cross_check(problem.model, input_of(problem));
  EXPECT_TRUE(report.ok()) << describe(report);
  const std::size_t count = select_backends("auto").size();
  EXPECT_EQ(report.ran(), count);
  EXPECT_EQ(report.pairs.size(), count * (count - 1) / 2);
  for (const CheckedPair& pair : report.pairs) {
    // Outputs [20, 3, 4], and h and c of two layers and directions.
    EXPECT_EQ(pair.agreement.count, 20 * 3 * 4 + 4 * 2 * 3 * 17);
    EXPECT_EQ(pair.same_bits, pair.agreement.max_ulp == 0);
  }
}

TEST(CrossCheck, TakesIds) {
  const Problem problem = sample({.input = 8,
                                  .hidden = 12,
                                  .head = 5,
                                  .vocabulary = 20,
                                  .batch = 2,
                                  .steps = 7,
                                  .lengths = conformance::Lengths::random});
  EXPECT_TRUE(cross_check(problem.model, input_of(problem)).ok());
  const Divergence at = divergence_of(check_fault(problem, FaultyBackend(Fault::input_gate, 8)));
  EXPECT_EQ(at.layer, 1);  // behind the embedding
  EXPECT_EQ(at.unit, 3);
}

TEST(CrossCheck, FindsASmallFaultAndWhereItStarts) {
  const Problem problem = sample({.input = 5, .hidden = 7, .layers = 2, .batch = 2, .steps = 40});
  const FaultyBackend faulty(Fault::forget_gate, 7, 1e-3F);
  const CrossCheckReport report = check_fault(problem, faulty);
  const Divergence at = divergence_of(report);
  EXPECT_EQ(at.layer, 1);
  EXPECT_EQ(at.layer_name, "l1");
  EXPECT_EQ(at.step, 1);  // at step 0 the state is zero, and what it is multiplied with is the same
  EXPECT_EQ(at.row, 0);
  EXPECT_EQ(at.unit, 3);
  EXPECT_NE(at.quantity.find("forget"), std::string::npos) << at.quantity;
  EXPECT_GT(std::abs(at.found - at.expected), at.tolerance);
  EXPECT_NE(describe(report).find("faulty against scalar"), std::string::npos) << describe(report);
  EXPECT_NE(describe(report).find("layer 1 (l1), step 1, row 0, unit 3, forward"),
            std::string::npos);
}

TEST(CrossCheck, StartsAtTheEndOfEachSequenceInReverse) {
  Problem problem = sample({.input = 5,
                            .hidden = 7,
                            .direction = Direction::reverse,
                            .batch = 2,
                            .steps = 9,
                            .lengths = conformance::Lengths::random});
  problem.lengths = {4, 6};
  const Divergence at = divergence_of(check_fault(problem, FaultyBackend(Fault::recurrent, 5)));
  EXPECT_EQ(at.direction, Direction::reverse);
  EXPECT_EQ(at.unit, 3);
  EXPECT_LT(at.step, 5);  // the last step whose state is not zero is the last but one
}

TEST(CrossCheck, StartsFromLearnedStates) {
  Problem problem = sample({.input = 5, .hidden = 7, .batch = 2, .steps = 3});
  Weights& weights = problem.model.layers[0].weights;
  weights["initial_h"] = Tensor({7}, std::vector<float>(7, 0.5F));
  weights["initial_c"] = Tensor({7}, std::vector<float>(7, -0.5F));
  EXPECT_TRUE(cross_check(problem.model, input_of(problem)).ok());
  const Divergence at = divergence_of(check_fault(problem, FaultyBackend(Fault::forget_gate, 5)));
  EXPECT_EQ(at.step, 0);
}

TEST(CrossCheck, FindsTheHeadAndWhatIsCarried) {
  const Problem problem = sample({.input = 5, .hidden = 7, .head = 6, .batch = 2, .steps = 8});
  const Divergence head = divergence_of(check_fault(problem, FaultyBackend(Fault::head, 7)));
  EXPECT_EQ(head.layer, 1);
  EXPECT_EQ(head.layer_name, "head");
  EXPECT_EQ(head.quantity, "y: W x + b");
  EXPECT_EQ(head.unit, 3);
  const Divergence carried = divergence_of(check_fault(problem, FaultyBackend(Fault::carried, 5)));
  EXPECT_EQ(carried.step, 2);
  EXPECT_NE(carried.quantity.find("carried"), std::string::npos) << carried.quantity;
}

/// Two outputs, and a layer that reads an input of the model and another layer.
TEST(CrossCheck, FollowsTheWiring) {
  Case spec{.input = 5, .hidden = 7, .batch = 2, .steps = 6};
  spec.topology = conformance::Topology::skip;
  spec.activation = Activation{ActivationKind::tanh};
  const Problem problem = sample(spec);
  const CrossCheckReport report = cross_check(problem.model, input_of(problem));
  EXPECT_TRUE(report.ok()) << describe(report);
  // Outputs of 7 and 11 features; h and c of two layers.
  EXPECT_EQ(report.pairs.at(0).agreement.count, 6 * 2 * (7 + 11) + 2 * 2 * 2 * 7);
  const Divergence dense = divergence_of(check_fault(problem, FaultyBackend(Fault::head, 7 + 5)));
  EXPECT_EQ(dense.layer, 2);
  EXPECT_EQ(dense.layer_name, "inner");
  EXPECT_EQ(dense.step, 0);
  EXPECT_EQ(dense.unit, 3);
  const Divergence top = divergence_of(check_fault(problem, FaultyBackend(Fault::output_gate, 11)));
  EXPECT_EQ(top.layer_name, "l0");
  EXPECT_NE(top.quantity.find("with c right"), std::string::npos) << top.quantity;
}

TEST(CrossCheck, TakesInputsByName) {
  Case spec{.input = 5, .hidden = 7, .vocabulary = 20, .batch = 2, .steps = 6};
  spec.topology = conformance::Topology::two_inputs;
  const Problem problem = sample(spec);
  std::vector<NamedInput> inputs = named_inputs(problem);
  std::ranges::reverse(inputs);
  const FaultyBackend faulty(Fault::forget_gate, 7 + 11);
  const CrossCheckReport report =
      cross_check(problem.model, {.inputs = inputs}, {.backends = {&faulty, scalar()}});
  const Divergence at = divergence_of(report);
  EXPECT_EQ(at.layer, 3);
  EXPECT_NE(at.quantity.find("forget"), std::string::npos) << at.quantity;
}

TEST(CrossCheck, ARefusalIsReportedAndAFailureIsNoPass) {
  const Problem problem = sample({.input = 5, .hidden = 7, .batch = 2, .steps = 3});
  const CrossCheckReport refused = check_fault(problem, FaultyBackend(Fault::refuses, 5));
  EXPECT_TRUE(refused.ok());
  EXPECT_EQ(refused.ran(), 1U);
  EXPECT_TRUE(refused.pairs.empty());
  EXPECT_EQ(describe(refused), "faulty cannot run it: LSTM 5 -> 7: not today\n");
  const CrossCheckReport failed = check_fault(problem, FaultyBackend(Fault::fails, 5));
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(failed.backends.at(0).failure, "out of order");
  EXPECT_NE(describe(failed).find("faulty failed: out of order"), std::string::npos);
}

TEST(CrossCheck, TheCallerMayKnowBetterWhatIsClose) {
  const Problem problem = sample({.input = 5, .hidden = 7, .batch = 2, .steps = 3});
  const FaultyBackend faulty(Fault::input_gate, 5, 1e-3F);
  CrossCheckOptions options{.backends = {&faulty, scalar()}, .tolerance = 0.01};
  EXPECT_TRUE(cross_check(problem.model, input_of(problem), options).ok());
  options.tolerance = 1e-6;
  EXPECT_FALSE(cross_check(problem.model, input_of(problem), options).ok());
}

TEST(CrossCheck, TellsHowFarItIs) {
  const Problem problem = sample({.input = 5, .hidden = 7, .batch = 2, .steps = 3});
  std::vector<double> shares;
  (void)cross_check(problem.model, input_of(problem),
                    {.progress = [&](double share) { shares.push_back(share); }});
  EXPECT_EQ(shares.size(), select_backends("auto").size());
  EXPECT_TRUE(std::ranges::is_sorted(shares));
}

/// Both the message and the type: it is the caller's fault and no backend's.
void expect_refused(const Problem& problem, const CheckInput& input, const std::string& text) {
  try {
    (void)cross_check(problem.model, input);
    FAIL() << "accepted: " << text;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
  }
}

TEST(CrossCheck, RefusesInputsWhoseNamesDoNotFit) {
  Case spec{.input = 5, .vocabulary = 20, .batch = 2, .steps = 6};
  spec.topology = conformance::Topology::two_inputs;
  const Problem problem = sample(spec);
  const std::vector<NamedInput> good = named_inputs(problem);
  expect_refused(problem, {.x = good.front().x}, "the model has 2 inputs");
  expect_refused(problem, {.x = good.front().x, .inputs = good}, "not both");
  expect_refused(problem, {.inputs = std::span(good).first(1)}, "input 'ids' is missing");
  std::vector<NamedInput> bad{good.front(), good.front()};
  expect_refused(problem, {.inputs = bad}, "input 'x' is given twice");
  bad = good;
  bad[1].name = "words";
  expect_refused(problem, {.inputs = bad}, "input 'ids' is missing");
  bad = {{.name = "x", .ids = good[1].ids}, good[1]};
  expect_refused(problem, {.inputs = bad}, "input 'x': it needs x");
  bad = good;
  bad[1].ids.steps = 5;
  expect_refused(problem, {.inputs = bad}, "has 5 steps and");
}

TEST(CrossCheck, RefusesInputsThatDoNotFit) {
  const Problem problem = sample({.input = 5, .hidden = 7, .batch = 2, .steps = 3});
  const CheckInput good = input_of(problem);
  expect_refused(problem, {}, "it needs x");
  CheckInput bad = good;
  bad.x.features = 4;
  expect_refused(problem, bad, "input 'x' has 4 features, but the model takes 5");
  bad = good;
  bad.x.steps = 0;
  expect_refused(problem, bad, "steps is 0, but must be in 1..4294967296");
  bad.x.steps = INT64_MAX;
  expect_refused(problem, bad, "steps is 9223372036854775807");
  bad = good;
  bad.x.batch = INT64_MAX;
  expect_refused(problem, bad, "batch is 9223372036854775807");
  bad = good;
  bad.x.step_stride = INT64_MAX;
  expect_refused(problem, bad, "input 'x' has greater strides than memory can have");
  for (const int threads : {0, -1, INT32_MAX}) {
    EXPECT_THROW((void)cross_check(problem.model, good, {.threads = threads}), Error);
  }
  const std::vector<std::int64_t> lengths{1, 4};
  bad = good;
  bad.lengths = lengths;
  expect_refused(problem, bad, "lengths[1] is 4, but must be in 0..3");
  bad.lengths = std::span(lengths).first(1);
  expect_refused(problem, bad, "1 lengths for 2 batch rows");
  const std::vector<std::int32_t> ids(6);
  bad = good;
  bad.ids = steps_first(ids.data(), 3, 2, std::int64_t{1});
  expect_refused(problem, bad, "not both");
  EXPECT_THROW((void)cross_check(problem.model, good, {.choice = "gpu"}), Error);

  const Problem words = sample({.vocabulary = 4, .batch = 2, .steps = 3});
  expect_refused(words, good, "it needs ids");
  const std::vector<std::int32_t> outside{0, 1, 2, 3, 4, 0};
  expect_refused(words, {.ids = steps_first(outside.data(), 3, 2, std::int64_t{1})},
                 "the id at step 2 of row 0 is 4, but must be in 0..3");
}

/// Whatever the conformance suite runs, with all its extremes: rounding alone is no disagreement.
TEST(CrossCheck, RoundingsAloneNeverFail) {
  constexpr std::size_t kEvery = 16;  // of more than a thousand
  const auto& cases = conformance::cases();
  int checked = 0;
  for (std::size_t k = 0; k < cases.size(); k += kEvery) {
    const bool finite = cases[k].inputs != conformance::Inputs::nan_in_a_row &&
                        cases[k].inputs != conformance::Inputs::inf_in_a_row;
    // oneDNN's relu makes 0 of NaN: a disagreement indeed.
    if (cases[k].steps == 0 || cases[k].batch == 0 || !finite) continue;
    const Problem problem = conformance::make_problem(cases[k]);
    const std::vector<NamedInput> inputs = named_inputs(problem);
    const CrossCheckReport report =
        cross_check(problem.model, {.lengths = problem.lengths, .inputs = inputs});
    if (report.proves_nothing()) continue;
    ++checked;
    EXPECT_TRUE(report.ok()) << cases[k].name() << '\n' << describe(report);
  }
  EXPECT_GT(checked, 150);
}

}  // namespace
}  // namespace carousel
