// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace carousel::cli {

/// The whole of a text file. Throws Error saying why it cannot be read.
[[nodiscard]] std::string read_text(const std::string& file);

}  // namespace carousel::cli
