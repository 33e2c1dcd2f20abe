// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace carousel::bench {

/// Shares out seconds by weight, what is left of them at each time, so that nothing is lost where
/// a part needs less.
class Allowance {
 public:
  using Clock = std::function<double()>;  ///< seconds since some moment

  /// `weight` is that of all parts together.
  Allowance(double seconds, double weight, Clock clock);

  /// Seconds for a part of this weight. Call it once for each, when it begins.
  double take(double weight);
  [[nodiscard]] double seconds_left() const { return end_ - clock_(); }

 private:
  Clock clock_;
  double end_;
  double left_;  ///< weight
};

/// How many samples of each of some alternating ways to take in `seconds`: `round` is what one of
/// each takes. At least 3, which make a median; at most `most`.
[[nodiscard]] int repetitions_within(double seconds, double round, int most);

}  // namespace carousel::bench
