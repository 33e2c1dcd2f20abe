// SPDX-License-Identifier: Apache-2.0
#include "write_file.hpp"

#include "core/model/formats/files.hpp"

#include <filesystem>
#include <span>
#include <system_error>

namespace carousel::cli {

void write_file(const std::string& file, std::string_view content) {
  const std::filesystem::path path(file);
  std::error_code ignored;  // opening the file will say what is wrong
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ignored);
  loading::AtomicFile output(path);
  output.write(std::as_bytes(std::span(content.data(), content.size())));
  output.commit();
}

}  // namespace carousel::cli
