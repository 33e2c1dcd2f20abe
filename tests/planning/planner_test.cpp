// SPDX-License-Identifier: Apache-2.0
#include "core/planning/planner.hpp"
#include "bench.hpp"
#include "machine.hpp"

#include <carousel/network.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace carousel::planning {
namespace {

using planning_test::Bench;
using planning_test::candidate;
using planning_test::FakeBackend;
using planning_test::make_layer;
using planning_test::per_step;

TEST(Planner, MeasureTakesTheFastest) {
  Bench bench;
  const LayerPlan plan = bench.choose(Plan::measure);
  EXPECT_EQ(plan.backend, "second");
  EXPECT_EQ(plan.source, PlanSource::measured);
  ASSERT_EQ(plan.candidates.size(), 3U);
  EXPECT_EQ(plan.candidates.front().backend, "second");
  EXPECT_NEAR(plan.candidates.front().measured_seconds, 1e-3, 1e-6);
  EXPECT_EQ(candidate(plan, "first").verdict, "takes 2.00 times as long");
  EXPECT_EQ(candidate(plan, "third").verdict, "no faster than the chosen one by 3 %");
  EXPECT_TRUE(bench.reports.empty());
}

TEST(Planner, NearTiesGoToThePriorityOrder) {
  Bench bench;
  bench.first.cost = per_step(10.2e-6);
  EXPECT_EQ(bench.choose(Plan::measure).backend, "first");
  bench.options.again = true;
  bench.first.cost = per_step(10.4e-6);
  const LayerPlan plan = bench.choose(Plan::measure);
  EXPECT_EQ(plan.backend, "second");
  EXPECT_EQ(plan.reason, "the fastest");
}

TEST(Planner, FixedDependsOnNothing) {
  Bench bench;
  (void)bench.choose(Plan::measure);
  const int prepared = bench.prepared();
  const double time = bench.time;
  const LayerPlan plan = bench.choose(Plan::fixed, 2);
  EXPECT_EQ(plan.backend, "first");
  EXPECT_EQ(plan.threads, 2);
  EXPECT_EQ(plan.source, PlanSource::fixed);
  EXPECT_EQ(bench.prepared(), prepared);
  EXPECT_EQ(bench.time, time);
}

TEST(Planner, WisdomSparesTheMeasuring) {
  Bench bench;
  EXPECT_EQ(bench.choose(Plan::estimate).source, PlanSource::fixed) << "the model knows none";
  (void)bench.choose(Plan::measure);
  const int prepared = bench.prepared();
  for (const Plan plan : {Plan::estimate, Plan::wisdom_only, Plan::measure}) {
    const LayerPlan again = bench.choose(plan);
    EXPECT_EQ(again.backend, "second") << name(plan);
    EXPECT_EQ(again.source, PlanSource::wisdom) << name(plan);
    EXPECT_NEAR(again.candidates.front().measured_seconds, 1e-3, 1e-6);
  }
  EXPECT_EQ(bench.prepared(), prepared);
  bench.options.again = true;
  EXPECT_EQ(bench.choose(Plan::measure).source, PlanSource::measured);
  EXPECT_GT(bench.prepared(), prepared);
}

TEST(Planner, EqualLayersAreMeasuredOnce) {
  Bench bench;
  bench.options.wisdom = "/dev/null";
  bench.options.again = true;
  Planner planner = bench.planner(Plan::measure);
  const Problem problem{.layer = bench.layer, .steps = 100};
  (void)planner.choose(problem, {.layer = 0, .layer_count = 2});
  EXPECT_EQ(bench.prepared(), 3);
  const LayerPlan second = planner.choose(problem, {.layer = 1, .layer_count = 2});
  EXPECT_EQ(bench.prepared(), 3);
  EXPECT_EQ(second.backend, "second");
  const ModelLayer other = make_layer(4, 8);
  (void)planner.choose({.layer = other, .steps = 100}, {});
  EXPECT_EQ(bench.prepared(), 6);
}

TEST(Planner, ProgressGoesOverAllLayers) {
  Bench bench;
  std::vector<PlanProgress> told;
  bench.options.progress = [&](const PlanProgress& now) { told.push_back(now); };
  Planner planner = bench.planner(Plan::measure);
  (void)planner.choose({.layer = bench.layer, .steps = 100}, {.layer = 1, .layer_count = 2});
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back().layer, 1U);
  EXPECT_EQ(told.back().layer_count, 2U);
  EXPECT_GE(told.front().done, 0.5);
  EXPECT_EQ(told.back().done, 1);
}

TEST(Planner, WisdomOnlySaysWhatIsMissing) {
  Bench bench;
  try {
    (void)bench.choose(Plan::wisdom_only);
    FAIL() << "no error";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("LSTM 3 -> 8, batch 1, 100 steps, 1 thread"), std::string::npos) << text;
    EXPECT_NE(text.find(bench.options.wisdom.string()), std::string::npos) << text;
  }
}

TEST(Planner, BatchesAndStepsOfABucketShareWisdom) {
  Bench bench;
  (void)bench.choose(Plan::measure);  // 100 steps
  Planner planner = bench.planner(Plan::wisdom_only);
  const LayerPlan near = planner.choose({.layer = bench.layer, .steps = 140}, {});
  EXPECT_NEAR(near.candidates.front().measured_seconds, 1.4e-3, 1e-6);
  EXPECT_THROW((void)planner.choose({.layer = bench.layer, .steps = 200}, {}), Error);
  EXPECT_THROW((void)planner.choose({.layer = bench.layer, .batch = 2, .steps = 100}, {}), Error);
}

TEST(Planner, AnotherVersionIsPlannedAgain) {
  Bench bench;
  (void)bench.choose(Plan::measure);
  bench.third.version_text = "2";
  const LayerPlan guess = bench.choose(Plan::estimate);
  EXPECT_NE(guess.source, PlanSource::wisdom);
  EXPECT_NE(guess.reason.find("third in version '1', this is '2'"), std::string::npos)
      << guess.reason;
  EXPECT_EQ(bench.choose(Plan::measure).source, PlanSource::measured);
  EXPECT_EQ(bench.choose(Plan::wisdom_only).backend, "second");
}

/// What was measured of the others still holds, and where nothing may be measured it decides.
TEST(Planner, AnotherVersionOfOneBackendLeavesTheOthersTheirTimes) {
  Bench bench;
  (void)bench.choose(Plan::measure);
  bench.first.version_text = "2";
  const LayerPlan plan = bench.choose(Plan::wisdom_only);
  EXPECT_EQ(plan.source, PlanSource::wisdom);
  EXPECT_EQ(plan.backend, "second");
  EXPECT_GT(candidate(plan, "third").measured_seconds, 0);
  EXPECT_EQ(candidate(plan, "first").measured_seconds, 0);
  EXPECT_NE(candidate(plan, "first").verdict.find("first in version '1', this is '2'"),
            std::string::npos)
      << candidate(plan, "first").verdict;
  bench.second.version_text = "2";
  bench.third.version_text = "2";
  EXPECT_THROW((void)bench.choose(Plan::wisdom_only), Error) << "nothing is known of any";
}

TEST(Planner, ANewBackendIsPlannedAgain) {
  Bench bench;
  bench.third.refusal = "not today";
  (void)bench.choose(Plan::measure);
  EXPECT_EQ(bench.choose(Plan::wisdom_only).backend, "second");
  bench.third.refusal.clear();
  const LayerPlan guess = bench.choose(Plan::estimate);
  EXPECT_NE(guess.source, PlanSource::wisdom) << "nothing can be predicted of it";
  EXPECT_NE(guess.reason.find("it does not have third"), std::string::npos) << guess.reason;
  EXPECT_EQ(bench.choose(Plan::measure).source, PlanSource::measured);
}

/// "this one, else that": a layer goes to the first alternative that has somebody for it.
TEST(Planner, LaterAlternativesRunWhatEarlierOnesRefuse) {
  Bench bench;
  planning::World world = bench.world();
  world.alternatives = {1, 2};
  for (const Plan plan : {Plan::fixed, Plan::measure}) {
    Planner planner(world, plan, bench.options);
    const LayerPlan chosen = planner.choose({.layer = bench.layer, .steps = 100}, {});
    EXPECT_EQ(chosen.backend, "first") << name(plan);
    EXPECT_EQ(candidate(chosen, "second").verdict, "is for layers that first does not run");
  }
  bench.first.refusal = "no such cells";
  bench.options.wisdom = "/dev/null";
  Planner planner(world, Plan::measure, bench.options);
  const LayerPlan chosen = planner.choose({.layer = bench.layer, .steps = 100}, {});
  EXPECT_EQ(chosen.backend, "second");
  EXPECT_EQ(candidate(chosen, "first").verdict, "no such cells");
}

TEST(Planner, ForeignWisdomIsReportedAndIgnored) {
  Bench bench;
  (void)bench.choose(Plan::measure);
  World elsewhere = bench.world();
  elsewhere.machine = "another machine";
  Planner planner(elsewhere, Plan::estimate, bench.options);
  EXPECT_NE(planner.choose({.layer = bench.layer, .steps = 100}, {}).source, PlanSource::wisdom);
  ASSERT_EQ(bench.reports.size(), 1U);
  EXPECT_NE(bench.reports[0].find("about other CPUs (a machine made up for tests)"),
            std::string::npos)
      << bench.reports[0];
}

TEST(Planner, WhatCannotRunIsListedWithItsReason) {
  Bench bench;
  bench.second.refusal = "no such cell";
  bench.third.failure = "out of luck";
  const LayerPlan plan = bench.choose(Plan::measure);
  EXPECT_EQ(plan.backend, "first");
  EXPECT_FALSE(candidate(plan, "second").runs);
  EXPECT_EQ(candidate(plan, "second").verdict, "no such cell");
  EXPECT_FALSE(candidate(plan, "third").runs);
  EXPECT_EQ(candidate(plan, "third").verdict, "failed when it was tried: out of luck");
  // What failed is known as such: it is not tried again each time.
  EXPECT_EQ(bench.choose(Plan::wisdom_only).backend, "first");
}

TEST(Planner, MoreThreadsOnlyWhereTheyPay) {
  Bench bench;
  EXPECT_EQ(bench.choose(Plan::measure, 4).threads, 1);
  const auto sharing = [](std::int64_t steps, int threads) {
    return 10e-6 * static_cast<double>(steps) / (threads == 1 ? 1 : 2);
  };
  bench.options.again = true;
  bench.third.cost = sharing;
  const LayerPlan plan = bench.choose(Plan::measure, 4);
  EXPECT_EQ(plan.backend, "third");
  EXPECT_EQ(plan.threads, 2) << "4 are no faster than 2";
  EXPECT_EQ(plan.candidates.size(), 9U) << "3 backends with 1, 2 and 4 threads";
  bench.cores = 1;
  EXPECT_EQ(bench.choose(Plan::measure, 4).threads, 1) << "there is one core";
  EXPECT_EQ(bench.choose(Plan::measure, 3, true).threads, 3) << "forced";
}

/// Embeddings, activation functions and concatenations: whatever the plan, the first backend takes
/// them, and nothing is measured or kept.
TEST(Planner, LayersOfLittleWorkAreNotMeasured) {
  for (const LayerSpec& spec :
       {LayerSpec(EmbeddingSpec{8, 4}), LayerSpec(ActivationSpec{{ActivationKind::softmax}, 8}),
        LayerSpec(ConcatenateSpec{{4, 4}})}) {
    Bench bench;
    bench.first.refusal = "not today";
    bench.layer = make_layer(spec);
    for (const Plan how : {Plan::fixed, Plan::estimate, Plan::measure, Plan::wisdom_only}) {
      const LayerPlan plan = bench.choose(how, 4);
      EXPECT_EQ(plan.backend, "second");
      EXPECT_EQ(plan.threads, 1);
      EXPECT_EQ(plan.source, PlanSource::fixed);
      EXPECT_NE(plan.reason.find("all backends run with nearly the same code"), std::string::npos)
          << plan.reason;
      EXPECT_EQ(plan.candidates.size(), 3U);
      EXPECT_EQ(candidate(plan, "second").predicted_seconds, 0);
    }
    EXPECT_EQ(bench.choose(Plan::measure, 2, true).threads, 1);
    EXPECT_EQ(bench.prepared(), 0);
    EXPECT_EQ(bench.time, 0);
    EXPECT_FALSE(std::filesystem::exists(bench.options.wisdom));
  }
}

TEST(Planner, DenseLayersAreMeasured) {
  Bench bench;
  bench.layer = make_layer(DenseSpec{5, 6});
  EXPECT_EQ(bench.choose(Plan::measure).backend, "second");
  EXPECT_EQ(bench.choose(Plan::wisdom_only).source, PlanSource::wisdom);
}

/// Of whom the model knows nothing may be the best.
TEST(Planner, TheUnknownGetTheirChance) {
  Bench bench;
  World world = bench.world();
  world.probe = [&](const Backend& backend, Precision) {
    return backend.id() == "second" ? std::vector<double>{}
                                    : planning_test::probe_seconds(planning_test::Machine{});
  };
  Planner planner(world, Plan::measure, bench.options);
  EXPECT_EQ(planner.choose({.layer = bench.layer, .steps = 100}, {}).backend, "second");
}

TEST(Planner, WhoDisagreesIsRefused) {
  Bench bench;
  bench.options.cross_check = true;
  bench.first.correct = true;
  const LayerPlan plan = bench.choose(Plan::measure);
  EXPECT_EQ(plan.backend, "first") << "the slowest, but right";
  for (const char* id : {"second", "third"}) {
    EXPECT_FALSE(candidate(plan, id).runs);
    EXPECT_TRUE(candidate(plan, id).verdict.starts_with("refused: "))
        << candidate(plan, id).verdict;
  }
  bench.options.cross_check = false;
  EXPECT_EQ(bench.choose(Plan::wisdom_only).backend, "first") << "wisdom remembers";
}

/// Where nothing can be kept, the plan is made all the same.
TEST(Planner, AFolderThatCannotBeWrittenIsReported) {
  Bench bench;
  bench.options.wisdom = "/dev/null/folder/wisdom.json";
  EXPECT_EQ(bench.choose(Plan::measure).backend, "second");
  ASSERT_EQ(bench.reports.size(), 1U);
  EXPECT_NE(bench.reports[0].find("not kept"), std::string::npos) << bench.reports[0];
}

/// A layer of a bigger model is compared by itself: what it is called and reads does not matter.
TEST(Planner, TheCheckOfALayerNeedsNoModelAroundIt) {
  Bench bench;
  bench.options.cross_check = true;
  bench.second.correct = true;
  bench.layer.name = "upper";
  bench.layer.inputs = {"lower"};
  EXPECT_EQ(bench.choose(Plan::measure).backend, "second");
}

TEST(Prepare, ExplainAndPrepareAgree) {
  Model model;
  model.layers.push_back(make_layer(5, 16));
  for (const Plan plan : {Plan::fixed, Plan::estimate}) {
    const PrepareOptions options{.backend = "auto", .threads = 2, .plan = plan};
    const Network network = prepare(model, options);
    const std::vector<LayerPlan> explained = explain(model, options);
    ASSERT_EQ(explained.size(), 1U);
    EXPECT_EQ(explained[0].backend, network.layers()[0].backend);
    EXPECT_EQ(explained[0].threads, network.layers()[0].threads);
    EXPECT_GE(explained[0].candidates.size(), backends().size());
    for (const PlanCandidate& each : explained[0].candidates) {
      EXPECT_TRUE(each.runs || !each.verdict.empty()) << each.backend;
    }
  }
  EXPECT_EQ(prepare(model, {.backend = "auto", .plan = Plan::fixed}).layers()[0].backend,
            select_backends("auto").front()->id());
}

}  // namespace
}  // namespace carousel::planning
