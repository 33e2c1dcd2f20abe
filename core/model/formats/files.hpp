// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
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

/// The first bytes of a regular file, at most kHeadBytes; none of an empty one. Throws as
/// read_file.
[[nodiscard]] std::vector<std::byte> read_head(const std::filesystem::path& file);

/// Bytes of memory that this machine has; the largest number where nobody knows.
[[nodiscard]] std::uintmax_t physical_memory() noexcept;

/// Throws Error (invalid_argument) if the name is empty.
void require_name(const std::filesystem::path& file);

/// A file that appears under its name only when it is complete. It is written under a temporary
/// name in the same folder; `commit` renames it; without a commit the temporary file is removed and
/// an older file of that name stays as it was. What cannot be written throws Error (file_access).
///
/// Symbolic links are followed, also to a file that does not exist yet, which is then made. A
/// destination that exists and is no regular file (/dev/null, /dev/stdout, a pipe) is written in
/// place: renaming over it would replace the device itself.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& file);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() = default;

  void write(std::span<const std::byte> bytes);
  /// Closes the file. Nothing may be written after it.
  void finish();
  /// Finishes it, unless that is done, and renames it.
  void commit();

  // For several files that are to be replaced together.
  /// Whatever the name it was opened by; nothing of what is written in place, which may take
  /// several.
  [[nodiscard]] std::optional<std::filesystem::path> place() const;
  /// Lets the older file have another name besides, as far as the file system can do so.
  void keep_older();
  /// After a commit that others could not follow: what was there before is there again.
  void put_back() noexcept;

 private:
  /// A file that is removed at the end, unless the name is empty.
  struct Temporary {
    std::filesystem::path name;
    ~Temporary();
  };

  void open_temporary();

  std::filesystem::path target_;
  Temporary temporary_;    ///< Empty: written in place, or nothing left to remove.
  Temporary older_;        ///< The other name of the file that is replaced.
  bool replaces_ = false;  ///< Whether there is such a file.
  bool renamed_ = false;
  FileHandle handle_;
};

/// Writes a whole file.
void write_file(const std::filesystem::path& file, std::span<const std::byte> bytes);

/// What a file is to contain: these parts, one after the other.
struct FileContent {
  std::filesystem::path file;
  std::vector<std::span<const std::byte>> parts;
};

/// Writes all files or, if one cannot be written, none: what stood there before stands there again.
/// Only what is written in place (a device, a pipe) cannot be taken back; such files come first.
void write_files(std::span<const FileContent> files);

}  // namespace carousel::loading
