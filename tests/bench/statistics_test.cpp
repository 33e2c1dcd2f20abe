// SPDX-License-Identifier: Apache-2.0
#include "core/measure/statistics.hpp"
#include <sampler.hpp>

#include <carousel/error.hpp>

#include <algorithm>
#include <gtest/gtest.h>

namespace carousel::bench {
namespace {

TEST(Quartiles, InterpolateBetweenSamplesInAnyOrder) {
  const Quartiles odd = quartiles({5, 1, 4, 2, 3});
  EXPECT_DOUBLE_EQ(odd.low, 2);
  EXPECT_DOUBLE_EQ(odd.median, 3);
  EXPECT_DOUBLE_EQ(odd.high, 4);
  const Quartiles even = quartiles({1, 2, 3, 4});
  EXPECT_DOUBLE_EQ(even.low, 1.75);
  EXPECT_DOUBLE_EQ(even.median, 2.5);
  EXPECT_DOUBLE_EQ(even.high, 3.25);
}

TEST(Quartiles, OfOneSampleAndOfNone) {
  EXPECT_DOUBLE_EQ(quartiles({7}).low, 7);
  EXPECT_DOUBLE_EQ(quartiles({7}).high, 7);
  EXPECT_DOUBLE_EQ(quartiles({}).median, 0);
}

TEST(Quartiles, AreNotMovedByOneOutlier) {
  EXPECT_DOUBLE_EQ(quartiles({1, 1, 1, 1, 1000}).median, 1);
}

TEST(Sampler, TakesEverySampleAndAlternates) {
  std::string order;
  const auto task = [&order](char name, double seconds, int repetitions) {
    return Task{.name = std::string("task ") + name,
                .sample =
                    [&order, name, seconds] {
                      order += name;
                      return seconds;
                    },
                .repetitions = repetitions};
  };
  const auto samples = sample_interleaved({task('a', 1e-3, 20), task('b', 2e-6, 30)});
  ASSERT_EQ(samples.size(), 2U);
  ASSERT_EQ(samples[0].size(), 20U);
  ASSERT_EQ(samples[1].size(), 30U);
  EXPECT_NEAR(samples[0].front(), 1e-3, 1e-12);
  EXPECT_NEAR(samples[1].front(), 2e-6, 1e-12);
  EXPECT_FALSE(std::ranges::is_sorted(order) || std::ranges::is_sorted(order, std::greater<>()))
      << order;
}

TEST(Sampler, PassesOnWhatATaskThrows) {
  const Task bad{.name = "bad",
                 .sample = []() -> double { throw Error(ErrorCode::internal, "broken"); }};
  EXPECT_THROW(static_cast<void>(sample_interleaved({bad})), Error);
  const Task good{.name = "good", .sample = [] { return 1.0; }};
  EXPECT_EQ(sample_interleaved({good}).front().size(), 1U) << "and works again afterwards";
}

}  // namespace
}  // namespace carousel::bench
