// SPDX-License-Identifier: Apache-2.0
#include <carousel/cpu.hpp>
#include <carousel/error.hpp>
#include <carousel/wisdom.hpp>

#include "core/engine/environment.hpp"
#include "core/model/formats/files.hpp"
#include "core/model/own_errors.hpp"

#include <sys/file.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace carousel {
namespace fs = std::filesystem;
namespace {

/// Locks a file, which one process and thread may do at a time, until the end of its life. The file
/// is not removed afterwards: that would allow a second holder.
class FileLock {
 public:
  explicit FileLock(const fs::path& file)
      : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0) {
      throw Error(ErrorCode::file_access,
                  file.string() + ": cannot open: " + std::generic_category().message(errno));
    }
    // Gives up after some seconds, since the holder may be stopped.
    constexpr int kAttempts = 2000;
    for (int i = 0; ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0; ++i) {
      if (i == kAttempts || (errno != EWOULDBLOCK && errno != EINTR)) {
        const int error = errno;
        ::close(descriptor_);
        throw Error(ErrorCode::file_access,
                    file.string() + ": cannot lock: " + std::generic_category().message(error));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() { ::close(descriptor_); }

 private:
  int descriptor_;
};

fs::path beside(const fs::path& file, const char* ending) {
  fs::path result = file;
  result += ending;
  return result;
}

/// Reads the whole file; "" if it is empty, which the parser reports as damaged.
std::string read_text(const fs::path& file) {
  std::error_code error;
  if (fs::is_regular_file(file, error) && fs::file_size(file, error) == 0) return {};
  const std::vector<std::byte> bytes = loading::read_file(file);
  std::string text(bytes.size(), '\0');
  std::memcpy(text.data(), bytes.data(), bytes.size());
  return text;
}

void write_text(const fs::path& file, const std::string& text) {
  loading::AtomicFile output(file);
  output.write(std::as_bytes(std::span(text)));
  output.commit();
}

/// Whether it was written as a file of wisdom, damaged or not.
bool is_wisdom(const std::string& text) {
  return text.find("\"carousel wisdom\"") != std::string::npos;
}

/// The wisdom that the file has already. A damaged file is renamed if it is a wisdom file.
Wisdom read_or_set_aside(const fs::path& file) {
  if (!fs::exists(file)) return {};
  const std::string text = read_text(file);
  try {
    return parse_wisdom(text, file.string());
  } catch (const Error&) {
    if (!is_wisdom(text)) throw;
  }
  fs::rename(file, beside(file, ".damaged"));
  return {};
}

/// Newer times replace older ones of the same backend, threads and tiling. Others stay: their
/// backend may not have been asked for this time.
void merge(WisdomEntry& old, const WisdomEntry& entry) {
  std::vector<WisdomTime> times = entry.times;
  for (const WisdomTime& time : old.times) {
    const bool replaced = std::ranges::any_of(entry.times, [&](const WisdomTime& other) {
      return other.backend == time.backend && other.threads == time.threads &&
             other.tiling == time.tiling;
    });
    if (!replaced) times.push_back(time);
  }
  old.times = std::move(times);
}

void merge(Wisdom& wisdom, const Wisdom& more) {
  for (const WisdomEntry& entry : more.entries) {
    const auto same = std::ranges::find_if(
        wisdom.entries, [&](const WisdomEntry& old) { return old.same_key(entry); });
    if (same == wisdom.entries.end()) {
      wisdom.entries.push_back(entry);
    } else {
      merge(*same, entry);
    }
  }
  for (const WisdomRead& read : more.reads) {
    std::erase_if(wisdom.reads, [&](const WisdomRead& old) {
      return old.machine == read.machine && old.bytes == read.bytes;
    });
    wisdom.reads.push_back(read);
  }
}

bool keeps_nothing(const fs::path& file) {
  std::error_code ignored;
  return file.empty() || fs::is_character_file(file, ignored);
}

/// Makes the folders that a file is to stand in, but not the user's home: where that is missing,
/// nothing is to be kept.
void make_folders(const fs::path& file) {
  const fs::path home = environment_text("HOME");
  const bool in_home = environment_text("CAROUSEL_WISDOM").empty() &&
                       environment_text("XDG_CACHE_HOME").empty() && file == wisdom_path();
  if (in_home && !fs::is_directory(home)) {
    throw Error(ErrorCode::file_access,
                file.string() + ": cannot write: there is no folder " + home.string());
  }
  if (file.has_parent_path()) fs::create_directories(file.parent_path());
}

void add_to_file(const fs::path& file, const Wisdom& more) {
  if (fs::is_directory(file)) {
    throw Error(ErrorCode::file_access, file.string() + ": cannot write: is a directory");
  }
  make_folders(file);
  const FileLock lock(beside(file, ".lock"));
  Wisdom wisdom = read_or_set_aside(file);
  merge(wisdom, more);
  write_text(file, format_wisdom(wisdom));
}

std::string kibibytes(std::int64_t bytes) { return std::to_string(bytes / 1024) + "K"; }

}  // namespace

bool WisdomEntry::same_key(const WisdomEntry& other) const noexcept {
  return layer == other.layer && precision == other.precision && batch == other.batch &&
         steps == other.steps && threads == other.threads && exact_threads == other.exact_threads &&
         machine == other.machine;
}

fs::path wisdom_path() {
  if (const std::string_view file = environment_text("CAROUSEL_WISDOM"); !file.empty()) return file;
  fs::path folder = environment_text("XDG_CACHE_HOME");
  if (folder.empty()) {
    const std::string_view home = environment_text("HOME");
    if (home.empty()) return {};
    folder = fs::path(home) / ".cache";
  }
  return folder / "carousel" / "wisdom.json";
}

std::string wisdom_machine() {
  const CpuFeatures& features = cpu();
  std::string text = features.vendor + ", " + features.brand + ", L1d " +
                     kibibytes(features.l1d_bytes) + ", L2 " + kibibytes(features.l2_bytes) +
                     ", L3 " + kibibytes(features.l3_bytes) + ",";
  for (const std::string& name : features.names()) text += " " + name;
  return text;
}

std::int64_t wisdom_bucket(std::int64_t count) noexcept {
  constexpr std::int64_t kMost = 1024;
  if (count <= 8) return std::max<std::int64_t>(count, 1);
  if (count >= kMost) return kMost;
  const auto below = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(count)));
  return 2 * count * count < 4 * below * below ? below : 2 * below;  // from sqrt(2) * below upwards
}

Wisdom read_wisdom(const fs::path& file) {
  std::error_code ignored;
  if (keeps_nothing(file) || !fs::exists(file, ignored)) return {};
  return with_own_errors([&] { return parse_wisdom(read_text(file), file.string()); });
}

void add_wisdom(const fs::path& file, const Wisdom& more) {
  if (keeps_nothing(file) || (more.entries.empty() && more.reads.empty())) return;
  with_own_errors([&] {
    try {
      add_to_file(file, more);
    } catch (const fs::filesystem_error& error) {
      throw Error(ErrorCode::file_access,
                  file.string() + ": cannot write: " + error.code().message());
    }
  });
}

bool forget_wisdom(const fs::path& file) {
  if (keeps_nothing(file)) return false;
  std::error_code error;
  if (fs::exists(file, error)) {  // a path that is mistyped may be that of anything
    const std::string text = with_own_errors([&] { return read_text(file); });
    if (!text.empty() && !is_wisdom(text)) {
      throw Error(ErrorCode::file_access,
                  file.string() + ": is not a file of wisdom, and is not removed");
    }
  }
  const bool existed = fs::remove(file, error);
  if (error) {
    throw Error(ErrorCode::file_access, file.string() + ": cannot remove: " + error.message());
  }
  return existed;
}

}  // namespace carousel
