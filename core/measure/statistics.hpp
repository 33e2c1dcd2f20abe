// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace carousel {

/// The three quartiles of some samples, interpolated; zeros when there are none. Neighbours on a
/// shared machine lengthen some samples, and a rare one is too short (a clock that jumps), so
/// neither the mean nor the minimum is to be trusted.
struct Quartiles {
  double low = 0;
  double median = 0;
  double high = 0;
};
[[nodiscard]] Quartiles quartiles(std::vector<double> samples);

/// The value below which `fraction` of the samples lie, interpolated; `sorted` is ascending and not
/// empty.
[[nodiscard]] double quantile(const std::vector<double>& sorted, double fraction);

}  // namespace carousel
