// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace carousel::cli {

/// Writes `content` under a temporary name and renames it, so that a failure leaves an older file
/// as it was. Makes the folder if there is none. Throws Error naming the file.
void write_file(const std::string& file, std::string_view content);

}  // namespace carousel::cli
