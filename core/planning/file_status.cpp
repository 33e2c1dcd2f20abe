// SPDX-License-Identifier: Apache-2.0
#include "core/planning/file_status.hpp"

#include <sys/stat.h>

namespace carousel::planning {

std::optional<FileStamp> stamp_of(const std::filesystem::path& file) {
  struct stat status {};
  if (file.empty() || ::stat(file.c_str(), &status) != 0) return std::nullopt;
  return FileStamp{status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

bool is_null_device(const std::filesystem::path& file) noexcept {
  struct stat null {};
  struct stat own {};
  return ::stat("/dev/null", &null) == 0 && ::stat(file.c_str(), &own) == 0 &&
         S_ISCHR(own.st_mode) && own.st_rdev == null.st_rdev;
}

}  // namespace carousel::planning
