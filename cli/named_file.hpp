// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command_line.hpp"

#include <string>
#include <utility>
#include <vector>

namespace carousel::cli {

/// A file that stands for one of several things, from "--in x=x.npy".
struct NamedFile {
  std::string name;  ///< Of an input, an output or a state.
  std::string file;
  std::string what;   ///< How it was given, for messages: "--in x=x.npy".
  bool named = true;  ///< false: given without a name, which was then found.
};

/// The two parts of "NAME=VALUE"; `form` says what they are, for messages: "NAME=FILE, such as
/// ...".
[[nodiscard]] std::pair<std::string, std::string> split_at_equals(const std::string& flag,
                                                                  const std::string& text,
                                                                  const std::string& form);

/// Adds an option that may be given several times, each time as NAME=FILE.
void add_named_files(Parser& command, const char* flag, std::vector<NamedFile>& files,
                     const char* help);

}  // namespace carousel::cli
