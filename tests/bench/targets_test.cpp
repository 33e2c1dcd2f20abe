// SPDX-License-Identifier: Apache-2.0
#include <print.hpp>
#include <results.hpp>
#include <targets.hpp>

#include <algorithm>
#include <gtest/gtest.h>
#include <sstream>

namespace carousel::bench {
namespace {

const PeerTimes kPeers{.onednn26_t1 = 10e-3,
                       .onednn312_t1 = 8e-3,
                       .onednn312_t2 = 4e-3,
                       .best_t1 = 6e-3,
                       .best_t2 = 3e-3,
                       .approx_t1 = 2e-3,
                       .best_t1_peer = "ort",
                       .best_t2_peer = "torch"};

/// This machine takes half as long as that of the table.
TargetInputs inputs(int threads) {
  return {.threads = threads,
          .least_seconds = 1e-3,
          .flops_per_second = 100e9,
          .onednn_is_2 = false,
          .onednn_t1 = 4e-3,
          .onednn = threads == 1 ? 4e-3 : 2e-3,
          .onnxruntime = {},
          .xsimd_t1 = 3e-3};
}

Shape shape(std::int64_t hidden, std::int64_t batch) {
  return {.name = "s",
          .input = hidden,
          .hidden = hidden,
          .layers = 1,
          .bidirectional = false,
          .steps = 100,
          .batch = batch};
}

double seconds_of(const std::vector<Criterion>& criteria, const std::string& text) {
  const auto found = std::ranges::find(criteria, text, &Criterion::text);
  return found == criteria.end() ? 0 : found->seconds;
}

TEST(Targets, PeerTimesAreScaledByOneDnnOfTheSameVersion) {
  EXPECT_NEAR(seconds_of_best_peer(kPeers, inputs(1)).value(), 3e-3, 1e-12);
  EXPECT_NEAR(seconds_of_best_peer(kPeers, inputs(2)).value(), 1.5e-3, 1e-12);
  TargetInputs old = inputs(1);
  old.onednn_is_2 = true;
  EXPECT_NEAR(seconds_of_best_peer(kPeers, old).value(), 6e-3 * 4 / 10, 1e-12);
  old.threads = 2;
  EXPECT_NEAR(seconds_of_best_peer(kPeers, old).value(), 3e-3 * 4 / 10, 1e-12)
      << "no two-thread column for 2.6: scaled by one-thread times";
}

TEST(Targets, WithoutOneDnnThereIsNoPeerButTheRooflineStays) {
  TargetInputs alone = inputs(1);
  alone.onednn_t1.reset();
  alone.onednn.reset();
  EXPECT_FALSE(seconds_of_best_peer(kPeers, alone).has_value());
  const auto demands = criteria(shape(128, 1), kPeers, alone);
  ASSERT_EQ(demands.size(), 1U);
  EXPECT_EQ(demands.front().text, "≥ 92 % of roofline");
  EXPECT_NEAR(demands.front().seconds, 1e-3 / 0.92, 1e-12);
}

TEST(Targets, AMeasuredOnnxRuntimeReplacesItsScaledTime) {
  EXPECT_EQ(best_peer(kPeers, inputs(1)).value().name, "ort") << "3 ms by the table";
  TargetInputs measured = inputs(1);
  measured.onnxruntime = 3.5e-3;
  EXPECT_EQ(best_peer(kPeers, measured).value().name, "onnxruntime");
  EXPECT_NEAR(best_peer(kPeers, measured).value().seconds, 3.5e-3, 1e-12);
  EXPECT_NEAR(seconds_of(criteria(shape(16, 1), kPeers, measured), "≤ 0.70 × onnxruntime"),
              0.7 * 3.5e-3, 1e-12);
  measured.onnxruntime = 5e-3;
  EXPECT_EQ(best_peer(kPeers, measured).value().name, "onednn") << "4 ms, measured beside it";
}

TEST(Targets, AThirdEngineStaysTheBestPeerByItsScaledTime) {
  TargetInputs measured = inputs(2);
  measured.onnxruntime = 1.8e-3;
  EXPECT_EQ(best_peer(kPeers, measured).value().name, "torch") << "1.5 ms by the table";
  measured.onnxruntime = 1.4e-3;
  EXPECT_EQ(best_peer(kPeers, measured).value().name, "onnxruntime");
}

TEST(Targets, SmallNetworksMustBeatTheBestPeersClearly) {
  const auto demands = criteria(shape(16, 1), kPeers, inputs(1));
  EXPECT_NEAR(seconds_of(demands, "≤ 0.70 × ort"), 2.1e-3, 1e-12);
  EXPECT_NEAR(seconds_of(demands, "≤ best approximate peer"), 1e-3, 1e-12);
  EXPECT_NEAR(tightest(demands)->seconds, 1e-3, 1e-12);
  EXPECT_NEAR(seconds_of(criteria(shape(32, 16), kPeers, inputs(1)), "≤ 0.60 × ort"), 1.8e-3,
              1e-12);
  EXPECT_NEAR(seconds_of(criteria(shape(128, 4), kPeers, inputs(2)), "≤ 0.90 × torch"), 1.35e-3,
              1e-12);
}

TEST(Targets, Hidden64TakesTheSlowerOfPeakAndPeer) {
  const Shape big = shape(64, 64);  // 419 MFLOP: 4.7 ms at 90 % of 100 GFLOP/s
  EXPECT_NEAR(seconds_of(criteria(big, kPeers, inputs(1)), "≥ 90 % of FMA peak"),
              big.flops() / 90e9, 1e-9);
  EXPECT_NEAR(seconds_of(criteria(shape(64, 4), kPeers, inputs(1)), "≤ 0.80 × ort"), 2.4e-3, 1e-12);
}

TEST(Targets, TwoThreadsMustPayOff) {
  EXPECT_NEAR(seconds_of(criteria(shape(256, 1), kPeers, inputs(2)), "≥ 1.8 × 1 thread"),
              3e-3 / 1.8, 1e-12);
  EXPECT_NEAR(seconds_of(criteria(shape(512, 16), kPeers, inputs(2)), "≥ 1.9 × 1 thread"),
              3e-3 / 1.9, 1e-12);
  EXPECT_NEAR(seconds_of(criteria(shape(32, 4), kPeers, inputs(2)), "≤ 1 thread + 5 % noise"),
              3.15e-3, 1e-12);
  Shape stacked = shape(650, 20);
  stacked.layers = 2;
  EXPECT_NEAR(seconds_of(criteria(stacked, kPeers, inputs(2)), "≤ 0.80 × torch"), 1.2e-3, 1e-12);
}

TEST(Targets, TheVerdictFollowsTheTightestDemand) {
  Verdict verdict{.shape = "s", .threads = 1, .xsimd = 2.0, .onednn = 1.0, .criteria = {}};
  EXPECT_TRUE(verdict.met()) << "nothing was demanded";
  verdict.criteria = {{"a", 3.0}, {"b", 2.5}};
  EXPECT_TRUE(verdict.met());
  EXPECT_DOUBLE_EQ(verdict.allowed(), 2.5);
  verdict.criteria.push_back({"c", 1.9});
  EXPECT_FALSE(verdict.met());
}

TEST(Targets, SomeAllowLessThanTheRoofline) {
  Results results;
  results.verdicts = {{.shape = "s",
                       .threads = 1,
                       .xsimd = 2.0,
                       .least_seconds = 1.5,
                       .criteria = {{"a", 1.9}, {"b", 1.4}}}};
  EXPECT_FALSE(results.verdicts[0].beyond_roofline({"a", 1.9}));
  EXPECT_TRUE(results.verdicts[0].beyond_roofline({"b", 1.4}));
  std::ostringstream out;
  print_comparison(results, out);
  const auto has = [&](const std::string& text) {
    return out.str().find(text) != std::string::npos;
  };
  EXPECT_TRUE(
      has("a (1.90 s, took 1.05 times that); b (1.40 s, took 1.43 times that, the roofline "
          "1.50 s)"))
      << out.str();
  EXPECT_TRUE(has("0 of 1 targets met; 1 of the others allows less time than the roofline"));
}

}  // namespace
}  // namespace carousel::bench
