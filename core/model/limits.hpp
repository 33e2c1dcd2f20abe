// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// \file
/// The sizes that runs and streams may have, which docs/semantics.md tells: greater ones are
/// mistakes, and refused before any memory is asked for.
namespace carousel::detail {

/// Steps of a sequence, and of a stream's `max_steps`.
inline constexpr std::int64_t kMostSteps = std::int64_t{1} << 32U;
/// Rows of a batch.
inline constexpr std::int64_t kMostRows = std::int64_t{1} << 24U;
/// Numbers of a sequence, steps * rows * features: 4 TiB of float32.
inline constexpr std::int64_t kMostNumbers = std::int64_t{1} << 40U;

/// Threads of a run.
inline constexpr int kMostThreads = 4096;

/// Throws Error unless `value` is in `least`..`most`: "WHAT is VALUE, but must be in 0..N".
void require_in(const std::string& what, std::int64_t value, std::int64_t least, std::int64_t most);

/// How many numbers a sequence has; nothing where that is more than one may have.
[[nodiscard]] std::optional<std::int64_t> numbers_of(std::int64_t steps, std::int64_t batch,
                                                     std::int64_t features) noexcept;

[[noreturn]] void refuse_numbers(const std::string& what, std::int64_t steps, std::int64_t batch,
                                 std::int64_t features);

/// The same, but throws Error, "WHAT: ...", where it is more; `what()` gives that text.
template <class What>
std::int64_t require_numbers(What&& what, std::int64_t steps, std::int64_t batch,
                             std::int64_t features) {
  if (const auto count = numbers_of(steps, batch, features)) return *count;
  refuse_numbers(what(), steps, batch, features);
}

}  // namespace carousel::detail
