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

/// What an entry tells of a layer's candidates. Texts are for people, in the middle of a sentence.
struct WisdomUse {
  std::string unusable{};  ///< why it is of no use; then no candidate was changed
  std::string unknown{};   ///< the backends that it does not know in their present version
};

/// Sets the candidates' times from `entry`. Backends that are not in it, or in another version
/// only, do not keep it from telling of the others: their candidates get `judged_by_model`. It is
/// of no use where it knows a backend, but not the way in which this one runs the layer, or no
/// backend.
[[nodiscard]] WisdomUse apply_wisdom(const WisdomEntry& entry, const Problem& problem,
                                     std::vector<Candidate>& candidates);

}  // namespace carousel::planning
