// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/planning/candidates.hpp"
#include "core/planning/measure.hpp"

#include <functional>
#include <vector>

namespace carousel::planning {

struct ContestOptions {
  double seconds = 0.5;  ///< for all candidates together, about; packing them comes on top
  Clock now = steady_seconds;
  std::function<void(double done)> progress = {};  ///< share that is done
};

/// Times the candidates on the layer itself; gives them their times, or the reason why they have
/// none. The first round has all with their usual tiling, apart from those without hope; where
/// backends have other tilings, a second round has those that were not clearly behind and the
/// tilings of the two fastest, as many as there is time for. The others have neither time nor
/// verdict then.
void hold_contest(const Problem& problem, const ContestOptions& options,
                  std::vector<Candidate>& candidates);

}  // namespace carousel::planning
