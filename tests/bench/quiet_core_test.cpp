// SPDX-License-Identifier: Apache-2.0
#include <quiet_core.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace carousel::bench {
namespace {

/// A core with a clock of any rate and, at times, a neighbour.
struct Core {
  double cycle = 1e-9;
  bool neighbour = false;
  int rests = 0;
  int rests_until_quiet = 1'000'000;

  QuietCore watched(double patience) {
    const auto sampler = [this](std::int64_t bytes) {
      return cycle * (bytes == 0 ? 1.0 : neighbour ? 1.3 : 0.9);
    };
    const auto rest = [this] {
      if (++rests == rests_until_quiet) neighbour = false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    };
    return QuietCore(patience, sampler, rest);
  }
};

TEST(QuietCore, TakesSamplesOnceWhenItIsQuiet) {
  Core core;
  QuietCore quiet = core.watched(10);
  int calls = 0;
  const auto sample = [&calls] { return static_cast<double>(++calls); };
  EXPECT_EQ(quiet.sample(sample), 1.0);
  EXPECT_EQ(quiet.sample(sample), 2.0);
  EXPECT_EQ(quiet.take_disturbed_share(), 0);
  EXPECT_EQ(quiet.lost_seconds(), 0);
}

TEST(QuietCore, WaitsUntilTheNeighbourHasGone) {
  Core core;
  QuietCore quiet = core.watched(10);
  core.neighbour = true;
  core.rests_until_quiet = 3;
  EXPECT_EQ(quiet.sample([&core] { return core.neighbour ? 2.0 : 1.0; }), 1.0);
  EXPECT_EQ(core.rests, 3);
  EXPECT_EQ(quiet.take_disturbed_share(), 0);
  EXPECT_GE(quiet.lost_seconds(), 3e-3);
}

TEST(QuietCore, TakesASampleAgainWhenTheNeighbourCameMeanwhile) {
  Core core;
  QuietCore quiet = core.watched(10);
  core.rests_until_quiet = 1;
  int calls = 0;
  const auto sample = [&] {
    core.neighbour = ++calls == 1;
    return static_cast<double>(calls);
  };
  EXPECT_EQ(quiet.sample(sample), 2.0);
  EXPECT_EQ(quiet.take_disturbed_share(), 0);
}

TEST(QuietCore, ItsPatienceEnds) {
  Core core;
  QuietCore quiet = core.watched(5e-3);
  core.neighbour = true;
  const auto sample = [] { return 1.0; };
  EXPECT_EQ(quiet.sample(sample), 1.0);
  const int rests = core.rests;
  EXPECT_LE(rests, 5);
  EXPECT_EQ(quiet.sample(sample), 1.0);
  EXPECT_EQ(core.rests, rests) << "no time is left to wait";
  core.neighbour = false;
  EXPECT_EQ(quiet.sample(sample), 1.0);
  EXPECT_DOUBLE_EQ(quiet.take_disturbed_share(), 2.0 / 3);
  EXPECT_EQ(quiet.take_disturbed_share(), 0) << "from here on";
}

TEST(QuietCore, ASlowerClockIsNoNeighbour) {
  Core core;
  QuietCore quiet = core.watched(10);
  core.cycle *= 2;
  EXPECT_EQ(quiet.sample([] { return 1.0; }), 1.0);
  EXPECT_EQ(core.rests, 0);
}

TEST(QuietCore, NoSampleIsNotTakenAgain) {
  Core core;
  QuietCore quiet = core.watched(10);
  int calls = 0;
  const auto sample = [&] {
    core.neighbour = true;
    ++calls;
    return 0.0;
  };
  EXPECT_EQ(quiet.sample(sample), 0.0);
  EXPECT_EQ(calls, 1);
}

TEST(QuietCore, KnowsItsCoreAfterManyProbes) {
  Core core;
  QuietCore quiet = core.watched(1e-3);
  for (int i = 0; i < 20'000; ++i) (void)quiet.sample([] { return 1.0; });
  core.neighbour = true;
  (void)quiet.take_disturbed_share();
  (void)quiet.sample([] { return 1.0; });
  EXPECT_EQ(quiet.take_disturbed_share(), 1.0);
}

}  // namespace
}  // namespace carousel::bench
