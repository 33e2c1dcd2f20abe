// SPDX-License-Identifier: Apache-2.0
#include "core/verify/oracle/int8.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace carousel::oracle {
namespace {

constexpr double kMost = 127.0;
/// Rows whose largest magnitude is below this count as zeros.
constexpr double kLeast = 0x1p-119;

/// The nearest whole number of value * factor, which is a float32 before it is rounded.
double multiple(double value, double factor) {
  return std::nearbyint(static_cast<double>(static_cast<float>(value * factor)));
}

/// How far the multiple of a number may be from that of another one within its error.
double doubt(Number v, double factor, double factor_error) {
  const double reach = v.error * factor + std::fabs(v.value) * factor * (factor_error + 2 * kUnit);
  const double exact = v.value * factor;
  const double found = multiple(v.value, factor);
  return std::max(std::nearbyint(exact + reach) - found, found - std::nearbyint(exact - reach));
}

struct Extent {
  double largest = 0.0;  ///< magnitude; NaN where an element is not finite
  double error = 0.0;    ///< the largest
};

Extent extent(std::span<const Number> row) {
  Extent result;
  for (const Number& v : row) {
    if (!std::isfinite(v.value)) return {std::numeric_limits<double>::quiet_NaN(), 0.0};
    result.largest = std::max(result.largest, std::fabs(v.value));
    result.error = std::max(result.error, v.error);
  }
  return result;
}

}  // namespace

Int8Row quantized(std::span<const Number> row) {
  const std::vector<double> zeros(row.size(), 0.0);
  const auto [largest, error] = extent(row);
  if (std::isnan(largest)) return {zeros, zeros, largest, 0.0};
  if (!std::isfinite(error)) return {zeros, zeros, 0.0, error};  // they may be anything
  // What the rounding to float32 of a computed number may cost is part of its error.
  const auto top = static_cast<double>(static_cast<float>(largest));
  if (top < kLeast && largest + error < kLeast) return {zeros, zeros, 0.0, 0.0};
  if (top < kLeast || largest - error < kLeast) {  // all of it may count as zeros, or not
    std::vector<double> all(row.size(), kMost);
    return {zeros, std::move(all), (largest + error) / kMost, 0.0};
  }
  const auto factor = static_cast<double>(127.0F / static_cast<float>(largest));
  const auto scale = static_cast<double>(static_cast<float>(largest) / 127.0F);
  Int8Row result{zeros, zeros, scale, error / largest};
  for (std::size_t k = 0; k < row.size(); ++k) {
    result.multiples[k] = multiple(row[k].value, factor);
    if (error > 0.0) result.doubts[k] = doubt(row[k], factor, result.scale_error);
  }
  return result;
}

Int8Row quantized(std::span<const float> row) {
  std::vector<Number> numbers;
  numbers.reserve(row.size());
  for (const float v : row) numbers.push_back({static_cast<double>(v), 0.0});
  return quantized(numbers);
}

Number int8_product(const Int8Row& weights, const Int8Row& numbers) {
  double sum = 0.0;
  double doubted = 0.0;
  for (std::size_t k = 0; k < weights.multiples.size(); ++k) {
    sum += weights.multiples[k] * numbers.multiples[k];
    doubted += std::fabs(weights.multiples[k]) * numbers.doubts[k];
  }
  const double scale = weights.scale * numbers.scale;
  const double value = sum * scale;
  if (!std::isfinite(value)) return {value, 0.0};
  if (!std::isfinite(numbers.scale_error)) return {0.0, numbers.scale_error};
  // The sum is exact: there are its conversion, the product of the scales, and that of both.
  constexpr double kRoundings = 3.0;
  const double size = std::fabs(value);
  const double own = kRoundings * kUnit * size + kFlush * (std::fabs(sum) + 1.0);
  // Steps are few and large, so that they count at their worst.
  return {value, own + scale * doubted + size * numbers.scale_error};
}

void add_matrix_row(Sum& sum, std::span<const float> weights, std::span<const Number> numbers,
                    const ErrorModel& model) {
  if (!model.int8) return sum.add_products(weights, numbers);
  sum.add(int8_product(quantized(weights), quantized(numbers)));
}

}  // namespace carousel::oracle
