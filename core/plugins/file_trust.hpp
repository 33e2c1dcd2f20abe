// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

namespace carousel::plugins {

/// Root, the user of this process, and who owns this program's file or a folder above it: that one
/// could exchange the program itself. So in a container whose folders belong to a user of the host
/// these are not somebody else's.
[[nodiscard]] std::vector<uid_t> trusted_owners();

/// Who but these owners may replace or change a file: empty if nobody, else which part of its path
/// is theirs to change, in the middle of a sentence. `file` is canonical.
[[nodiscard]] std::string who_else_may_change(const std::filesystem::path& file,
                                              std::span<const uid_t> owners);

}  // namespace carousel::plugins
