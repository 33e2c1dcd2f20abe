// SPDX-License-Identifier: Apache-2.0
#include "named_file.hpp"

#include <carousel/error.hpp>

namespace carousel::cli {
namespace {

NamedFile parse(const std::string& flag, const std::string& text) {
  auto [name, file] = split_at_equals(flag, text, "NAME=FILE, such as x=x.npy");
  return {std::move(name), std::move(file), flag + " " + text};
}

}  // namespace

std::pair<std::string, std::string> split_at_equals(const std::string& flag,
                                                    const std::string& text,
                                                    const std::string& form) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    throw Error(ErrorCode::invalid_argument, flag + " '" + text + "': must be " + form);
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

void add_named_files(Parser& command, const char* flag, std::vector<NamedFile>& files,
                     const char* help) {
  command
      .add_repeatable(
          flag, [&files, flag](const std::string& text) { files.push_back(parse(flag, text)); },
          help)
      .type_name("NAME=FILE");
}

}  // namespace carousel::cli
