// SPDX-License-Identifier: Apache-2.0
#include <group.hpp>
#include <print.hpp>

#include <gtest/gtest.h>

#include <map>
#include <sstream>

namespace carousel::bench {
namespace {

Shape small_shape() {
  return {.name = "small",
          .input = 8,
          .hidden = 8,
          .layers = 1,
          .bidirectional = false,
          .steps = 10,
          .batch = 1};
}

Settings scalar_only() {
  Settings settings;
  settings.backends = {"scalar"};
  settings.most_repetitions = 5;
  return settings;
}

TEST(Group, LimitsAreSampledWithTheBackendsAndJudgedByTheirMedian) {
  const Work work(small_shape());
  std::map<std::int64_t, int> calls;
  const auto sampler = [&calls](std::int64_t bytes) {
    const bool first = calls[bytes]++ == 0;  // a peak that nothing reaches again
    return bytes == 0 ? (first ? 1e-12 : 1e-9) : 2e-9;
  };
  Group group(work, 1, scalar_only(), sampler);
  EXPECT_TRUE(calls.empty()) << "preparing samples nothing";
  group.measure(0.01);
  ASSERT_EQ(calls.size(), 2U) << "the peak, and reads of the one size that both matrices have";
  EXPECT_GE(calls.at(0), 5);
  EXPECT_EQ(calls.at(0), calls.at(16 * 1024));
  ASSERT_EQ(group.measurements().size(), 1U);
  const Measurement& measurement = group.measurements().front();
  EXPECT_GT(measurement.seconds.median, 0);
  EXPECT_DOUBLE_EQ(measurement.roofline.flops_per_second, 1e9);
  EXPECT_DOUBLE_EQ(measurement.roofline.peak_best, 1e12);
  EXPECT_NEAR(measurement.least_seconds, 10 * 1024 * 2e-9 + 10 * 512e-9, 1e-12);
}

TEST(Group, EachMeasuringForgetsTheLimitsOfTheOneBefore) {
  const Work work(small_shape());
  double seconds = 1e-9;
  Group group(work, 1, scalar_only(), [&seconds](std::int64_t /*bytes*/) { return seconds; });
  group.measure(0.01);
  seconds = 4e-9;
  group.measure(0.01);
  EXPECT_DOUBLE_EQ(group.measurements().front().roofline.flops_per_second, 0.25e9);
}

TEST(Group, SeveralThreadsHaveOneThreadBesideThem) {
  const Work work(small_shape());
  Settings settings = scalar_only();
  settings.backends = {"scalar", "xsimd"};
  const auto sampler = [](std::int64_t /*bytes*/) { return 1e-9; };
  for (const int threads : {1, 2}) {
    Group group(work, threads, settings, sampler);
    group.measure(0.01);
    ASSERT_EQ(group.measurements().size(), 2U) << "no measurement of its own";
    EXPECT_EQ(group.measurements()[0].one_thread_seconds, 0);
    EXPECT_EQ(group.measurements()[1].one_thread_seconds > 0, threads > 1);
  }
}

TEST(Group, SaysSoWhereTheCoreWasShared) {
  const Work work(small_shape());
  double read = 1e-9;
  QuietCore quiet(0, [&read](std::int64_t bytes) { return bytes == 0 ? 1e-9 : read; });
  for (const bool shared : {false, true}) {
    if (shared) read *= 1.4;
    Group group(
        work, 1, scalar_only(), [](std::int64_t /*bytes*/) { return 1e-9; }, &quiet);
    group.measure(0.01);
    const Measurement& measurement = group.measurements().front();
    EXPECT_EQ(measurement.disturbed_share, shared ? 1 : 0);
    EXPECT_EQ(measurement.slow_state, shared);
  }
}

TEST(Group, TheNoteTellsWhatWasSlow) {
  const auto printed = [](double disturbed_share, double core_share = 1) {
    Results results;
    results.shapes = {small_shape()};
    Measurement measurement;
    measurement.shape = "small";
    measurement.threads = 2;
    measurement.seconds = {1, 1, 1};
    measurement.round_trip_ns = 340;
    measurement.disturbed_share = disturbed_share;
    measurement.core_share = core_share;
    measurement.slow_state = true;
    results.measurements = {measurement};
    std::ostringstream out;
    print_measurements(results, out);
    return out.str();
  };
  EXPECT_NE(printed(0.1).find("slow: 340 ns between cores"), std::string::npos);
  EXPECT_NE(printed(0.9).find("slow: 90 % of samples on a shared core"), std::string::npos);
  EXPECT_NE(printed(0.1, 0.51).find("slow: 51 % of a core for each"), std::string::npos);
}

TEST(Group, WithoutABackendThereIsNothingToSample) {
  const Work work(small_shape());
  Settings settings = scalar_only();
  settings.backends = {"nonsense"};
  int calls = 0;
  Group group(work, 1, settings, [&calls](std::int64_t /*bytes*/) {
    ++calls;
    return 1.0;
  });
  group.measure(0.01);
  EXPECT_EQ(calls, 0);
  EXPECT_FALSE(group.measurements().front().ran());
}

}  // namespace
}  // namespace carousel::bench
