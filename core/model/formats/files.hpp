// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace carousel::loading {

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using FileHandle = std::unique_ptr<std::FILE, CloseFile>;

/// Looks at the first bytes of a file (at most kHeadBytes) and at its size, and throws Error when
/// it need not be read further.
using HeadCheck = std::function<void(std::span<const std::byte> head, std::uintmax_t size)>;
inline constexpr std::size_t kHeadBytes = 4096;

/// The whole content of a regular file, if `check` (where there is one) has nothing against it.
/// Throws Error saying why not: missing (file_not_found), a directory or unreadable (file_access),
/// empty (bad_format), too large for memory (out_of_memory).
[[nodiscard]] std::vector<std::byte> read_file(const std::filesystem::path& file,
                                               const HeadCheck& check = {});

/// A file that appears under its name only when it is complete. It is written under a temporary
/// name in the same folder; `commit` renames it; without a commit the temporary file is removed and
/// an older file of that name stays as it was. What cannot be written throws Error (file_access).
///
/// A symbolic link is followed. A destination that exists and is no regular file (/dev/null,
/// /dev/stdout, a pipe) is written in place: renaming over it would replace the device itself.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& file);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::span<const std::byte> bytes);
  /// Closes and renames. Nothing may be written after it.
  void commit();

 private:
  void open_temporary();

  std::filesystem::path target_;
  std::filesystem::path temporary_;  ///< Empty: written in place, or nothing left to remove.
  FileHandle handle_;
};

}  // namespace carousel::loading
