// SPDX-License-Identifier: Apache-2.0
#include "core/measure/limits.hpp"
#include <suite.hpp>

#include <gtest/gtest.h>

#include <map>

namespace carousel {
namespace {

/// Gives out these seconds in turn, by bytes.
LimitSampler script(std::map<std::int64_t, std::vector<double>> seconds) {
  return [seconds, at = std::map<std::int64_t, std::size_t>()](std::int64_t bytes) mutable {
    const std::vector<double>& list = seconds.at(bytes);
    return list[at[bytes]++ % list.size()];
  };
}

TEST(Limits, AreMediansAndKnowTheirBest) {
  Limits limits({4096, 8192}, script({{0, {4, 1, 2}}, {4096, {0.5}}, {8192, {8, 4, 16}}}));
  ASSERT_EQ(limits.count(), 3U);
  EXPECT_EQ(limits.sample(0), 4);
  for (int i = 0; i < 2; ++i) limits.sample(0);
  for (int i = 0; i < 3; ++i) limits.sample(2);
  limits.sample(1);
  const Roofline roofline = limits.medians();
  EXPECT_FALSE(roofline.isa.empty());
  EXPECT_DOUBLE_EQ(roofline.flops_per_second, 0.5);
  EXPECT_DOUBLE_EQ(roofline.peak_best, 1);
  ASSERT_EQ(roofline.reads.size(), 2U);
  EXPECT_EQ(roofline.reads[0].bytes, 4096);
  EXPECT_DOUBLE_EQ(roofline.reads[0].bytes_per_second, 2);
  EXPECT_DOUBLE_EQ(roofline.reads[1].bytes_per_second, 0.125);
}

TEST(Limits, ForgetAndThenKnowNothing) {
  Limits limits({4096}, script({{0, {1, 10}}, {4096, {1, 10}}}));
  limits.sample_all();
  limits.forget();
  EXPECT_EQ(limits.medians().flops_per_second, 0);
  EXPECT_EQ(limits.medians().peak_best, 0);
  limits.sample_all();
  EXPECT_DOUBLE_EQ(limits.medians().flops_per_second, 0.1);
  EXPECT_DOUBLE_EQ(limits.medians().reads.at(0).bytes_per_second, 0.1);
}

// On every machine, at every level: it once read past its memory where the L3 cache is huge.
TEST(Limits, OfThisCoreArePlausible) {
  std::vector<std::int64_t> sizes;
  for (const WorkingSet& set : working_sets(cpu())) sizes.push_back(set.bytes);
  Limits limits(sizes, core_sampler(sizes.back(), 1e-4));
  limits.sample_all();
  const Roofline roofline = limits.medians();
  EXPECT_GT(roofline.flops_per_second, 1e8);
  EXPECT_DOUBLE_EQ(roofline.flops_per_second, roofline.peak_best);
  for (const ReadRate& rate : roofline.reads) EXPECT_GT(rate.bytes_per_second, 1e7) << rate.bytes;
}

TEST(Limits, SamplesAreAsLongAsRunsWithinReason) {
  EXPECT_DOUBLE_EQ(limit_sample_seconds(1e-6), 1e-3);
  EXPECT_DOUBLE_EQ(limit_sample_seconds(5e-3), 5e-3);
  EXPECT_DOUBLE_EQ(limit_sample_seconds(10), 10e-3);
}

TEST(RooflineKeeper, ShowsTheMedianOfTheShapesPeaksAndTheBestOfAll) {
  bench::RooflineKeeper keeper([](std::int64_t bytes) { return bytes == 0 ? 0.25 : 0.5; });
  EXPECT_DOUBLE_EQ(keeper.roofline().flops_per_second, 4) << "nothing better is known yet";
  for (const double peak : {3.0, 1.0, 2.0}) {
    keeper.take({.isa = "test", .flops_per_second = peak, .peak_best = 2 * peak, .reads = {}});
  }
  EXPECT_DOUBLE_EQ(keeper.roofline().flops_per_second, 2);
  EXPECT_DOUBLE_EQ(keeper.roofline().peak_best, 6);
  EXPECT_EQ(keeper.roofline().reads.size(), working_sets(cpu()).size());
  EXPECT_DOUBLE_EQ(keeper.roofline().reads.front().bytes_per_second, 2);
}

}  // namespace
}  // namespace carousel
