// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace carousel::planning {

/// Distinguishes the contents of a file that is always replaced as a whole.
struct FileStamp {
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// None if there is no such file.
[[nodiscard]] std::optional<FileStamp> stamp_of(const std::filesystem::path& file);

/// Whether it is the device that keeps nothing, by whatever name.
[[nodiscard]] bool is_null_device(const std::filesystem::path& file) noexcept;

}  // namespace carousel::planning
