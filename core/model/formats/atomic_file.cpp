// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"

#include "text.hpp"

#include "core/model/formatted.hpp"

#include <carousel/error.hpp>

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

namespace carousel::loading {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail_to_write(const fs::path& file, int error) {
  fail(file.string(), "cannot write: " + std::generic_category().message(error),
       ErrorCode::file_access);
}

bool is_written_in_place(const fs::path& file) {
  std::error_code ignored;
  const fs::file_status status = fs::status(file, ignored);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

/// The file at the end of symbolic links, whether it exists or not.
fs::path through_links(fs::path file) {
  constexpr int kMostLinks = 40;  // as many as Linux follows
  for (int k = 0; k < kMostLinks; ++k) {
    std::error_code error;
    if (!fs::is_symlink(fs::symlink_status(file, error))) return file;
    const fs::path next = fs::read_symlink(file, error);
    if (error) fail_to_write(file, error.value());
    file = file.parent_path() / next;  // which is `next` where that is absolute
  }
  fail_to_write(file, ELOOP);
}

/// A name in the same folder that nobody else has. As much of the file's own name is in it as a
/// name has room for.
fs::path name_beside(const fs::path& file) {
  static std::atomic<unsigned> counter{0};
  constexpr std::size_t kMostKept = 200;
  const std::string name = file.filename().string().substr(0, kMostKept);
  return file.parent_path() / (formatted("{}.partial-{}-{}", name, ::getpid(), counter++));
}

/// Calls `make(name)` with such names until it returns 0 or an error number other than EEXIST: a
/// name may be taken by a process that had the same id and was killed. Returns that number. The
/// name is there before its file is, since afterwards there may be no memory for it.
template <class Make>
int make_beside(const fs::path& file, fs::path& name, Make make) {
  constexpr int kAttempts = 1000;
  int error = EEXIST;
  for (int i = 0; error == EEXIST && i < kAttempts; ++i) {
    name = name_beside(file);
    error = make(name);
    if (error != 0) name.clear();
  }
  return error;
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& file) : target_(file) {
  require_name(file);
  if (is_written_in_place(file)) {
    handle_.reset(std::fopen(file.c_str(), "wb"));
    if (!handle_) fail_to_write(file, errno);
    return;
  }
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (fs::is_directory(status)) {
    fail(file.string(), "cannot write: is a directory", ErrorCode::file_access);
  }
  target_ = through_links(file);
  replaces_ = fs::exists(status);
  open_temporary();
  if (replaces_) {
    fs::permissions(temporary_.name, status.permissions(), error);  // as well as it can be done
  }
}

void AtomicFile::open_temporary() {
  const int error = make_beside(target_, temporary_.name, [&](const fs::path& name) {
    handle_.reset(std::fopen(name.c_str(), "wbx"));  // x: never somebody else's file
    return handle_ ? 0 : errno;
  });
  if (error != 0) fail_to_write(target_, error);
}

AtomicFile::Temporary::~Temporary() {
  if (!name.empty()) (void)std::remove(name.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  if (bytes.empty()) {
    return;  // its pointer may be null, which fwrite forbids
  }
  if (std::fwrite(bytes.data(), 1, bytes.size(), handle_.get()) != bytes.size()) {
    fail_to_write(target_, errno);
  }
}

void AtomicFile::finish() {
  // A full disk may show only when the buffer is flushed.
  if (handle_ && std::fclose(handle_.release()) != 0) fail_to_write(target_, errno);
}

void AtomicFile::commit() {
  finish();
  if (temporary_.name.empty()) return;
  std::error_code error;
  fs::rename(temporary_.name, target_, error);
  if (error) {
    fail(target_.string(), "cannot replace: " + error.message(), ErrorCode::file_access);
  }
  temporary_.name.clear();
  renamed_ = true;
}

std::optional<fs::path> AtomicFile::place() const {
  if (temporary_.name.empty()) return std::nullopt;
  std::error_code ignored;
  return fs::canonical(temporary_.name, ignored).parent_path() / target_.filename();
}

void AtomicFile::keep_older() {
  if (!replaces_) return;
  (void)make_beside(target_, older_.name, [&](const fs::path& name) {
    std::error_code failed;
    fs::create_hard_link(target_, name, failed);
    return failed.value();
  });
}

void AtomicFile::put_back() noexcept {
  if (!renamed_) return;
  std::error_code ignored;
  if (!replaces_) fs::remove(target_, ignored);
  if (!older_.name.empty()) fs::rename(older_.name, target_, ignored);
  older_.name.clear();  // the only name of the older file, should that have failed
}

void write_file(const fs::path& file, std::span<const std::byte> bytes) {
  AtomicFile output(file);
  output.write(bytes);
  output.commit();
}

namespace {

using Written = std::unique_ptr<AtomicFile>;

Written written(const FileContent& content) {
  auto file = std::make_unique<AtomicFile>(content.file);
  for (const std::span<const std::byte> part : content.parts) file->write(part);
  file->finish();
  return file;
}

void refuse_twice(std::span<const Written> files) {
  std::set<fs::path> seen;
  for (const Written& file : files) {
    if (file->place() && !seen.insert(*file->place()).second) {
      fail(file->place()->string(), "two contents are to be written to this file",
           ErrorCode::invalid_argument);
    }
  }
}

void commit_all(std::span<const Written> files) {
  if (files.size() > 1) {
    for (const Written& file : files) file->keep_older();
  }
  try {
    for (const Written& file : files) file->commit();
  } catch (...) {
    for (const Written& file : files) file->put_back();
    throw;
  }
}

}  // namespace

void write_files(std::span<const FileContent> files) {
  std::vector<Written> all;
  for (const bool in_place : {true, false}) {
    for (const FileContent& content : files) {
      if (is_written_in_place(content.file) == in_place) all.push_back(written(content));
    }
  }
  refuse_twice(all);
  commit_all(all);
}

}  // namespace carousel::loading
