// SPDX-License-Identifier: Apache-2.0
#include "core/measure/roofline.hpp"

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
  const std::vector<WorkingSet> sets = working_sets(features);
  for (std::size_t i = 1; i < sets.size(); ++i) EXPECT_GT(sets[i].bytes, sets[i - 1].bytes);
  ASSERT_GE(sets.size(), 3U);
  if (GetParam().l1 > 0) {
    EXPECT_LT(sets[0].bytes, GetParam().l1);
    EXPECT_GT(sets[1].bytes, GetParam().l1);
    EXPECT_LT(sets[1].bytes, GetParam().l2);
    EXPECT_GE(sets[2].bytes, GetParam().l2);
    EXPECT_LT(sets[sets.size() - 2].bytes, GetParam().l3);
  }
  EXPECT_GT(sets.back().bytes, GetParam().l3);
}

INSTANTIATE_TEST_SUITE_P(Cpus, WorkingSets,
                         testing::Values(Caches{32 * kKiB, kMiB, 32 * kMiB},
                                         Caches{48 * kKiB, 2 * kMiB, 260 * kMiB},
                                         Caches{32 * kKiB, 256 * kKiB, 4 * kMiB}, Caches{0, 0, 0}));

/// Of an LSTM, in each of so many directions.
std::vector<MatrixSizes> lstm(std::int64_t input, std::int64_t hidden,
                              std::int64_t directions = 1) {
  return {{.each_step = 4 * hidden * hidden, .once = 4 * hidden * input, .directions = directions}};
}

constexpr double kBytes64 = 4.0 * 4 * 64 * 64;

TEST(Roofline, TheLimitIsTheSlowerOfOperationsAndReads) {
  const Roofline machine{.isa = "test",
                         .flops_per_second = 100e9,
                         .peak_best = 400e9,
                         .reads = {{32 * kKiB, 200e9}, {64 * kKiB, 10e9}}};
  const std::vector<MatrixSizes> layers = lstm(64, 64);
  const auto least = [&](std::int64_t steps, std::int64_t batch, int threads) {
    return least_seconds(machine, passes(layers, steps, batch, threads));
  };
  const double flops = kBytes64 / 2 / 100e9;  // with one matrix, for one row; not at the best rate
  EXPECT_DOUBLE_EQ(least(1, 1, 1), 2 * kBytes64 / 10e9);
  EXPECT_DOUBLE_EQ(least(10, 1, 1), 10 * kBytes64 / 10e9 + std::max(10 * flops, kBytes64 / 10e9));
  EXPECT_DOUBLE_EQ(least(1, 1000, 1), 2 * 1000 * flops);
  EXPECT_DOUBLE_EQ(least(1, 1, 2), 2 * std::max(kBytes64 / 2 / 200e9, flops / 2));
}

TEST(Roofline, DirectionsProjectionsAndHeadsCount) {
  const Roofline machine{
      .isa = "test", .flops_per_second = 1e30, .peak_best = 0, .reads = {{kMiB, 1.0}}};
  const auto seconds = [&](const std::vector<MatrixSizes>& layers) {
    return least_seconds(machine, passes(layers, 3, 1));
  };
  EXPECT_DOUBLE_EQ(seconds(lstm(64, 64, 2)), 2 * (3 + 1) * kBytes64);
  std::vector<MatrixSizes> layers = lstm(64, 64);
  layers[0].each_step = 4 * 64 * 16 + 16 * 64;  // with a projection to 16
  EXPECT_DOUBLE_EQ(seconds(layers), 3 * (kBytes64 / 4 + 4.0 * 16 * 64) + kBytes64);
  layers.push_back({.each_step = 0, .once = 10 * 16});  // a head
  EXPECT_DOUBLE_EQ(seconds(layers), 3 * (kBytes64 / 4 + 4.0 * 16 * 64) + kBytes64 + 4.0 * 10 * 16);
  layers.push_back({});  // an embedding multiplies nothing
  EXPECT_EQ(passes(layers, 3, 1).size(), 3U);
}

TEST(Roofline, ReadsAreTakenFromTheSizeThatWasMeasuredForThem) {
  const std::vector<std::int64_t> sizes = read_sizes(passes(lstm(650, 650), 1, 1));
  ASSERT_EQ(sizes.size(), 1U) << "both matrices are of one size";
  EXPECT_GE(sizes[0], 4 * 4 * 650 * 650);
  EXPECT_LT(sizes[0], 4 * 4 * 650 * 650 + 4096);
  const std::int64_t half = read_sizes(passes(lstm(650, 650), 1, 1, 2)).at(0);
  EXPECT_GE(half, 4 * 2 * 650 * 650);
  EXPECT_LT(half, 4 * 2 * 650 * 650 + 4096);
  EXPECT_EQ(read_sizes(passes(lstm(1, 16), 1, 1)), std::vector<std::int64_t>{16 * kKiB});

  // 16 MiB of weights on a machine with more L3 than that: not the rate of all of L3.
  Roofline machine{.isa = "test", .flops_per_second = 1, .peak_best = 1, .reads = {}};
  for (const std::int64_t size : read_sizes(passes(lstm(512, 1024), 1, 1))) {
    machine.reads.push_back({size, static_cast<double>(size)});
  }
  EXPECT_DOUBLE_EQ(machine.bandwidth(4.0 * 4 * 1024 * 1024), 16 * kMiB);
  EXPECT_DOUBLE_EQ(machine.bandwidth(4.0 * 4 * 512 * 1024), 8 * kMiB);
  EXPECT_DOUBLE_EQ(machine.bandwidth(1e12), 16 * kMiB) << "the largest, beyond";
}

}  // namespace
}  // namespace carousel
