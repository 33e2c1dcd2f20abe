// SPDX-License-Identifier: Apache-2.0
// `Plan::estimate` with rates that are made up: what is chosen, and what wisdom keeps of them.
#include "bench.hpp"
#include "machine.hpp"

#include <gtest/gtest.h>

namespace carousel::planning {
namespace {

using planning_test::Bench;
using planning_test::candidate;
using planning_test::Machine;
using planning_test::probe_seconds;

/// A bench whose backends have made-up speeds.
struct EstimateBench : Bench {
  Machine machines[3];
  int probed = 0;
  int read = 0;
  bool can_measure = true;

  World estimate_world() {
    World all = world();
    if (!can_measure) return all;
    all.probe = [this](const Backend& backend, Precision) {
      ++probed;
      const std::size_t which = backend.id() == "first" ? 0 : backend.id() == "second" ? 1 : 2;
      return probe_seconds(machines[which]);
    };
    all.read_rate = [this](std::int64_t) {
      ++read;
      return 20e9;
    };
    return all;
  }
  LayerPlan estimate(std::int64_t hidden, std::int64_t batch, Plan plan = Plan::estimate,
                     std::int64_t steps = 100) {
    layer = planning_test::make_layer(hidden, hidden);
    Planner one(estimate_world(), plan, options);
    LayerPlan chosen = one.choose({.layer = layer, .batch = batch, .steps = steps}, {});
    one.keep();
    return chosen;
  }
};

TEST(Estimate, FollowsTheRates) {
  EstimateBench bench;
  bench.machines[0] = {.run = 0.1e-6, .step = 10e-9, .flops = 20e9};  // quick for little work
  bench.machines[1] = {.run = 4e-6, .step = 500e-9, .flops = 100e9};  // for much
  bench.machines[2] = {.run = 10e-6, .step = 500e-9, .flops = 10e9};  // for none
  EXPECT_EQ(bench.estimate(8, 1).backend, "first");
  EXPECT_EQ(bench.estimate(8, 1).source, PlanSource::model);
  EXPECT_EQ(bench.estimate(128, 16).backend, "second");
  EXPECT_EQ(bench.estimate(8, 1, Plan::estimate, 1).backend, "first");
  const LayerPlan plan = bench.estimate(128, 16);
  EXPECT_GT(candidate(plan, "third").predicted_seconds,
            candidate(plan, "second").predicted_seconds);
}

TEST(Estimate, GoesByPriorityWhereTheModelCannotTell) {
  EstimateBench bench;
  bench.machines[1].flops *= 1.04;
  EXPECT_EQ(bench.estimate(256, 16).backend, "first");
  bench.options.wisdom = "/dev/null";
  bench.machines[1].flops *= 1.2;
  EXPECT_EQ(bench.estimate(256, 16).backend, "second");
}

TEST(Estimate, MeasuresEachBackendOnce) {
  EstimateBench bench;
  (void)bench.estimate(16, 1);
  EXPECT_EQ(bench.probed, 3);
  (void)bench.estimate(32, 4);
  EXPECT_EQ(bench.probed, 3) << "wisdom has the rates";
  bench.second.version_text = "2";
  (void)bench.estimate(32, 4);
  EXPECT_EQ(bench.probed, 4) << "those of another version are measured anew";
  (void)bench.estimate(32, 4);
  EXPECT_EQ(bench.probed, 4);
}

/// What is read is chosen by the size of the weights, and kept by its size.
TEST(Estimate, MeasuresReadsWhereWeightsDoNotStayInTheCache) {
  EstimateBench bench;
  (void)bench.estimate(64, 1);
  EXPECT_EQ(bench.read, 0);
  const LayerPlan plan = bench.estimate(400, 1);
  EXPECT_EQ(bench.read, 1);
  EXPECT_GT(candidate(plan, "first").predicted_seconds, 0);
  (void)bench.estimate(401, 1);
  EXPECT_EQ(bench.read, 1) << "wisdom has it";
}

TEST(Estimate, IsTheSameFromMemoryAndFromTheFile) {
  EstimateBench bench;
  bench.machines[1].flops *= 2;
  const LayerPlan first = bench.estimate(200, 3);
  const LayerPlan second = bench.estimate(200, 3);
  EXPECT_EQ(bench.probed, 3);
  ASSERT_EQ(first.candidates.size(), second.candidates.size());
  for (std::size_t i = 0; i < first.candidates.size(); ++i) {
    EXPECT_EQ(first.candidates[i].predicted_seconds, second.candidates[i].predicted_seconds);
  }
}

TEST(Estimate, ShowsWhatItPredictedBesideWhatWasMeasured) {
  EstimateBench bench;
  (void)bench.estimate(16, 1, Plan::measure);
  const LayerPlan plan = bench.estimate(16, 1);
  EXPECT_EQ(plan.source, PlanSource::wisdom);
  EXPECT_GT(candidate(plan, "first").predicted_seconds, 0);
  EXPECT_GT(candidate(plan, "first").measured_seconds, 0);
}

/// A backend that changed is judged by its rates, as far off as those of the measured ones are; the
/// others are not measured again.
TEST(Estimate, StandsInForTheTimesOfAnotherVersion) {
  for (const bool faster : {false, true}) {
    EstimateBench bench;
    (void)bench.estimate(64, 1, Plan::measure);
    const double measured = candidate(bench.estimate(64, 1), "second").measured_seconds;
    bench.third.version_text = "2";
    bench.machines[2].flops *= faster ? 8 : 1;
    bench.machines[2].step *= faster ? 0.1 : 1;
    bench.probed = 0;
    const LayerPlan plan = bench.estimate(64, 1);
    EXPECT_EQ(bench.probed, 1);
    EXPECT_EQ(plan.source, PlanSource::wisdom);
    EXPECT_EQ(plan.backend, faster ? "third" : "second");
    EXPECT_EQ(candidate(plan, "second").measured_seconds, measured);
    EXPECT_EQ(candidate(plan, "third").measured_seconds, 0);
    EXPECT_NE(candidate(plan, "third").verdict.find("third in version '1', this is '2'"),
              std::string::npos)
        << candidate(plan, "third").verdict;
  }
}

TEST(Estimate, MeasuresNothingForPlansThatNeedNoRates) {
  EstimateBench bench;
  EXPECT_EQ(bench.estimate(16, 1, Plan::fixed).backend, "first");
  EXPECT_THROW((void)bench.estimate(16, 1, Plan::wisdom_only), Error);
  EXPECT_EQ(bench.probed, 0);
}

TEST(Estimate, WithoutRatesThePriorityDecides) {
  EstimateBench bench;
  bench.can_measure = false;
  const LayerPlan plan = bench.estimate(16, 1);
  EXPECT_EQ(plan.backend, "first");
  EXPECT_EQ(plan.source, PlanSource::fixed);
  EXPECT_NE(plan.reason.find("nothing is known of their speed"), std::string::npos);
}

/// Slow ones are measured only if somebody asks.
TEST(Estimate, TheHopelessAreMeasuredOnRequest) {
  EstimateBench bench;
  bench.machines[2] = {.run = 1e-3, .step = 1e-3, .flops = 1e6};
  const LayerPlan plan = bench.estimate(64, 1, Plan::measure);
  EXPECT_EQ(bench.third.prepared, 0);
  EXPECT_TRUE(candidate(plan, "third").verdict.starts_with("not measured: predicted to take"));
  EXPECT_GT(candidate(plan, "third").predicted_seconds, 0);
  bench.options.again = true;
  bench.options.slow_ones = true;
  EXPECT_GT(candidate(bench.estimate(64, 1, Plan::measure), "third").measured_seconds, 0);
}

}  // namespace
}  // namespace carousel::planning
