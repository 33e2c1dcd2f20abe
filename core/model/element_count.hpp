// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace carousel {

/// a * b of non-negative numbers; nothing where one is negative or the product exceeds int64.
[[nodiscard]] inline std::optional<std::int64_t> checked_multiply(std::int64_t a,
                                                                  std::int64_t b) noexcept {
  if (a < 0 || b < 0) return std::nullopt;
  if (a != 0 && b > std::numeric_limits<std::int64_t>::max() / a) return std::nullopt;
  return a * b;
}

/// The product of the dimensions; nothing where one is negative, or the product (or a part of it)
/// exceeds int64.
[[nodiscard]] inline std::optional<std::int64_t> element_count(
    std::span<const std::int64_t> shape) noexcept {
  std::optional<std::int64_t> count = 1;
  for (const std::int64_t dimension : shape) {
    count = checked_multiply(*count, dimension);
    if (!count) return std::nullopt;
  }
  return count;
}

}  // namespace carousel
