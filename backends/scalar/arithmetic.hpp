// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace carousel::scalar {

/// sum + w · v, accumulated in the order of the elements, in double. Products of floats are exact
/// in double, so the error is about that of one rounding to float.
[[nodiscard]] inline float dot(float sum, const float* w, const float* v,
                               std::int64_t count) noexcept {
  double total = sum;
  for (std::int64_t k = 0; k < count; ++k) total += static_cast<double>(w[k]) * v[k];
  return static_cast<float>(total);
}

/// Adds `values` to as many elements of `sums`, from the first on.
inline void add_to(std::vector<float>& sums, std::span<const float> values) noexcept {
  for (std::size_t j = 0; j < values.size(); ++j) sums[j] += values[j];
}

[[nodiscard]] inline std::vector<float> copy(std::span<const float> values) {
  return {values.begin(), values.end()};
}

}  // namespace carousel::scalar
