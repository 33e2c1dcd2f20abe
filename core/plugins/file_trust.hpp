// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace carousel::plugins {

/// Who but root and this process's user may replace or change a file: empty if nobody, else which
/// part of its path is theirs to change, in the middle of a sentence. `file` is canonical. The
/// owner of the folder / counts as root, whoever that is in a container.
[[nodiscard]] std::string who_else_may_change(const std::filesystem::path& file);

}  // namespace carousel::plugins
