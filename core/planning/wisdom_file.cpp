// SPDX-License-Identifier: Apache-2.0
#include <carousel/cpu.hpp>
#include <carousel/error.hpp>
#include <carousel/wisdom.hpp>

#include "core/engine/environment.hpp"
#include "core/model/formats/files.hpp"
#include "core/model/own_errors.hpp"
#include "core/planning/file_lock.hpp"
#include "core/planning/file_status.hpp"

#include <algorithm>
#include <bit>
#include <span>
#include <system_error>

namespace carousel {
namespace fs = std::filesystem;
namespace {

fs::path beside(const fs::path& file, const char* ending) {
  fs::path result = file;
  result += ending;
  return result;
}

/// Wisdom of every layer that a machine ever ran takes some megabytes.
constexpr std::uintmax_t kMostBytes = std::uintmax_t{1} << 28U;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Reads the whole file; "" if it is empty, which the parser reports as damaged.
std::string read_text(const fs::path& file) {
  std::error_code error;
  if (fs::is_regular_file(file, error) && fs::file_size(file, error) == 0) return {};
  return text_of(loading::read_file(file, [&](std::span<const std::byte>, std::uintmax_t size) {
    if (size <= kMostBytes) return;
    throw Error(ErrorCode::bad_format,
                file.string() + ": has " + std::to_string(size) + " bytes, more than any wisdom");
  }));
}

/// Whether it was written as a file of wisdom, damaged or not. Its first bytes tell, at most
/// loading::kHeadBytes.
bool is_wisdom(std::string_view text) {
  return text.substr(0, loading::kHeadBytes).find("\"carousel wisdom\"") != std::string_view::npos;
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

/// What the user's file says. Of one that can only be removed, the error says how.
Wisdom read_own(const fs::path& file) {
  const std::string text = read_text(file);
  try {
    return parse_wisdom(text, file.string());
  } catch (const Error& error) {
    if (!text.empty() && !is_wisdom(text)) throw;
    const std::string option = file == wisdom_path() ? "" : " --wisdom FILE";
    throw Error(error.code(), std::string(error.what()) + "; `carousel wisdom forget" + option +
                                  "` removes the file");
  }
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

/// Throws Error unless the file is a regular one or there is none.
void refuse_special(const fs::path& file) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (status.type() == fs::file_type::none) {
    throw Error(ErrorCode::file_access, file.string() + ": cannot be used: " + error.message());
  }
  if (!fs::exists(status) || fs::is_regular_file(status)) return;
  const char* what = fs::is_directory(status) ? "is a directory" : "is not a regular file";
  throw Error(ErrorCode::file_access, file.string() + ": " + what +
                                          ", so that no wisdom can be kept in it; /dev/null "
                                          "stands for keeping none");
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
  refuse_special(file);
  make_folders(file);
  const planning::FileLock lock(beside(file, ".lock"));
  Wisdom wisdom = read_or_set_aside(file);
  merge(wisdom, more);
  const std::string text = format_wisdom(wisdom);
  loading::write_file(file, std::as_bytes(std::span(text)));
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

bool keeps_no_wisdom(const fs::path& file) noexcept {
  return file.empty() || planning::is_null_device(file);
}

Wisdom read_wisdom(const fs::path& file) {
  std::error_code ignored;
  if (keeps_no_wisdom(file) || !fs::exists(file, ignored)) return {};
  return with_own_errors([&] {
    refuse_special(file);
    return read_own(file);
  });
}

void add_wisdom(const fs::path& file, const Wisdom& more) {
  if (keeps_no_wisdom(file) || (more.entries.empty() && more.reads.empty())) return;
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
  if (keeps_no_wisdom(file)) return false;
  std::error_code error;
  if (fs::exists(file, error)) {  // a path that is mistyped may be that of anything
    refuse_special(file);
    const std::string head = with_own_errors([&] { return text_of(loading::read_head(file)); });
    if (!head.empty() && !is_wisdom(head)) {
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
