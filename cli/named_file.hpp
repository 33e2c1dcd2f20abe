// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command_line.hpp"

#include <string>
#include <vector>

namespace carousel::cli {

/// A file that stands for one of several things, from "--in x=x.npy".
struct NamedFile {
  std::string name;  ///< Of an input, an output or a state.
  std::string file;
  std::string what;  ///< How it was given, for messages: "--in x=x.npy".
};

/// Adds an option that may be given several times, each time as NAME=FILE.
void add_named_files(Parser& command, const char* flag, std::vector<NamedFile>& files,
                     const char* help);

}  // namespace carousel::cli
