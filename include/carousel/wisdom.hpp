// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>
#include <carousel/precision.hpp>
#include <carousel/spec.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// What `Plan::measure` and the cost model learned, kept in one file that people can read.
namespace carousel {

/// How long one way to run a layer took.
struct WisdomTime {
  std::string backend{};  ///< "xsimd:avx2"
  std::string version{};  ///< its `Backend::version` at that time
  int threads = 1;
  std::string tiling{};    ///< one of `Backend::tilings`; empty where the backend has one way
  double seconds = 0;      ///< Of one run of as many steps as the entry's; 0: it was left out.
  std::string left_out{};  ///< Why it was left out; empty where it was not.
  double spread = 0;       ///< share of `seconds` that it may be off against the others, below 1

  friend bool operator==(const WisdomTime&, const WisdomTime&) = default;
};

/// What was measured for one kind of layer on one kind of CPU. All but `times` is the key.
struct WisdomEntry {
  std::string machine{};  ///< `wisdom_machine()` where it was made
  LayerSpec layer{};
  Precision precision = Precision::float32;
  int threads = 1;             ///< Threads that a run was allowed to use.
  bool exact_threads = false;  ///< Whether a run had to use them all.
  std::int64_t batch = 1;      ///< `wisdom_bucket` of the expected batch.
  std::int64_t steps = 1;      ///< `wisdom_bucket` of the expected steps.
  std::vector<WisdomTime> times{};

  [[nodiscard]] CAROUSEL_API bool same_key(const WisdomEntry& other) const noexcept;
  friend bool operator==(const WisdomEntry&, const WisdomEntry&) = default;
};

/// How fast one core reads so many bytes over and over.
struct WisdomRead {
  std::string machine{};  ///< `wisdom_machine()` where it was measured
  std::int64_t bytes = 0;
  double bytes_per_second = 0;

  friend bool operator==(const WisdomRead&, const WisdomRead&) = default;
};

struct Wisdom {
  std::vector<WisdomEntry> entries{};  ///< no two with the same key
  std::vector<WisdomRead> reads{};     ///< no two of the same machine and bytes
};

/// Where wisdom is kept: $CAROUSEL_WISDOM, else carousel/wisdom.json in $XDG_CACHE_HOME or
/// ~/.cache; empty when there is no such folder. /dev/null keeps none.
[[nodiscard]] CAROUSEL_API std::filesystem::path wisdom_path();

/// Whether no wisdom is kept in such a file: the path is empty, or it is /dev/null. All other
/// devices, pipes and folders are an Error for the functions below.
[[nodiscard]] CAROUSEL_API bool keeps_no_wisdom(const std::filesystem::path& file) noexcept;

/// What makes measurements comparable: the CPU's name, features and caches.
[[nodiscard]] CAROUSEL_API std::string wisdom_machine();

/// Batches and steps that share an entry: 1 to 8 each have their own, above that the nearest power
/// of two stands for all, at most 1024.
[[nodiscard]] CAROUSEL_API std::int64_t wisdom_bucket(std::int64_t count) noexcept;

/// JSON. `parse_wisdom` throws Error saying what is wrong and where; `source` names the text.
[[nodiscard]] CAROUSEL_API std::string format_wisdom(const Wisdom& wisdom);
[[nodiscard]] CAROUSEL_API Wisdom parse_wisdom(std::string_view text, std::string_view source);

/// The content of a wisdom file; nothing when there is no such file. Throws Error when it is
/// damaged, of another version or something else.
[[nodiscard]] CAROUSEL_API Wisdom read_wisdom(const std::filesystem::path& file);

/// Adds to a file; times of the same backend, threads and tiling under the same key are replaced,
/// so are reads of as many bytes on the same machine. All is added, or nothing and there is an
/// Error. Safe with any number of
/// processes at once. A file that cannot be read as wisdom is kept under the name FILE.damaged if
/// it was wisdom once; anything else is left alone, which is an Error.
CAROUSEL_API void add_wisdom(const std::filesystem::path& file, const Wisdom& wisdom);

/// Removes the file, whatever is in it if it began as wisdom; else throws Error. Returns whether
/// there was one.
CAROUSEL_API bool forget_wisdom(const std::filesystem::path& file);

}  // namespace carousel
