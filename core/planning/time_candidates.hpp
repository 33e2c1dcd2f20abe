// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/planning/candidates.hpp"
#include "core/planning/measure.hpp"

#include <functional>
#include <vector>

namespace carousel::planning {

struct TimingOptions {
  double seconds = 0.5;  ///< about how long to time all candidates together, without preparing them
  /// Time also the candidates that are predicted to be far slower than the best.
  bool slow_ones = false;
  Clock now = steady_seconds;
  std::function<void(double done)> progress = {};  ///< called with the share that is done
};

/// Runs the layer with each candidate and sets its time, or a verdict that says why it has none.
/// The first round times the default tilings of all candidates that are not predicted to be far
/// slower than the best. If backends have other tilings, a second round times the candidates that
/// were not clearly slower, and the other tilings of the fastest, as many as there is time for.
/// Tilings that are not timed have no verdict.
void time_candidates(const Problem& problem, const TimingOptions& options,
                     std::vector<Candidate>& candidates);

}  // namespace carousel::planning
