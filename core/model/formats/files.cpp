// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"

#include "text.hpp"

#include "core/model/formatted.hpp"

#include <carousel/error.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <new>
#include <stdexcept>
#include <system_error>

namespace carousel::loading {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail_with_errno(const fs::path& file, const std::string& what, int error,
                                  ErrorCode code = ErrorCode::file_access) {
  fail(file.string(), formatted("{}: {}", what, std::generic_category().message(error)), code);
}

/// What is larger than this machine's memory need not be tried: the system may promise it anyway
/// and end the process when it is used.
[[noreturn]] void fail_too_large(const fs::path& file, std::uintmax_t size) {
  fail(file.string(), formatted("too large to be read into memory ({} bytes)", size),
       ErrorCode::out_of_memory);
}

/// A missing file has a code of its own; so has a path through something that is no folder.
[[noreturn]] void fail_to_open(const fs::path& file, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  fail_with_errno(file, "cannot open", error,
                  missing ? ErrorCode::file_not_found : ErrorCode::file_access);
}

void require_regular(const fs::path& file) {
  require_name(file);
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (error) fail_to_open(file, error.value());
  if (fs::is_directory(status)) {
    fail(file.string(), "is a directory, not a file", ErrorCode::file_access);
  }
  // Before opening: to open a pipe would wait for its other end.
  if (!fs::is_regular_file(status)) {
    fail(file.string(), "is not a regular file", ErrorCode::file_access);
  }
}

std::vector<std::byte> allocate(const fs::path& file, std::uintmax_t size) {
  if (size > physical_memory()) fail_too_large(file, size);
  try {
    return std::vector<std::byte>(static_cast<std::size_t>(size));
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {
  }
  fail_too_large(file, size);
}

/// Fills `bytes`, from where the file is being read.
void read_into(std::span<std::byte> bytes, std::FILE* handle, const fs::path& file) {
  errno = 0;
  if (std::fread(bytes.data(), 1, bytes.size(), handle) == bytes.size()) return;
  if (std::ferror(handle) != 0) {
    fail_with_errno(file, "cannot read", errno);
  }
  fail(file.string(), "became shorter while it was being read", ErrorCode::file_access);
}

/// A regular file that has been opened, and its first bytes.
struct Opened {
  FileHandle handle;
  std::uintmax_t size = 0;
  std::vector<std::byte> head;
};

Opened open_to_read(const fs::path& file) {
  require_regular(file);
  Opened opened{.handle = FileHandle(std::fopen(file.c_str(), "rb")), .head = {}};
  if (!opened.handle) fail_to_open(file, errno);
  // Of what was opened: another file may have the name by now.
  struct stat status {};
  if (::fstat(::fileno(opened.handle.get()), &status) != 0) {
    fail_with_errno(file, "cannot read the size", errno);
  }
  opened.size = static_cast<std::uintmax_t>(status.st_size);
  opened.head.resize(static_cast<std::size_t>(std::min<std::uintmax_t>(opened.size, kHeadBytes)));
  read_into(opened.head, opened.handle.get(), file);
  return opened;
}

}  // namespace

std::uintmax_t physical_memory() noexcept {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return std::numeric_limits<std::uintmax_t>::max();
  return static_cast<std::uintmax_t>(pages) * static_cast<std::uintmax_t>(page);
}

void require_name(const fs::path& file) {
  if (file.empty()) throw Error(ErrorCode::invalid_argument, "the name of a file is empty");
}

std::vector<std::byte> read_file(const fs::path& file, const HeadCheck& check) {
  const Opened opened = open_to_read(file);
  if (opened.size == 0) fail(file.string(), "is empty");
  if (check) check(opened.head, opened.size);
  std::vector<std::byte> bytes = allocate(file, opened.size);
  std::ranges::copy(opened.head, bytes.begin());
  read_into(std::span(bytes).subspan(opened.head.size()), opened.handle.get(), file);
  return bytes;
}

std::vector<std::byte> read_head(const fs::path& file) { return open_to_read(file).head; }

}  // namespace carousel::loading
