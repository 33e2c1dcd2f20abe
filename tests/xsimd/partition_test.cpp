// SPDX-License-Identifier: Apache-2.0
// How threads share a layer. Results do not depend on it (tests/unit/determinism_test.cpp).
#include "backends/xsimd/host/partition.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace carousel::simd {
namespace {

constexpr Kernels kKernels{.width = 16,
                           .max_rows = 6,
                           .dense_rows = 48,
                           .float32 = {},
                           .float16 = nullptr,
                           .bfloat16 = nullptr,
                           .int8 = nullptr,
                           .activate = nullptr};

Partition partition_of(std::int64_t hidden, std::int64_t batch, int threads) {
  const RecurrentSpec spec = make_spec(Cell::lstm, hidden, hidden);
  return partition(spec, kKernels, {.threads = threads}, batch);
}

TEST(Partition, OneThreadTakesAllRowsAtOnce) {
  for (const std::int64_t batch : {1, 4, 64}) {
    EXPECT_EQ(partition_of(64, batch, 1).jobs(), 1);
    EXPECT_EQ(partition_of(64, batch, 1).threads_per_job, 1);
  }
}

TEST(Partition, FewRowsOfShortStepsAreDealtOut) {
  EXPECT_EQ(partition_of(64, 2, 2).row_groups, 2);
  EXPECT_EQ(partition_of(64, 3, 2).rows_of_job(3), 2);
  EXPECT_EQ(partition_of(64, 4, 2).row_groups, 2);
  EXPECT_EQ(partition_of(64, 4, 2).threads_per_job, 1)
      << "a barrier after each step would take longer";
}

TEST(Partition, UnitsAreSharedWhereReadingAllWeightsForFewRowsTakesLonger) {
  EXPECT_EQ(partition_of(128, 2, 2).row_groups, 1);
  EXPECT_EQ(partition_of(128, 2, 2).threads_per_job, 2);
}

TEST(Partition, UnitsAreSharedWhereWeightsDoNotStayNear) {
  for (const std::int64_t batch : {1, 4, 64}) {
    EXPECT_EQ(partition_of(4096, batch, 2).row_groups, 1);
    EXPECT_EQ(partition_of(4096, batch, 2).threads_per_job, 2);
  }
}

TEST(Partition, ManyRowsOfShortStepsMakeMoreJobsThanThreads) {
  EXPECT_EQ(partition_of(16, 64, 2).row_groups, 8);
}

TEST(Partition, HeadsAreJobs) {
  RecurrentSpec spec = make_spec(Cell::slstm, 64, 512);
  spec.heads = 4;
  spec.direction = Direction::bidirectional;
  const Partition four_heads = partition(spec, kKernels, {.threads = 2}, 16);
  EXPECT_EQ(four_heads.heads, 8);
  EXPECT_EQ(four_heads.row_groups, 1) << "there are more heads than threads";
  EXPECT_EQ(four_heads.jobs(), 8);
  spec.heads = 1;
  EXPECT_LT(step_seconds(spec, 1), 1);
  RecurrentSpec of_heads = spec;
  of_heads.heads = 8;
  EXPECT_LT(8 * step_seconds(of_heads, 16), step_seconds(spec, 16)) << "fewer recurrent weights";
}

TEST(Partition, EachJobHasRows) {
  for (const std::int64_t hidden : {1, 16, 64, 128, 256}) {
    for (std::int64_t batch = 0; batch <= 40; ++batch) {
      for (int threads = 1; threads <= 9; ++threads) {
        const std::int64_t groups = partition_of(hidden, batch, threads).row_groups;
        EXPECT_GE(groups, 1);
        EXPECT_LE(groups, std::max<std::int64_t>(batch, 1));
      }
    }
  }
}

}  // namespace
}  // namespace carousel::simd
