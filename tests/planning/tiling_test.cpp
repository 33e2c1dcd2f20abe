// SPDX-License-Identifier: Apache-2.0
// Backends that can partition the work in several ways.
#include "bench.hpp"

#include <gtest/gtest.h>

namespace carousel::planning {
namespace {

using planning_test::Bench;
using planning_test::candidate;
using planning_test::FakeBackend;
using planning_test::per_step;

/// The second backend, which is the fastest, has three tilings.
struct TilingBench : Bench {
  double coarse = 1;
  double fine = 1;

  TilingBench() {
    second.names = {"default", "coarse", "fine"};
    second.factor = [this](const std::string& tiling) {
      return tiling == "coarse" ? coarse : tiling == "fine" ? fine : 1;
    };
  }
};

TEST(Tilings, TheFastestIsChosenAndRemembered) {
  TilingBench bench;
  bench.coarse = 0.7;
  bench.fine = 0.8;
  const LayerPlan plan = bench.choose(Plan::measure);
  EXPECT_EQ(plan.backend, "second");
  EXPECT_EQ(plan.tiling, "coarse");
  EXPECT_EQ(plan.reason, "the fastest");
  EXPECT_NEAR(plan.candidates.front().measured_seconds, 0.7e-3, 1e-6);
  EXPECT_NEAR(candidate(plan, "second", 1, "default").measured_seconds, 1e-3, 1e-6);
  EXPECT_EQ(candidate(plan, "second", 1, "fine").verdict, "takes 1.14 times as long");
  for (const Plan how : {Plan::estimate, Plan::wisdom_only}) {
    const LayerPlan again = bench.choose(how);
    EXPECT_EQ(again.source, PlanSource::wisdom);
    EXPECT_EQ(again.tiling, "coarse");
    EXPECT_NEAR(candidate(again, "second", 1, "fine").measured_seconds, 0.8e-3, 1e-6);
  }
}

TEST(Tilings, NearTiesGoToTheDefaultOne) {
  TilingBench bench;
  bench.coarse = 0.96;
  const LayerPlan plan = bench.choose(Plan::measure);
  EXPECT_EQ(plan.tiling, "default");
  EXPECT_EQ(plan.reason,
            "not for sure slower by more than a few percent than second with 1 thread, coarse, and "
            "before it in the order of priority");
  bench.options.again = true;
  bench.coarse = 0.94;
  EXPECT_EQ(bench.choose(Plan::measure).tiling, "coarse");
  bench.coarse = 0.8;
  bench.fine = 0.79;
  EXPECT_EQ(bench.choose(Plan::measure).tiling, "coarse") << "it comes before fine";
}

TEST(Tilings, WithoutMeasuringItIsTheDefaultOne) {
  TilingBench bench;
  bench.first.refusal = "not today";
  bench.third.refusal = "not today";
  bench.coarse = 0.5;
  for (const Plan how : {Plan::fixed, Plan::estimate, Plan::wisdom_only}) {
    const LayerPlan plan = bench.choose(how);
    EXPECT_EQ(plan.tiling, "default") << name(how);
    EXPECT_EQ(plan.candidates.size(), 3U) << "what was not measured is not listed";
  }
  EXPECT_EQ(bench.choose(Plan::measure).tiling, "coarse") << "with nobody else to choose";
}

/// Tilings differ by a few percent, so the time is not spent on those of slower backends.
TEST(Tilings, OnlyThoseOfTheFastestAreMeasured) {
  TilingBench bench;
  bench.first.names = {"whole", "half"};
  bench.first.factor = [](const std::string&) { return 0.1; };
  const LayerPlan plan = bench.choose(Plan::measure);
  EXPECT_EQ(plan.backend, "second");
  EXPECT_EQ(bench.first.prepared, 1);
  EXPECT_EQ(bench.second.prepared, 3);
  EXPECT_THROW((void)candidate(plan, "first", 1, "half"), std::runtime_error);
  EXPECT_NEAR(candidate(plan, "first", 1, "whole").measured_seconds, 2e-3, 1e-5);
}

TEST(Tilings, TheBudgetHolds) {
  for (const double seconds : {0.05, 0.5}) {
    TilingBench bench;
    bench.third.names = {"whole", "half"};
    bench.options.seconds_per_layer = seconds;
    std::vector<double> told;
    bench.options.progress = [&](const PlanProgress& now) { told.push_back(now.done); };
    (void)bench.choose(Plan::measure);
    EXPECT_LE(bench.time, 1.3 * seconds);
    EXPECT_TRUE(std::ranges::is_sorted(told));
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(told.back(), 1);
  }
}

/// A run takes 200 ms, so that three default tilings take all the time that there is.
TEST(Tilings, AreNotTriedWhereThereIsNoTime) {
  TilingBench bench;
  for (FakeBackend* each : {&bench.first, &bench.second, &bench.third}) each->cost = per_step(2e-3);
  bench.coarse = 0.1;
  const LayerPlan plan = bench.choose(Plan::measure);
  EXPECT_EQ(bench.second.prepared, 1);
  EXPECT_EQ(plan.backend, "first");
}

TEST(Tilings, OneThatFailsIsOut) {
  TilingBench bench;
  bench.coarse = 0.5;
  bench.second.bad_tiling = "coarse";
  const LayerPlan plan = bench.choose(Plan::measure);
  EXPECT_EQ(plan.tiling, "default");
  const PlanCandidate& failed = candidate(plan, "second", 1, "coarse");
  EXPECT_FALSE(failed.runs);
  EXPECT_EQ(failed.verdict, "failed when it was tried: cannot partition like that");
}

/// Wisdom of a backend that had other names for what it does is not used; one that has more
/// tilings now than then keeps its times.
TEST(Tilings, WisdomHasToKnowTheDefaultOne) {
  TilingBench bench;
  (void)bench.choose(Plan::measure);
  bench.second.names.emplace_back("new");
  EXPECT_EQ(bench.choose(Plan::wisdom_only).tiling, "default");
  bench.second.names.front() = "renamed";
  const LayerPlan plan = bench.choose(Plan::estimate);
  EXPECT_NE(plan.source, PlanSource::wisdom);
  EXPECT_NE(plan.reason.find("it does not have second with 1 thread, renamed"), std::string::npos)
      << plan.reason;
}

/// Prepared by the plan: named only if the backend would do something else by itself.
TEST(Tilings, TheDefaultOneIsNotPrescribed) {
  TilingBench bench;
  const Problem problem{.layer = bench.layer, .steps = 100};
  for (const Candidate& each : list_candidates(bench.world(), problem, {1})) {
    const std::string tiling = each.layer_options(problem).tiling;
    EXPECT_EQ(tiling, each.default_tiling ? "" : each.shown.tiling);
    EXPECT_EQ(each.default_tiling, each.shown.tiling.empty() || each.shown.tiling == "default");
  }
}

TEST(Tilings, UnknownOnesAreRefusedByName) {
  const ModelLayer layer = planning_test::make_layer(3, 8);
  for (const BackendEntry& entry : backends()) {
    if (entry.backend == nullptr || !entry.backend->available(cpu())) continue;
    try {
      (void)entry.backend->prepare(layer.spec, layer.weights, {.tiling = "crosswise"});
      FAIL() << entry.name;
    } catch (const Error& error) {
      const std::string text = error.what();
      EXPECT_EQ(text.find(entry.backend->id() + ": there is no tiling 'crosswise' of LSTM 3 -> 8"),
                0U)
          << text;
    }
  }
}

}  // namespace
}  // namespace carousel::planning
