// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <vector>

namespace carousel::cli {

/// Seconds on the monotonic clock.
[[nodiscard]] inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Median and half the distance between the quartiles: what shared machines leave trustworthy.
struct Summary {
  double median = 0;
  double half_width = 0;
};
[[nodiscard]] Summary summarize(std::vector<double> samples);

}  // namespace carousel::cli
