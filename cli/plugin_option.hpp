// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command_line.hpp"

#include <string>

namespace carousel {
class Backend;
}

namespace carousel::cli {

/// `load_plugin`, of a path that a user wrote: relative to the current directory.
const Backend& load_plugin_file(const std::string& path);

/// Adds `--plugin FILE` to a command that shows backends or takes one by name; it is loaded while
/// the command line is read. Throws Error then.
void add_plugin_option(Parser& command);

}  // namespace carousel::cli
