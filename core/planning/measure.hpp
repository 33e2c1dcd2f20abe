// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

/// Times several ways to do the same work against each other. It knows nothing of layers, and the
/// caller gives the clock, so that tests can make up time.
namespace carousel::planning {

/// Returns the seconds since a fixed moment.
using Clock = std::function<double()>;

/// The monotonic clock.
[[nodiscard]] double steady_seconds();

/// One of the ways to do the work.
struct Subject {
  /// Does the first `steps` steps of the work.
  std::function<void(std::int64_t steps)> run;
  /// Called when it is no longer timed, to free its memory before the others end. May be empty.
  std::function<void()> release = {};
};

struct MeasureOptions {
  double seconds = 0.5;    ///< about how long to time, for all subjects together
  std::int64_t steps = 1;  ///< steps of the whole work
  /// The fewest steps that a timed run may have, because some work is done once for several steps.
  std::int64_t least_steps = 1;
  Clock now = steady_seconds;
  std::function<void(double done)> progress = {};  ///< called with the share that is done
};

/// The fewest rounds of subjects that are close to each other, whatever time they take.
inline constexpr std::size_t kFewRounds = 6;

struct Timing {
  double seconds = 0;      ///< seconds of the whole work; 0: it was never timed
  double spread = 0;       ///< the share of `seconds` that may be too much, relative to the fastest
  std::size_t rounds = 0;  ///< the rounds that it took part in
};

/// Returns a timing for each subject. In each round all of them run once, so that a disturbance of
/// the machine affects all. Short runs are preceded by an untimed run of the same length, which
/// brings weights and code into the caches and wakes threads.
///
/// The time of the fastest subject is the lower quartile of its rounds. (The minimum would be what
/// a lucky moment gives.) The time of another one is this time multiplied with the median of the
/// ratios between the two in each round, so that a machine that becomes slower meanwhile favours
/// none. A subject that is clearly slower stops early and gets the lower quartile of its own
/// rounds. If one subject is left, the time is not used up. Work that does not fit into the time is
/// shortened to its first steps, and the result is scaled.
[[nodiscard]] std::vector<Timing> measure(const std::vector<Subject>& subjects,
                                          const MeasureOptions& options);

/// The median of a sample of ratios and a lower confidence bound of the population's median.
struct MedianRatio {
  double median = 1;
  double lower = 1;  ///< the population's median is below this with a probability of 1/40
};

/// The bound of the sign test, which assumes nothing about the distribution: of n sorted ratios,
/// the one that is sqrt(n) places below the middle. If there are too few for that, the bound is
/// extrapolated below the least ratio.
[[nodiscard]] MedianRatio median_ratio(std::vector<double> ratios);

}  // namespace carousel::planning
