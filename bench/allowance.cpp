// SPDX-License-Identifier: Apache-2.0
#include "allowance.hpp"

#include <algorithm>

namespace carousel::bench {

Allowance::Allowance(double seconds, double weight, Clock clock)
    : clock_(std::move(clock)), end_(clock_() + seconds), left_(weight) {}

double Allowance::take(double weight) {
  const double seconds = std::max(0.0, seconds_left()) * weight / std::max(left_, weight);
  left_ -= weight;
  return seconds;
}

int repetitions_within(double seconds, double round, int most) {
  constexpr int kLeast = 3;
  return std::max(kLeast, static_cast<int>(std::min<double>(most, seconds / round)));
}

}  // namespace carousel::bench
