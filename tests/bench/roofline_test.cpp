// SPDX-License-Identifier: Apache-2.0
#include <roofline.hpp>

#include <gtest/gtest.h>

namespace carousel {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;

struct Caches {
  std::int64_t l1, l2, l3;
};

class WorkingSets : public testing::TestWithParam<Caches> {};

TEST_P(WorkingSets, FitTheirLevelAndNotTheOneBefore) {
  CpuFeatures features;
  features.l1d_bytes = GetParam().l1;
  features.l2_bytes = GetParam().l2;
  features.l3_bytes = GetParam().l3;
  std::int64_t before = 0;
  const std::vector<WorkingSet> sets = working_sets(features);
  for (const WorkingSet& set : sets) {
    EXPECT_GT(set.bytes, before) << set.name;
    EXPECT_TRUE(set.capacity_bytes == 0 || set.bytes <= set.capacity_bytes) << set.name;
    before = set.capacity_bytes > 0 ? std::max(before, set.bytes) : before;
  }
  EXPECT_EQ(sets.back().capacity_bytes, 0);
  EXPECT_GE(sets.back().bytes, GetParam().l3);
}

INSTANTIATE_TEST_SUITE_P(Cpus, WorkingSets,
                         testing::Values(Caches{32 * kKiB, kMiB, 32 * kMiB},
                                         Caches{48 * kKiB, 2 * kMiB, 260 * kMiB},
                                         Caches{32 * kKiB, 256 * kKiB, 4 * kMiB}, Caches{0, 0, 0}));

// On every machine: it once read past its memory where the L3 cache is huge.
TEST(Roofline, HasEveryLevel) {
  const Roofline roofline = measure_roofline(0.01);
  EXPECT_GT(roofline.flops_per_second, 0);
  ASSERT_EQ(roofline.levels.size(), working_sets(cpu()).size());
  for (const MemoryLevel& level : roofline.levels) EXPECT_GT(level.bytes_per_second, 0);
}

}  // namespace
}  // namespace carousel
