// SPDX-License-Identifier: Apache-2.0
#include "text_file.hpp"

#include <carousel/error.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace carousel::cli {

std::string read_text(const std::string& file) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad()) {
    const int reason = errno == 0 ? EIO : errno;
    throw Error(reason == ENOENT ? ErrorCode::file_not_found : ErrorCode::file_access,
                file + ": cannot read: " + std::strerror(reason));
  }
  return text;
}

}  // namespace carousel::cli
