// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

namespace carousel::conformance {

/// The bits of a number. All NaNs count as the same one: which payload an operation passes on is
/// the compiler's choice.
[[nodiscard]] inline std::uint32_t bits_of(float value) noexcept {
  return std::bit_cast<std::uint32_t>(std::isnan(value) ? std::numeric_limits<float>::quiet_NaN()
                                                        : value);
}

/// A hash (FNV-1a) of the bits of numbers in their order, to compare builds by.
class Digest {
 public:
  void add(std::uint64_t word) noexcept {
    for (int byte = 0; byte < 8; ++byte) {
      hash_ = (hash_ ^ (word & 0xFFU)) * 0x100000001B3U;
      word >>= 8U;
    }
  }
  void add(std::span<const float> values) noexcept {
    for (const float value : values) add(std::uint64_t{bits_of(value)});
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return hash_; }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325U;
};

}  // namespace carousel::conformance
