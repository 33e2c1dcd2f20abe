// SPDX-License-Identifier: Apache-2.0
// `carousel latency`: its arithmetic, and the command from outside.
#include "command_runner.hpp"
#include "latency_core.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <numeric>

namespace carousel::cli_test {
namespace {

using cli::latency_histogram;
using cli::LatencyBucket;
using cli::LatencyReport;

TEST(Latency, PercentilesAreNearestRanks) {
  LatencyReport report;
  EXPECT_EQ(report.percentile(0.5), 0.0);
  report.times.resize(1000);
  std::iota(report.times.begin(), report.times.end(), 1.0);
  EXPECT_EQ(report.percentile(0.0), 1.0);
  EXPECT_EQ(report.percentile(0.5), 500.0);
  EXPECT_EQ(report.percentile(0.99), 990.0);
  EXPECT_EQ(report.percentile(0.999), 999.0);
  EXPECT_EQ(report.percentile(1.0), 1000.0);
  report.times = {7.0};
  EXPECT_EQ(report.percentile(0.5), 7.0);
}

TEST(Latency, BucketsHoldEveryCallOnce) {
  const std::vector<double> times{0.0, 9e-7, 1.2e-6, 1.4e-6, 1.6e-6, 7.1e-6, 3e-3, 0.9, 1.0, 42.0};
  const auto buckets = latency_histogram(times);
  std::int64_t total = 0;
  double below = -1.0;
  for (const LatencyBucket& bucket : buckets) {
    EXPECT_GT(bucket.limit, below);
    const auto inside = [&](double time) { return time > below && time <= bucket.limit; };
    EXPECT_EQ(bucket.count, std::count_if(times.begin(), times.end(), inside)) << bucket.limit;
    below = bucket.limit;
    total += bucket.count;
  }
  EXPECT_EQ(total, static_cast<std::int64_t>(times.size()));
  EXPECT_GT(buckets.front().count, 0);
  EXPECT_GT(buckets.back().count, 0);
  EXPECT_TRUE(latency_histogram({}).empty());
}

cli::Workload small_work(std::int64_t steps) {
  cli::Workload work;
  work.model = cli::random_model({.input = 3, .hidden = 8, .steps = steps, .batch = 2}, 1);
  work.steps = steps;
  work.batch = 2;
  work.inputs.push_back({.about = model_inputs(work.model).front(),
                         .x = std::vector<float>(static_cast<std::size_t>(steps * 2 * 3), 0.5F)});
  return work;
}

TEST(Latency, MakesOneCallPerPeriod) {
  const cli::Workload work = small_work(10);
  const Network network = prepare(work.model, {.backend = "scalar"});
  const auto report =
      cli::measure_latency(network, work, {.period = 1e-3, .seconds = 0.05, .block = 3});
  EXPECT_EQ(report.times.size(), 50U);
  EXPECT_TRUE(std::is_sorted(report.times.begin(), report.times.end()));
  EXPECT_GT(report.times.front(), 0.0);
  EXPECT_GE(report.latest_wake, 0.0);
}

TEST(Latency, MissedDeadlinesAreCounted) {
  const cli::Workload work = small_work(64);
  const Network network = prepare(work.model, {.backend = "scalar"});
  const auto report =
      cli::measure_latency(network, work, {.period = 1e-9, .seconds = 2e-8, .block = 64});
  EXPECT_EQ(report.times.size(), 20U);
  EXPECT_EQ(report.missed, 20);
}

TEST(Latency, ABlockBeyondTheWorkIsRefused) {
  const cli::Workload work = small_work(4);
  const Network network = prepare(work.model, {.backend = "scalar"});
  EXPECT_THROW(
      (void)cli::measure_latency(network, work, {.period = 1e-3, .seconds = 0.01, .block = 5}),
      Error);
}

TEST(Latency, PrintsHistogramAndPercentiles) {
  // A period that no machine's hiccups reach, so that the exit code is known.
  const CommandResult result = carousel({"latency", "--shape", "4,8,16,1", "--period-us", "5000000",
                                         "--seconds", "0.001", "--backend", "scalar"});
  EXPECT_EQ(result.code, 0) << result.err;
  for (const char* word : {"up to", "p50", "p99", "p99.9", "max", "deadline", "5.00 s", "scalar",
                           "0 of 1 calls missed the deadline"}) {
    EXPECT_NE(result.out.find(word), std::string::npos) << "no '" << word << "' in:\n"
                                                        << result.out;
  }
}

TEST(Latency, JsonHasTheSame) {
  const CommandResult result =
      carousel({"latency", "--shape", "4,8,16,2", "--period-us", "500", "--block", "4", "--seconds",
                "0.05", "--backend", "scalar", "--json"});
  const nlohmann::json json = result.json();
  EXPECT_EQ(json["calls"], 100);
  EXPECT_EQ(json["block"], 4);
  EXPECT_EQ(json["batch"], 2);
  EXPECT_DOUBLE_EQ(json["period_seconds"].get<double>(), 500e-6);
  EXPECT_EQ(result.code, json["missed"].get<int>() > 0 ? 1 : 0);
  EXPECT_LE(json["p50"].get<double>(), json["p99"].get<double>());
  EXPECT_LE(json["p99"].get<double>(), json["p99.9"].get<double>());
  EXPECT_LE(json["p99.9"].get<double>(), json["max"].get<double>());
  std::int64_t total = 0;
  for (const auto& bucket : json["histogram"]) total += bucket["count"].get<std::int64_t>();
  EXPECT_EQ(total, 100);
}

TEST(Latency, ImpossibleDeadlinesGiveExitCodeOne) {
  const CommandResult result =
      carousel({"latency", "--shape", "64,256,64,1", "--period-us", "100", "--block", "64",
                "--seconds", "0.001", "--backend", "scalar"});
  EXPECT_EQ(result.code, 1) << result.out;
}

TEST(Latency, RunsOnIds) {
  TemporaryFolder folder;
  save_language_model(folder.file("lm.safetensors"), {"a", "b", "c"});
  const CommandResult result = carousel(
      {"latency", folder.file("lm.safetensors"), "--period-us", "5000000", "--seconds", "0.001"});
  EXPECT_EQ(result.code, 0) << result.err;
}

TEST(Latency, UsageErrors) {
  EXPECT_EQ(carousel({"latency", "--shape", "4,4,4,1"}).code, 2);
  EXPECT_EQ(carousel({"latency", "--shape", "4,4,4,1", "--period-us", "0"}).code, 2);
  EXPECT_EQ(carousel({"latency", "--period-us", "10"}).code, 2);
  EXPECT_EQ(carousel({"latency", "--shape", "4,4,4,1", "--period-us", "10", "--block", "9"}).code,
            2);
}

}  // namespace
}  // namespace carousel::cli_test
