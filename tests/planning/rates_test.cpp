// SPDX-License-Identifier: Apache-2.0
// What is learned from the times of a few small layers.
#include "core/planning/time_probes.hpp"
#include "fake.hpp"
#include "machine.hpp"

#include <gtest/gtest.h>

namespace carousel::planning {
namespace {

using planning_test::FakeBackend;
using planning_test::Machine;
using planning_test::probe_seconds;

double work(std::int64_t inputs, std::int64_t units, const Filling& filling = {}) {
  return work_of(*shape_of(make_spec(Cell::lstm, inputs, units)), filling).all();
}

TEST(Rates, CountTheMultiplyAddsOfALayer) {
  EXPECT_EQ(work(3, 5), 4 * 5 * (3 + 5));
  EXPECT_EQ(work(3, 5, {.gated = 8, .plain = 64}), 4 * 8 * (3 + 5)) << "eight units are computed";
  const Work gru = work_of(*shape_of(make_spec(Cell::gru, 3, 5)), {});
  EXPECT_EQ(gru.inputs, 3 * 5 * 3);
  EXPECT_EQ(gru.recurrent, 3 * 5 * 5);
  EXPECT_EQ(work_of(*shape_of(DenseSpec{10, 7}), {.gated = 8, .plain = 16}).all(), 16 * 10);
  const Work projected = work_of(*shape_of(make_spec(Cell::lstm, 8, 8, Direction::forward, 2)), {});
  EXPECT_EQ(projected.recurrent, 4 * 8 * 2 + 2 * 8);
}

/// A machine that the model describes is predicted between its probes and beyond them.
TEST(Rates, FollowTheProbes) {
  const Machine machine;
  const auto rates = solve_rates(probe_seconds(machine), {});
  ASSERT_TRUE(rates);
  EXPECT_NEAR(rates->run, machine.run, 1e-9);
  for (const std::int64_t units : {16, 40, 64, 128, 512}) {
    for (const double rows : {1.0, 2.0, 4.0, 10.0, 16.0, 64.0}) {
      const double all = work(units, units);
      const double true_step =
          machine.seconds(static_cast<double>(units), all, rows, 1) - machine.run;
      EXPECT_NEAR(rates->step(all, rows) / true_step, 1, 0.12) << units << " units, " << rows;
    }
  }
  EXPECT_GT(rates->step(work(1, 1), 1), 0);
}

TEST(Rates, WhatWasTooSlowForAProbeIsInProportion) {
  const Machine slow{.run = 0, .step = 0, .unit = 0, .flops = 1e9};
  std::vector<double> seconds = probe_seconds(slow);
  const auto all = solve_rates(seconds, {});
  for (const std::size_t left_out : {4U, 6U, 7U, 8U}) seconds[left_out] = 0;
  const auto some = solve_rates(seconds, {});
  ASSERT_TRUE(all && some);
  for (const double rows : {1.0, 4.0, 16.0, 50.0}) {
    EXPECT_NEAR(some->step(work(100, 100), rows) / all->step(work(100, 100), rows), 1, 0.01);
  }
}

TEST(Rates, MoreWorkNeverTakesLess) {
  std::vector<double> seconds = probe_seconds(Machine{});
  seconds[3] *= 20;  // somebody disturbed the measurement
  seconds[7] /= 20;
  const auto rates = solve_rates(seconds, {});
  ASSERT_TRUE(rates);
  double before = 0;
  for (std::int64_t units = 4; units < 1000; units *= 2) {
    const double step = rates->step(work(units, units), 1);
    EXPECT_GE(step, before);
    EXPECT_GE(rates->step(work(units, units), 8), rates->step(work(units, units), 4));
    before = step;
  }
}

TEST(Rates, NothingIsLearnedFromNothing) {
  EXPECT_FALSE(solve_rates({}, {}));
  std::vector<double> seconds = probe_seconds(Machine{});
  seconds[2] = 0;
  EXPECT_FALSE(solve_rates(seconds, {}));
}

TEST(Probes, AreTimedOnTheBackendItself) {
  double time = 0;
  const FakeBackend quick("quick", time, planning_test::per_step(1e-6));
  const std::vector<double> seconds = time_probes(quick, Precision::float32, [&] { return time; });
  ASSERT_EQ(seconds.size(), kProbes.size());
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    EXPECT_NEAR(seconds[i], 1e-6 * static_cast<double>(kProbes.at(i).steps), 1e-9);
  }
  EXPECT_LT(time, 2e-3);
}

TEST(Probes, SlowOnesAreLeftOut) {
  double time = 0;
  const FakeBackend slow("slow", time, planning_test::per_step(20e-6));
  const std::vector<double> seconds = time_probes(slow, Precision::float32, [&] { return time; });
  ASSERT_EQ(seconds.size(), kProbes.size());
  EXPECT_GT(seconds[2], 0);
  EXPECT_EQ(seconds[8], 0) << "by the time of 16 units it would take milliseconds";
}

TEST(Probes, BackendsThatCannotRunThemHaveNoTimes) {
  double time = 0;
  FakeBackend backend("dense-only", time, planning_test::per_step(1e-6));
  backend.refusal = "no LSTMs";
  EXPECT_TRUE(time_probes(backend, Precision::float32, [&] { return time; }).empty());
  backend.refusal.clear();
  backend.failure = "out of luck";
  EXPECT_TRUE(time_probes(backend, Precision::float32, [&] { return time; }).empty());
  EXPECT_EQ(time, 0);
}

}  // namespace
}  // namespace carousel::planning
