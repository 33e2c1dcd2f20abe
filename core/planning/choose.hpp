// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/planning/candidates.hpp"

#include <span>

namespace carousel::planning {

/// Times closer to each other than this are the same: the order of priority decides, so that plans
/// do not change with the noise.
inline constexpr double kNearTie = 1.03;

/// A tiling that is not the usual one counts as slower by this: the usual ones are well chosen, and
/// where in memory a layer happens to stand makes as much of a difference.
inline constexpr double kTilingHandicap = 1.03;

/// A time and the share of it that may be too much.
struct KnownTime {
  double seconds = 0;
  double spread = 0;
};

/// Which of the times, in order of priority, wins: the first that is not certain to be longer than
/// a near-tie of the shortest. Times of 0 take no part; returns their number when all are.
[[nodiscard]] std::size_t pick(std::span<const KnownTime> times);

/// The plan that follows from the candidates' predicted (`PlanSource::model`) or measured times;
/// writes everybody's verdict. Without any time the first that runs is chosen.
[[nodiscard]] LayerPlan choose_by_time(const LayerSpec& spec, std::vector<Candidate> candidates,
                                       PlanSource source);

/// The plan of the first candidate that runs, whatever the times; `reason` says why.
[[nodiscard]] LayerPlan choose_first(const LayerSpec& spec, std::vector<Candidate> candidates,
                                     std::string reason);

}  // namespace carousel::planning
