// SPDX-License-Identifier: Apache-2.0
#include "latency_core.hpp"

#include "workload_run.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <thread>

namespace carousel::cli {
namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

Clock::duration duration(double in_seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(in_seconds));
}

/// The stream and the block of the workload that is next.
class Callback {
 public:
  Callback(const Network& network, const Workload& work, std::int64_t block)
      : steps_(work.steps),
        block_(block),
        stream_(network.stream({.batch = work.batch, .max_steps = block})),
        run_(network, work, block) {}

  Status operator()() {
    const std::int64_t first = next_;
    next_ = next_ + 2 * block_ > steps_ ? 0 : next_ + block_;
    return run_(stream_, first);
  }

 private:
  std::int64_t steps_;
  std::int64_t block_;
  Stream stream_;
  WorkloadRun run_;
  std::int64_t next_ = 0;
};

/// The smallest of 1, 1.5, 2, 3, 5, 7 times a power of ten that is at least `value`.
double bucket_limit(double value) {
  constexpr std::array kSteps{1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0};
  const double decade = std::pow(10.0, std::floor(std::log10(value)));
  for (const double step : kSteps) {
    if (value <= step * decade) return step * decade;
  }
  return 10.0 * decade;
}

}  // namespace

double LatencyReport::percentile(double fraction) const noexcept {
  if (times.empty()) return 0.0;
  const double rank = std::ceil(fraction * static_cast<double>(times.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return times[std::min(index, times.size() - 1)];
}

std::vector<LatencyBucket> latency_histogram(const std::vector<double>& times) {
  constexpr double kLeast = 1e-9;  // the clock's own grain; has a logarithm
  std::vector<LatencyBucket> buckets;
  for (const double time : times) {
    const double value = std::max(time, kLeast);
    if (buckets.empty()) buckets.push_back({bucket_limit(value), 0});
    while (value > buckets.back().limit) {
      buckets.push_back({bucket_limit(buckets.back().limit * 1.01), 0});
    }
    ++buckets.back().count;
  }
  return buckets;
}

LatencyReport measure_latency(const Network& network, const Workload& work,
                              const LatencyOptions& options) {
  if (options.block > work.steps) {
    throw Error(ErrorCode::invalid_argument, "--block " + std::to_string(options.block) +
                                                 " is more than the " + std::to_string(work.steps) +
                                                 " steps there are");
  }
  const auto calls = std::max<std::int64_t>(1, std::llround(options.seconds / options.period));
  Callback callback(network, work, options.block);
  LatencyReport report;
  report.times.reserve(static_cast<std::size_t>(calls));

  const auto call = [&] {
    if (const Status status = callback(); !status)
      throw Error(ErrorCode::invalid_argument, status.message());
  };
  for (int i = 0; i < 8; ++i) call();  // caches filled, clocks up

  const auto period = std::max(duration(options.period), Clock::duration(1));
  Clock::time_point wake = Clock::now();
  for (std::int64_t i = 0; i < calls; ++i) {
    std::this_thread::sleep_until(wake);
    const Clock::time_point start = Clock::now();
    call();
    const Clock::time_point end = Clock::now();
    report.times.push_back(seconds(end - start));
    report.latest_wake = std::max(report.latest_wake, seconds(start - wake));
    // As a sound card does: periods that have passed are lost, the next one is the one to catch.
    wake += period * ((end - wake) / period + 1);
  }
  report.missed =
      std::ranges::count_if(report.times, [&](double time) { return time > options.period; });
  std::ranges::sort(report.times);
  return report;
}

}  // namespace carousel::cli
