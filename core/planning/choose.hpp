// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/planning/candidates.hpp"

#include <span>

namespace carousel::planning {

/// Times whose ratio is less than this count as equal. Then the order of priority decides, so that
/// plans do not depend on noise.
inline constexpr double kNearTie = 1.03;

/// The times of tilings other than the default one are multiplied with this: the default is well
/// chosen, and the memory address of a layer makes as much of a difference.
inline constexpr double kTilingHandicap = 1.03;

/// The share of a predicted time that may be too much when it is compared with others: the order of
/// priority is as good a guess as the cost model where that sees a difference of less than 5 %.
inline constexpr double kModelSpread = 0.02;

/// A time and the share of it that may be too much (`Timing::spread`).
struct KnownTime {
  double seconds = 0;
  double spread = 0;
};

/// Returns the index of the chosen one of some times in order of priority: the first that is not
/// certainly longer than the shortest by more than a near-tie. Times of 0 are unknown; if all are,
/// their number is returned.
[[nodiscard]] std::size_t pick(std::span<const KnownTime> times);

/// The plan that follows from the candidates' predicted (`PlanSource::model`) or measured times, of
/// those that are `judged_by_model` from predicted ones as far off as that of the fastest measured,
/// with a verdict on each candidate. If no time is known, the first candidate that runs is chosen.
[[nodiscard]] LayerPlan choose_by_time(const LayerSpec& spec, std::vector<Candidate> candidates,
                                       PlanSource source);

/// The plan of the first candidate that runs, whatever the times; `reason` says why.
[[nodiscard]] LayerPlan choose_first(const LayerSpec& spec, std::vector<Candidate> candidates,
                                     std::string reason);

/// The plan of a layer that no time is needed for: with a fixed plan, or as it is little work.
[[nodiscard]] LayerPlan choose_fixed(const World& world, const Problem& problem);

}  // namespace carousel::planning
