// SPDX-License-Identifier: Apache-2.0
#include "backends/int8_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace carousel::int8 {
namespace {

/// NaN if an element is NaN, infinity if one is infinite.
float largest_magnitude(std::span<const float> row) noexcept {
  float largest = 0.0F;
  for (const float v : row) {
    if (std::isnan(v)) return v;
    largest = std::max(largest, std::fabs(v));
  }
  return largest;
}

}  // namespace

float quantize(std::span<const float> row, std::int8_t* to) noexcept {
  const float largest = largest_magnitude(row);
  if (!std::isfinite(largest) || largest < kLeastMagnitude) {
    std::fill_n(to, row.size(), std::int8_t{0});
    return std::isfinite(largest) ? 0.0F : std::numeric_limits<float>::quiet_NaN();
  }
  const float reciprocal = kLargest / largest;
  for (std::size_t k = 0; k < row.size(); ++k) {
    to[k] = static_cast<std::int8_t>(std::nearbyint(row[k] * reciprocal));
  }
  return largest / kLargest;
}

}  // namespace carousel::int8
