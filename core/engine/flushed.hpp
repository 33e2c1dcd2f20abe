// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <limits>

namespace carousel {

/// Zero instead of a number too small for a normal float32: for functions that would otherwise give
/// very different results with and without flushing, which a run turns on (see float_env.hpp).
[[nodiscard]] inline float flushed(float x) noexcept {
  return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0F, x) : x;
}

}  // namespace carousel
