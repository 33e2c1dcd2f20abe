// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace carousel::layers {

/// The larger one of two numbers; NaN if any of them is.
[[nodiscard]] inline float larger(float a, float b) noexcept { return a > b || a != a ? a : b; }

/// The smaller one of two numbers; NaN if any of them is.
[[nodiscard]] inline float smaller(float a, float b) noexcept { return a < b || a != a ? a : b; }

}  // namespace carousel::layers
