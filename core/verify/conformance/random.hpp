// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace carousel::conformance {

/// SplitMix64 (Steele, Lea & Flood 2014): the same numbers on every platform and library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }

  /// Uniform in [-1, 1), never a denormal.
  double uniform() { return static_cast<double>(bits() >> 11U) * 0x1p-52 - 1.0; }

  /// Uniform in [0, limit].
  std::int64_t up_to(std::int64_t limit) {
    return static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(limit + 1));
  }

  /// `count` floats, uniform in [-scale, scale).
  std::vector<float> floats(std::int64_t count, double scale) {
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = static_cast<float>(uniform() * scale);
    return values;
  }

 private:
  std::uint64_t state_;
};

/// A seed that follows from a name, so that adding cases changes no other (FNV-1a).
constexpr std::uint64_t seed_of(std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char letter : name) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3U;
  }
  return hash;
}

}  // namespace carousel::conformance
