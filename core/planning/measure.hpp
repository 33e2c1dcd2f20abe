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
  /// Called once, when it will not be run again: frees what it holds. May be empty.
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

struct Timing {
  double seconds = 0;      ///< of the whole work: the lower quartile of its rounds
  std::size_t rounds = 0;  ///< that it took part in
};

/// One timing for each contender. They take turns, so that what disturbs the machine meets all of
/// them; a short run is done once untimed before, which brings weights and code into the caches.
/// The lower quartile is told, not the minimum: that is what a lucky moment gives. A contender far
/// behind leaves early; the last one left is not timed for longer than needed. Work that does not
/// fit into the time is cut to its first steps and scaled.
[[nodiscard]] std::vector<Timing> measure(const std::vector<Contender>& contenders,
                                          const MeasureOptions& options);

}  // namespace carousel::planning
