// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/wisdom.hpp>

#include "core/planning/candidates.hpp"

#include <memory>
#include <string>

/// Between the planner's candidates and the entries of a wisdom file.
namespace carousel::planning {

/// The content of `file`, read again only when the file has changed. Never throws for what is in
/// it: `problem` says why wisdom was ignored, and is empty when all is well. Any thread.
[[nodiscard]] std::shared_ptr<const Wisdom> cached_wisdom(const std::filesystem::path& file,
                                                          const std::string& machine,
                                                          std::string& problem);

/// The entry that `problem` would have, without times.
[[nodiscard]] WisdomEntry make_key(const World& world, const Problem& problem);

/// What the candidates' times and verdicts become in the file.
[[nodiscard]] WisdomEntry make_entry(const World& world, const Problem& problem,
                                     const std::vector<Candidate>& candidates);

/// Gives the candidates their times from `entry`. Returns why it cannot, leaving them as they were,
/// when one that runs now is not in it or had another version; empty when all is well.
[[nodiscard]] std::string apply_wisdom(const WisdomEntry& entry, const Problem& problem,
                                       std::vector<Candidate>& candidates);

}  // namespace carousel::planning
