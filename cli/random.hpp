// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace carousel::cli {

/// SplitMix64 (Steele, Lea & Flood 2014): the same numbers on every platform, unlike the
/// distributions of <random>. https://prng.di.unimi.it/splitmix64.c
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

  /// In [0, 1), a multiple of 2^-53.
  double uniform() noexcept { return static_cast<double>(next() >> 11U) * 0x1p-53; }

  /// In [0, count), for count much smaller than 2^53.
  std::int64_t below(std::int64_t count) noexcept {
    return static_cast<std::int64_t>(uniform() * static_cast<double>(count));
  }

 private:
  std::uint64_t state_;
};

}  // namespace carousel::cli
