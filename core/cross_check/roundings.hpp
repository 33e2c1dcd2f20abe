// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

/// How far roundings alone may take two implementations apart (see `cross_check`).
namespace carousel::detail {

inline constexpr double kRounding = 0x1p-24;  ///< Relative, of one float32 operation.

/// SplitMix64 (Steele, Lea & Flood 2014): the same numbers everywhere.
class Signs {
 public:
  double next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return (z >> 63U) != 0 ? 1.0 : -1.0;
  }

 private:
  std::uint64_t state_ = 0;
};

/// Changes every weight by as many roundings as the sums that it is in have terms.
inline void change_by_roundings(std::span<float> weights, std::int64_t terms, Signs& signs) {
  const double relative = static_cast<double>(terms) * kRounding;
  for (float& weight : weights) {
    weight = static_cast<float>(weight * (1.0 + signs.next() * relative));
  }
}

/// What every element of one quantity may be off from what another implementation makes of it:
/// `with_changes` are its values for weights that `change_by_roundings` has changed.
inline double rounding_tolerance(std::span<const float> values,
                                 std::span<const float> with_changes) {
  constexpr double kActivationRoundings = 16;
  constexpr double kBothSides = 2;  // each of two implementations may be off
  // The error of products that are flushed to zero in one order of sums and not in another.
  constexpr double kFlushed = 1024 * static_cast<double>(std::numeric_limits<float>::min());
  double moved = 0;
  double largest = 0;
  for (std::size_t k = 0; k < values.size(); ++k) {
    const double value = values[k];
    const double move = std::fabs(value - static_cast<double>(with_changes[k]));
    if (std::isfinite(move)) moved = std::max(moved, move);
    if (std::isfinite(value)) largest = std::max(largest, std::fabs(value));
  }
  return kBothSides * (moved + kActivationRoundings * kRounding * largest + kFlushed);
}

}  // namespace carousel::detail
