// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace carousel::onnxruntime_bench {

/// Something that is timed against others: one call of `work`.
struct Contender {
  std::string name;
  std::function<void()> work;
  std::vector<double> seconds{};  ///< Of one call, a sample each.
};

/// Lets all take turns, some milliseconds each time, for about so many seconds and several turns.
void measure(std::vector<Contender>& contenders, double seconds);

[[nodiscard]] double median(std::vector<double> values);
/// The median of the ratios of the samples of each turn.
[[nodiscard]] double median_ratio(const Contender& a, const Contender& b);
/// The median of what the samples of each turn are above those of the two others together.
[[nodiscard]] double median_rest(const Contender& whole, const Contender& a, const Contender& b);

}  // namespace carousel::onnxruntime_bench
