// SPDX-License-Identifier: Apache-2.0
#include "core/planning/measure.hpp"
#include "core/planning/choose.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace carousel::planning {
namespace {

/// Time that passes when `work` is called.
struct FakeTime {
  double now = 0;
  [[nodiscard]] Clock clock() {
    return [this] { return now; };
  }
};

Contender constant(FakeTime& time, double per_step) {
  return {.run = [&time, per_step](std::int64_t steps) {
    time.now += per_step * static_cast<double>(steps);
  }};
}

TEST(Pick, NearTiesGoToTheFirst) {
  const auto pick_of = [](std::vector<double> seconds) { return pick(seconds); };
  EXPECT_EQ(pick_of({1.02, 1.0}), 0U);
  EXPECT_EQ(pick_of({1.04, 1.0}), 1U);
  EXPECT_EQ(pick_of({1.0, 1.02, 0.99}), 0U);
  EXPECT_EQ(pick_of({1.05, 1.02, 1.0}), 1U);
  EXPECT_EQ(pick_of({0, 2.0, 3.0}), 1U) << "0: takes no part";
  EXPECT_EQ(pick_of({0, 0}), 2U);
}

/// The machine becomes three times as slow in the middle: everybody is hit alike.
TEST(Measure, TakesTurns) {
  FakeTime time;
  const auto drifting = [&time](double seconds) {
    return Contender{.run = [&time, seconds](std::int64_t steps) {
      time.now += seconds * static_cast<double>(steps) * (time.now > 0.25 ? 3 : 1);
    }};
  };
  std::vector<Contender> contenders{drifting(10e-6), drifting(10.5e-6), drifting(11e-6)};
  const auto timings = measure(contenders, {.seconds = 0.5, .steps = 100, .now = time.clock()});
  EXPECT_NEAR(timings[1].seconds / timings[0].seconds, 1.05, 0.01);
  EXPECT_NEAR(timings[2].seconds / timings[0].seconds, 1.10, 0.01);
}

/// Every third run takes ten times as long; now and then one is twice as fast.
TEST(Measure, IsRobust) {
  FakeTime time;
  int runs = 0;
  const Contender disturbed{.run = [&](std::int64_t steps) {
    ++runs;
    time.now += 1e-5 * static_cast<double>(steps) * (runs % 6 == 0 ? 10 : 1);
  }};
  int lucky_runs = 0;
  const Contender lucky{.run = [&](std::int64_t steps) {
    ++lucky_runs;
    time.now += 1.15e-5 * static_cast<double>(steps) * (lucky_runs % 13 == 0 ? 0.5 : 1);
  }};
  const std::vector<Contender> contenders{lucky, disturbed};
  const auto timings = measure(contenders, {.seconds = 1, .steps = 1000, .now = time.clock()});
  EXPECT_NEAR(timings[0].seconds, 11.5e-3, 1e-5) << "the minimum would be 5.75 ms";
  EXPECT_NEAR(timings[1].seconds, 10e-3, 1e-5) << "the mean would be 25 ms";
}

TEST(Measure, KeepsToItsBudget) {
  for (const double budget : {0.05, 0.5, 2.0}) {
    FakeTime time;
    double last = 0;
    const std::vector<Contender> contenders{constant(time, 3e-6), constant(time, 3.1e-6)};
    (void)measure(
        contenders,
        {.seconds = budget, .steps = 100, .now = time.clock(), .progress = [&](double done) {
           EXPECT_GE(done, last);
           EXPECT_LE(done, 1);
           last = done;
         }});
    EXPECT_GE(time.now, budget) << "two that are close get all of it";
    EXPECT_LE(time.now, 1.1 * budget);
    EXPECT_EQ(last, 1);
  }
}

/// The clock cannot resolve one run.
TEST(Measure, RepeatsShortRunsUntilTheyCanBeTimed) {
  FakeTime time;
  const Contender tiny = constant(time, 50e-9);
  const Clock coarse = [&] { return std::floor(time.now * 1e6) * 1e-6; };
  const std::vector<Contender> contenders{tiny};
  const auto timings = measure(contenders, {.seconds = 0.1, .steps = 1, .now = coarse});
  EXPECT_NEAR(timings[0].seconds, 50e-9, 1e-9);
}

TEST(Measure, CutsLongWorkToItsFirstSteps) {
  FakeTime time;
  std::int64_t longest = 0;
  const Contender slow{.run = [&](std::int64_t steps) {
    longest = std::max(longest, steps);
    time.now += 1e-3 * static_cast<double>(steps);
  }};
  const std::vector<Contender> contenders{slow, constant(time, 1.5e-3)};
  const auto timings =
      measure(contenders, {.seconds = 0.5, .steps = 10000, .least_steps = 6, .now = time.clock()});
  EXPECT_NEAR(timings[0].seconds, 10, 1e-6);
  EXPECT_NEAR(timings[1].seconds, 15, 1e-6);
  EXPECT_GE(longest, 6);
  EXPECT_LE(longest, 24);
  EXPECT_LT(time.now, 0.7);
}

/// Who is far behind is released at once and costs no more time.
TEST(Measure, TheSlowLeaveEarly) {
  FakeTime time;
  double released = 0;
  Contender slow = constant(time, 5e-5);
  slow.release = [&] { released = time.now; };
  const std::vector<Contender> contenders{constant(time, 1e-5), slow, constant(time, 1.01e-5)};
  const auto timings = measure(contenders, {.seconds = 0.5, .steps = 10, .now = time.clock()});
  EXPECT_EQ(timings[1].rounds, 3U);
  EXPECT_NEAR(timings[1].seconds, 5e-4, 1e-9);
  EXPECT_LT(released, 0.2);
  EXPECT_GT(timings[0].rounds, 15U);
}

TEST(Measure, OneThatIsLeftNeedsNotAllOfTheTime) {
  FakeTime time;
  const std::vector<Contender> contenders{constant(time, 1e-5), constant(time, 5e-5)};
  (void)measure(contenders, {.seconds = 10, .steps = 10, .now = time.clock()});
  EXPECT_LT(time.now, 2);
}

}  // namespace
}  // namespace carousel::planning
