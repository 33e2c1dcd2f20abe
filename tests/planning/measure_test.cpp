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

Subject constant(FakeTime& time, double per_step) {
  return {.run = [&time, per_step](std::int64_t steps) {
    time.now += per_step * static_cast<double>(steps);
  }};
}

TEST(Pick, NearTiesGoToTheFirst) {
  const auto pick_of = [](const std::vector<double>& seconds) {
    std::vector<KnownTime> times;
    for (const double each : seconds) times.push_back({.seconds = each});
    return pick(times);
  };
  EXPECT_EQ(pick_of({1.02, 1.0}), 0U);
  EXPECT_EQ(pick_of({1.04, 1.0}), 1U);
  EXPECT_EQ(pick_of({1.0, 1.02, 0.99}), 0U);
  EXPECT_EQ(pick_of({1.05, 1.02, 1.0}), 1U);
  EXPECT_EQ(pick_of({0, 2.0, 3.0}), 1U) << "0: takes no part";
  EXPECT_EQ(pick_of({0, 0}), 2U);
}

/// Who comes later has to be faster for sure.
TEST(Pick, DoubtIsInFavourOfTheFirst) {
  const auto pick_of = [](KnownTime first, KnownTime second) {
    return pick(std::vector<KnownTime>{first, second});
  };
  EXPECT_EQ(pick_of({1.05, 0.03}, {1.0, 0}), 0U) << "it may be 1.02";
  EXPECT_EQ(pick_of({1.05, 0.01}, {1.0, 0}), 1U);
  EXPECT_EQ(pick_of({1.3, 0.1}, {1.0, 0.4}), 1U) << "the shortest one's spread is not its merit";
}

TEST(MedianRatio, IsLessCertainWithFewer) {
  const auto spread = [](const MedianRatio& ratio) { return ratio.median - ratio.lower; };
  double last = 1;
  for (const int count : {3, 4, 9, 20, 100, 400}) {
    std::vector<double> ratios;
    for (int i = 0; i < count; ++i) ratios.push_back(0.98 + 0.04 * i / (count - 1));
    const MedianRatio found = median_ratio(ratios);
    EXPECT_NEAR(found.median, 1, 1e-12);
    EXPECT_GT(spread(found), 0);
    EXPECT_LT(spread(found), last) << count;
    last = spread(found);
  }
  EXPECT_LT(last, 0.003);
  // Of three the least one is not yet beyond doubt: once in eight times all are above the middle.
  EXPECT_LT(median_ratio({1.04, 1.05, 1.06}).lower, 1.04);
  EXPECT_EQ(median_ratio({1.1, 1.1, 1.1}).lower, 1.1);
  // Nine: the middle one less three places.
  EXPECT_NEAR(median_ratio({9, 1, 8, 2, 7, 3, 6, 4, 5}).lower, 2, 1e-12);
  EXPECT_EQ(median_ratio({1.5}).median, 1.5);
}

/// The machine becomes three times as slow in the middle: everybody is hit alike.
TEST(Measure, TakesTurns) {
  FakeTime time;
  const auto drifting = [&time](double seconds) {
    return Subject{.run = [&time, seconds](std::int64_t steps) {
      time.now += seconds * static_cast<double>(steps) * (time.now > 0.25 ? 3 : 1);
    }};
  };
  std::vector<Subject> subjects{drifting(10e-6), drifting(10.5e-6), drifting(11e-6)};
  const auto timings = measure(subjects, {.seconds = 0.5, .steps = 100, .now = time.clock()});
  EXPECT_NEAR(timings[1].seconds / timings[0].seconds, 1.05, 0.01);
  EXPECT_NEAR(timings[2].seconds / timings[0].seconds, 1.10, 0.01);
}

/// The machine is slower in some rounds than in others, by far more than the subjects differ, and
/// for none of them in more of its samples than for the others.
TEST(Measure, ComparesRoundByRound) {
  FakeTime time;
  int samples = 0;
  const auto subject = [&](double seconds) {
    return Subject{.run = [&, seconds](std::int64_t steps) {
      const int round = samples++ / 4;  // two subjects, each with a run before
      time.now += seconds * static_cast<double>(steps) * (1 + 0.5 * (round % 7));
    }};
  };
  const std::vector<Subject> subjects{subject(1.04e-2), subject(1e-2)};
  const auto timings = measure(subjects, {.seconds = 2, .steps = 1, .now = time.clock()});
  EXPECT_NEAR(timings[0].seconds / timings[1].seconds, 1.04, 0.005);
  EXPECT_EQ(timings[1].spread, 0);
}

/// Two that scatter by 5 %: the ratio is known better than that, and its spread tells how well.
TEST(Measure, KnowsHowFarItMayBeOff) {
  for (const double budget : {0.1, 2.0}) {
    FakeTime time;
    std::uint64_t state = 1;
    const auto noisy = [&](double seconds) {
      return Subject{.run = [&, seconds](std::int64_t steps) {
        state = state * 48271 % 2147483647;
        const double noise = 0.05 * static_cast<double>(state) / 2147483647;
        time.now += seconds * static_cast<double>(steps) * (1 + noise);
      }};
    };
    const std::vector<Subject> subjects{noisy(5.2e-3), noisy(5e-3)};
    const auto timings = measure(subjects, {.seconds = budget, .steps = 1, .now = time.clock()});
    const double ratio = timings[0].seconds / timings[1].seconds;
    EXPECT_GT(timings[0].spread, 0) << budget;
    EXPECT_LE(ratio * (1 - timings[0].spread), 1.04) << budget;
    EXPECT_NEAR(ratio, 1.04, budget < 1 ? 0.03 : 0.01);
    EXPECT_LT(timings[0].spread, budget < 1 ? 0.06 : 0.012);
  }
}

/// Every third run takes ten times as long; now and then one is twice as fast.
TEST(Measure, IsRobust) {
  FakeTime time;
  int runs = 0;
  const Subject disturbed{.run = [&](std::int64_t steps) {
    ++runs;
    time.now += 1e-5 * static_cast<double>(steps) * (runs % 6 == 0 ? 10 : 1);
  }};
  int lucky_runs = 0;
  const Subject lucky{.run = [&](std::int64_t steps) {
    ++lucky_runs;
    time.now += 1.15e-5 * static_cast<double>(steps) * (lucky_runs % 13 == 0 ? 0.5 : 1);
  }};
  const std::vector<Subject> subjects{lucky, disturbed};
  const auto timings = measure(subjects, {.seconds = 1, .steps = 1000, .now = time.clock()});
  EXPECT_NEAR(timings[0].seconds, 11.5e-3, 1e-5) << "the minimum would be 5.75 ms";
  EXPECT_NEAR(timings[1].seconds, 10e-3, 1e-5) << "the mean would be 25 ms";
}

TEST(Measure, KeepsToItsBudget) {
  for (const double budget : {0.05, 0.5, 2.0}) {
    FakeTime time;
    double last = 0;
    const std::vector<Subject> subjects{constant(time, 3e-6), constant(time, 3.1e-6)};
    (void)measure(
        subjects,
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
  const Subject tiny = constant(time, 50e-9);
  const Clock coarse = [&] { return std::floor(time.now * 1e6) * 1e-6; };
  const std::vector<Subject> subjects{tiny};
  const auto timings = measure(subjects, {.seconds = 0.1, .steps = 1, .now = coarse});
  EXPECT_NEAR(timings[0].seconds, 50e-9, 1e-9);
}

TEST(Measure, CutsLongWorkToItsFirstSteps) {
  FakeTime time;
  std::int64_t longest = 0;
  const Subject slow{.run = [&](std::int64_t steps) {
    longest = std::max(longest, steps);
    time.now += 1e-3 * static_cast<double>(steps);
  }};
  const std::vector<Subject> subjects{slow, constant(time, 1.5e-3)};
  const auto timings =
      measure(subjects, {.seconds = 0.5, .steps = 10000, .least_steps = 6, .now = time.clock()});
  EXPECT_NEAR(timings[0].seconds, 10, 1e-6);
  EXPECT_NEAR(timings[1].seconds, 15, 1e-6);
  EXPECT_GE(longest, 6);
  EXPECT_LE(longest, 24);
  EXPECT_LT(time.now, 0.7);
}

/// Who is far behind is released at once and costs no more time.
TEST(Measure, SlowSubjectsStopEarly) {
  FakeTime time;
  double released = 0;
  Subject slow = constant(time, 5e-5);
  slow.release = [&] { released = time.now; };
  const std::vector<Subject> subjects{constant(time, 1e-5), slow, constant(time, 1.01e-5)};
  const auto timings = measure(subjects, {.seconds = 0.5, .steps = 10, .now = time.clock()});
  EXPECT_EQ(timings[1].rounds, 3U);
  EXPECT_NEAR(timings[1].seconds, 5e-4, 1e-9);
  EXPECT_LT(released, 0.2);
  EXPECT_GT(timings[0].rounds, 15U);
}

/// Threads may be slow at first and fast later: those that left before have the times they took,
/// and no times that were derived from others'.
TEST(Measure, StoppedSubjectsKeepTheirOwnTime) {
  FakeTime time;
  int runs = 0;
  const Subject waking{.run = [&](std::int64_t steps) {
    time.now += (++runs < 20 ? 8.4e-3 : 6e-3) * static_cast<double>(steps);
  }};
  const std::vector<Subject> subjects{waking, constant(time, 8e-3), constant(time, 2e-2)};
  const auto timings = measure(subjects, {.seconds = 2, .steps = 1, .now = time.clock()});
  EXPECT_LT(timings[2].rounds, timings[0].rounds);
  EXPECT_NEAR(timings[2].seconds, 2e-2, 1e-9) << "not its first ratio to the first one, times 6 ms";
  EXPECT_NEAR(timings[0].seconds, 6e-3, 1e-9);
}

TEST(Measure, OneThatIsLeftNeedsNotAllOfTheTime) {
  FakeTime time;
  const std::vector<Subject> subjects{constant(time, 1e-5), constant(time, 5e-5)};
  (void)measure(subjects, {.seconds = 10, .steps = 10, .now = time.clock()});
  EXPECT_LT(time.now, 2);
}

}  // namespace
}  // namespace carousel::planning
