// SPDX-License-Identifier: Apache-2.0
#include "void_share.hpp"

#include <algorithm>
#include <cmath>

namespace carousel::detail {
namespace {

/// Root mean square of those that are finite.
double size_of(std::span<const double> values) {
  double squares = 0;
  std::size_t count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    squares += value * value;
    ++count;
  }
  return count == 0 ? 0 : std::sqrt(squares / static_cast<double>(count));
}

/// Of one output. Where all values are 0, no tolerance is small beside them, and yet 0 is proved.
std::size_t count_void(std::span<const double> values, std::span<const double> tolerance) {
  const auto is_zero = [](double value) { return value == 0; };
  if (std::ranges::all_of(values, is_zero)) return 0;
  const double size = size_of(values);
  std::size_t count = 0;
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (!std::isfinite(values[k]) || tolerance[k] >= size) ++count;
  }
  return count;
}

}  // namespace

double void_share(const Expected& expected, std::span<const std::size_t> counts) {
  std::size_t first = 0;
  std::size_t found = 0;
  for (const std::size_t count : counts) {
    found += count_void(std::span(expected.value).subspan(first, count),
                        std::span(expected.tolerance).subspan(first, count));
    first += count;
  }
  return first == 0 ? 0 : static_cast<double>(found) / static_cast<double>(first);
}

}  // namespace carousel::detail
