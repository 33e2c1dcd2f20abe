// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace carousel::layers {

/// The sum of `term(x[k])` in float64, in an order that depends on `count` only: from the first to
/// the last where there are few, else as eight sums of every eighth term, added in pairs.
template <class Term>
[[nodiscard]] inline double sum_of(const float* x, std::int64_t count, Term&& term) noexcept {
  constexpr std::int64_t kSums = 8;
  double rest = 0.0;
  if (count < 2 * kSums) {
    for (std::int64_t k = 0; k < count; ++k) rest += term(static_cast<double>(x[k]));
    return rest;
  }
  std::array<double, kSums> sums{};
  std::int64_t k = 0;
  for (; k + kSums <= count; k += kSums) {
    for (std::int64_t i = 0; i < kSums; ++i) {
      sums[static_cast<std::size_t>(i)] += term(static_cast<double>(x[k + i]));
    }
  }
  for (; k < count; ++k) rest += term(static_cast<double>(x[k]));
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7])) +
         rest;
}

}  // namespace carousel::layers
