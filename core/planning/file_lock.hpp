// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace carousel::planning {

/// Locks a file, which one process and thread may do at a time, until the end of its life. The file
/// is made if there is none, and is not removed afterwards: that would allow a second holder.
class FileLock {
 public:
  /// Throws Error if the file cannot be locked, and after some seconds if somebody else keeps it.
  explicit FileLock(const std::filesystem::path& file);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  int descriptor_;
};

}  // namespace carousel::planning
