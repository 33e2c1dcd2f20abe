// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"

#include "text.hpp"

#include <carousel/error.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>

namespace carousel::loading {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail_with_errno(const fs::path& file, const std::string& what, int error,
                                  ErrorCode code = ErrorCode::file_access) {
  fail(file.string(), what + ": " + std::generic_category().message(error), code);
}

/// A missing file has a code of its own; so has a path through something that is no folder.
[[noreturn]] void fail_to_open(const fs::path& file, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  fail_with_errno(file, "cannot open", error,
                  missing ? ErrorCode::file_not_found : ErrorCode::file_access);
}

void require_regular(const fs::path& file) {
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
  try {
    return std::vector<std::byte>(static_cast<std::size_t>(size));
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {
  }
  fail(file.string(), "too large to be read into memory (" + std::to_string(size) + " bytes)",
       ErrorCode::out_of_memory);
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

}  // namespace

std::vector<std::byte> read_file(const fs::path& file, const HeadCheck& check) {
  require_regular(file);
  const FileHandle handle(std::fopen(file.c_str(), "rb"));
  if (!handle) fail_to_open(file, errno);
  // Of what was opened: another file may have the name by now.
  struct stat status {};
  if (::fstat(::fileno(handle.get()), &status) != 0) {
    fail_with_errno(file, "cannot read the size", errno);
  }
  if (status.st_size == 0) {
    fail(file.string(), "is empty");
  }
  const auto size = static_cast<std::uintmax_t>(status.st_size);
  std::vector<std::byte> head(static_cast<std::size_t>(std::min<std::uintmax_t>(size, kHeadBytes)));
  read_into(head, handle.get(), file);
  if (check) check(head, size);
  std::vector<std::byte> bytes = allocate(file, size);
  std::ranges::copy(head, bytes.begin());
  read_into(std::span(bytes).subspan(head.size()), handle.get(), file);
  return bytes;
}

AtomicFile::AtomicFile(const fs::path& file) : target_(file) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (fs::is_directory(status)) {
    fail(file.string(), "cannot write: is a directory", ErrorCode::file_access);
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    handle_.reset(std::fopen(file.c_str(), "wb"));
    if (!handle_) {
      fail_with_errno(file, "cannot write", errno);
    }
    return;
  }
  if (fs::exists(status)) {
    const fs::path resolved = fs::canonical(file, error);  // through symbolic links
    target_ = error ? file : resolved;
  }
  open_temporary();
  if (fs::exists(status)) {
    fs::permissions(temporary_, status.permissions(), error);  // as well as it can be done
  }
}

void AtomicFile::open_temporary() {
  static std::atomic<unsigned> counter{0};
  // A name may be taken by a process that had the same id and was killed.
  constexpr int kAttempts = 1000;
  int error = EEXIST;
  for (int i = 0; !handle_ && error == EEXIST && i < kAttempts; ++i) {
    temporary_ = target_;
    temporary_ += ".partial-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
    handle_.reset(std::fopen(temporary_.c_str(), "wbx"));  // x: never somebody else's file
    error = errno;
  }
  if (!handle_) {
    temporary_.clear();
    fail_with_errno(target_, "cannot write", error);
  }
}

AtomicFile::~AtomicFile() {
  handle_.reset();
  if (!temporary_.empty()) {
    std::error_code ignored;
    fs::remove(temporary_, ignored);
  }
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  if (bytes.empty()) {
    return;  // its pointer may be null, which fwrite forbids
  }
  if (std::fwrite(bytes.data(), 1, bytes.size(), handle_.get()) != bytes.size()) {
    fail_with_errno(target_, "cannot write", errno);
  }
}

void AtomicFile::commit() {
  // A full disk may show only when the buffer is flushed.
  if (std::fclose(handle_.release()) != 0) {
    fail_with_errno(target_, "cannot write", errno);
  }
  if (temporary_.empty()) {
    return;
  }
  std::error_code error;
  fs::rename(temporary_, target_, error);
  if (error) {
    fail_with_errno(target_, "cannot replace", error.value());
  }
  temporary_.clear();
}

}  // namespace carousel::loading
