// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace carousel::onednn {

/// The most steps of one execution. Longer ones were measured to be no faster (1024 steps in chunks
/// of 64 or more took the same time, for hidden sizes 16 to 256 and batches 1 and 16), but take
/// more scratch memory and time to make.
inline constexpr std::int64_t kLongestRun = 128;

/// A oneDNN primitive is made for one number of steps. With one for `max_steps` or `kLongestRun`
/// and one for each power of two below it, any number of steps is a short sequence of executions.
/// Returns these numbers, largest first; empty for `max_steps` 0.
inline std::vector<std::int64_t> step_counts(std::int64_t max_steps) {
  std::vector<std::int64_t> counts;
  if (max_steps < 1) return counts;
  counts.push_back(std::min(max_steps, kLongestRun));
  auto power = std::bit_floor(static_cast<std::uint64_t>(counts.front() - 1));
  for (; power > 0; power /= 2) counts.push_back(static_cast<std::int64_t>(power));
  return counts;
}

/// The primitive with the most steps of those with at most `steps` steps, which are at least 1.
/// There must be a primitive for each of the `step_counts`, in their order.
template <class Primitive>
Primitive& largest_fitting(std::vector<Primitive>& primitives, std::int64_t steps) noexcept {
  return *std::find_if(primitives.begin(), primitives.end(),
                       [steps](const Primitive& p) { return p.steps() <= steps; });
}

}  // namespace carousel::onednn
