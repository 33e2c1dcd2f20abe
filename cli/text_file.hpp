// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace carousel::cli {

/// The whole of a text file, or of what a pipe or a device such as /dev/stdin gives until its end.
/// Throws Error saying why it cannot be read; more than 256 MiB are refused, and so is a pipe that
/// nobody begins to write to within seconds.
[[nodiscard]] std::string read_text(const std::string& file);

}  // namespace carousel::cli
