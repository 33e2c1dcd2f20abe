// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

/// Times ways to do the same work against each other. Knows nothing of layers, and the clock is the
/// caller's, so that tests need none.
namespace carousel::planning {

/// Seconds since some moment.
using Clock = std::function<double()>;

/// The monotonic clock.
[[nodiscard]] double steady_seconds();

struct Contender {
  /// Does the first `steps` steps of the work.
  std::function<void(std::int64_t steps)> run;
  /// Called when it leaves before the others, to free what it holds. May be empty.
  std::function<void()> release = {};
};

struct MeasureOptions {
  double seconds = 0.5;    ///< for all contenders together, about
  std::int64_t steps = 1;  ///< of the work
  /// Runs of fewer steps would tell little: what is done once for several steps would stand out.
  std::int64_t least_steps = 1;
  Clock now = steady_seconds;
  std::function<void(double done)> progress = {};  ///< share that is done
};

/// Rounds that those which are close to each other run at least, whatever time it takes.
inline constexpr std::size_t kFewRounds = 6;

struct Timing {
  double seconds = 0;      ///< of the whole work; 0: it was never timed
  double spread = 0;       ///< share of `seconds` that may be too much, against the fastest
  std::size_t rounds = 0;  ///< that it took part in
};

/// One timing for each contender. They take turns, so that what disturbs the machine meets all of
/// them; short runs are done untimed before, as often as in the sample, which brings weights and
/// code into the caches and wakes threads. The fastest one's time is the lower quartile of its
/// rounds, not the minimum: that is what a lucky moment gives. The others' are this times the
/// median of their ratios to it, round by round, so that a machine that gets slower meanwhile
/// favours nobody. A contender clearly behind leaves early, with the lower quartile of its own
/// rounds; the last one left is not timed for longer than needed. Work that does not fit into the
/// time is shortened to its first steps and scaled.
[[nodiscard]] std::vector<Timing> measure(const std::vector<Contender>& contenders,
                                          const MeasureOptions& options);

/// The median of some ratios, and how far below it they may be centred in truth.
struct MedianRatio {
  double median = 1;
  double lower = 1;  ///< the median of the population is below this once in forty times
};

/// Supposes nothing about how the ratios scatter: of n, half a square root of n places below the
/// middle, twice (the sign test). Few are not enough for that, and it goes on below the least.
[[nodiscard]] MedianRatio median_ratio(std::vector<double> ratios);

}  // namespace carousel::planning
