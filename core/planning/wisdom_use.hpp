// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/wisdom.hpp>

#include "core/planning/candidates.hpp"

#include <memory>
#include <string>

/// Translates between the planner's candidates and the entries of a wisdom file.
namespace carousel::planning {

/// Returns the content of `file`, which is read again only when the file has changed. It does not
/// throw for what is in the file: `problem` says why wisdom was ignored, or is empty. May be called
/// by any thread.
[[nodiscard]] std::shared_ptr<const Wisdom> cached_wisdom(const std::filesystem::path& file,
                                                          const std::string& machine,
                                                          std::string& problem);

/// The entry that `problem` would have, without times.
[[nodiscard]] WisdomEntry make_key(const World& world, const Problem& problem);

/// The entry with the candidates' times, or with the reasons why some have none.
[[nodiscard]] WisdomEntry make_entry(const World& world, const Problem& problem,
                                     const std::vector<Candidate>& candidates);

/// Sets the candidates' times from `entry` and returns "". If a candidate that runs is not in the
/// entry, or was measured in another version, it returns why and changes no candidate.
[[nodiscard]] std::string apply_wisdom(const WisdomEntry& entry, const Problem& problem,
                                       std::vector<Candidate>& candidates);

}  // namespace carousel::planning
