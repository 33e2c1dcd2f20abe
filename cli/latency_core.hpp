// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "workload.hpp"

#include <carousel/network.hpp>

#include <cstdint>
#include <vector>

/// Runs a network as an audio callback would: a few steps in every period, the rest of it asleep.
namespace carousel::cli {

struct LatencyOptions {
  double period = 0.0;     ///< seconds between calls, which is also the deadline
  double seconds = 5.0;    ///< to go on for
  std::int64_t block = 1;  ///< steps per call
};

struct LatencyReport {
  std::vector<double> times;  ///< seconds that each call took, ascending
  double latest_wake = 0.0;   ///< how late the system woke us at worst, in seconds
  std::int64_t missed = 0;    ///< calls that took longer than a period

  /// The least time that `fraction` of the calls did not exceed (nearest rank); 1: the maximum.
  [[nodiscard]] double percentile(double fraction) const noexcept;
};

/// Calls that took at most `limit` seconds and longer than the previous bucket's limit.
struct LatencyBucket {
  double limit = 0.0;
  std::int64_t count = 0;
};

/// Buckets with limits 1, 1.5, 2, 3, 5, 7 times powers of ten, from the fastest call's to the
/// slowest's, the empty ones between them included. `times` is ascending.
[[nodiscard]] std::vector<LatencyBucket> latency_histogram(const std::vector<double>& times);

/// Takes the workload's steps in order, over and over. Throws Error when a run is refused or a call
/// would need more steps than the workload has.
[[nodiscard]] LatencyReport measure_latency(const Network& network, const Workload& work,
                                            const LatencyOptions& options);

}  // namespace carousel::cli
