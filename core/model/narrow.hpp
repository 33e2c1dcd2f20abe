// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/formatted.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>
#include <string>

/// From float64 to float32, in which Carousel computes.
namespace carousel {

/// Whether it is a number that would become infinite as float32.
[[nodiscard]] inline bool is_beyond_float32(double value) noexcept {
  return std::isfinite(value) && std::isinf(static_cast<float>(value));
}

/// "1e+300, which is beyond float32, the type that is computed in"
[[nodiscard]] inline std::string beyond_float32_text(double value) {
  std::array<char, 32> number{};
  std::snprintf(number.data(), number.size(), "%.9g", value);
  return std::string(number.data()) + ", which is beyond float32, the type that is computed in";
}

/// "element 3 is 1e+300, which is ..."
[[nodiscard]] inline std::string beyond_float32_text(std::size_t index, double value) {
  return formatted("element {} is {}", index, beyond_float32_text(value));
}

/// That text about the first of the float64 numbers in these bytes, if there is one.
[[nodiscard]] inline std::optional<std::string> beyond_float32(std::span<const std::byte> bytes) {
  for (std::size_t k = 0; k < bytes.size() / sizeof(double); ++k) {
    double value = 0;  // in a file it need not be aligned
    std::memcpy(&value, bytes.data() + k * sizeof value, sizeof value);
    if (is_beyond_float32(value)) return beyond_float32_text(k, value);
  }
  return std::nullopt;
}

}  // namespace carousel
