// SPDX-License-Identifier: Apache-2.0
#include <carousel/compare.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>

namespace carousel {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Maps floats to integers so that neighbours differ by one and both zeros are 0.
std::int64_t ordinal(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto magnitude = static_cast<std::int64_t>(bits & 0x7FFFFFFFU);
  return (bits >> 31U) != 0 ? -magnitude : magnitude;
}

bool same_special(float actual, double expected) noexcept {
  if (std::isnan(expected)) return std::isnan(actual);
  return std::isinf(actual) && actual == static_cast<float>(expected);
}

bool same_special(float actual, float expected) noexcept {
  return same_special(actual, static_cast<double>(expected));
}

/// |actual - expected|; 0 for equal specials, infinity when only one of them is finite.
template <class Expected>
double difference(float actual, Expected expected) noexcept {
  if (same_special(actual, expected)) return 0.0;
  const double diff = std::fabs(static_cast<double>(actual) - static_cast<double>(expected));
  return std::isnan(diff) ? kInfinity : diff;
}

double ulps(float actual, double expected) noexcept { return ulp_error(actual, expected); }
double ulps(float actual, float expected) noexcept { return ulp_distance(actual, expected); }

/// The error as a share of the tolerance; an exact match has share 0 even at tolerance 0.
double share_of(double diff, double tolerance) noexcept {
  if (diff == 0.0) return 0.0;
  if (!(diff <= tolerance)) return tolerance > 0.0 ? std::max(diff / tolerance, 1.0) : kInfinity;
  return std::isinf(tolerance) ? 0.0 : diff / tolerance;
}

void note_element(Agreement& a, std::int64_t index, double diff, double tolerance) {
  // Written so that a NaN tolerance fails.
  if (diff != 0.0 && !(diff <= tolerance)) {
    a.ok = false;
    ++a.outside;
    if (a.first_index < 0) a.first_index = index;
  }
  a.max_abs = std::max(a.max_abs, diff);
  const double share = share_of(diff, tolerance);
  if (a.worst_index < 0 || share > a.max_share) {
    a.max_share = share;
    a.worst_index = index;
  }
}

void finish(Agreement& a) {
  a.nmse = a.expected_square > 0.0 ? a.error_square / a.expected_square
           : a.error_square > 0.0  ? kInfinity
                                   : 0.0;
}

template <class Expected, class Tolerance>
Agreement compare_elements(std::span<const float> actual, std::span<const Expected> expected,
                           Tolerance tolerance_at) {
  Agreement a;
  const std::size_t count = std::min(actual.size(), expected.size());
  for (std::size_t k = 0; k < count; ++k) {
    const double diff = difference(actual[k], expected[k]);
    note_element(a, static_cast<std::int64_t>(k), diff, tolerance_at(k));
    a.max_ulp = std::max(a.max_ulp, ulps(actual[k], expected[k]));
    const auto reference = static_cast<double>(expected[k]);
    if (std::isfinite(diff) && std::isfinite(reference)) {
      a.error_square += diff * diff;
      a.expected_square += reference * reference;
    }
  }
  a.count = static_cast<std::int64_t>(count);
  if (actual.size() != expected.size()) {
    a.ok = false;
    if (a.first_index < 0) a.first_index = a.count;
  }
  finish(a);
  return a;
}

template <class Expected>
Agreement compare_each(std::span<const float> actual, std::span<const Expected> expected,
                       std::span<const double> tolerance) {
  static constexpr double kMissing = -1.0;  // fails, unless the values are equal
  return compare_elements(actual, expected, [tolerance](std::size_t k) {
    return k < tolerance.size() ? tolerance[k] : kMissing;
  });
}

}  // namespace

double ulp_distance(float a, float b) noexcept {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b) ? 0.0 : kInfinity;
  return static_cast<double>(std::abs(ordinal(a) - ordinal(b)));
}

double ulp_error(float actual, double expected) noexcept {
  const double diff = difference(actual, expected);
  if (diff == 0.0 || std::isinf(diff)) return diff;
  constexpr int kMantissaBits = std::numeric_limits<float>::digits - 1;
  constexpr int kMinExponent = std::numeric_limits<float>::min_exponent - 1;
  const int exponent =
      expected == 0.0 ? kMinExponent : std::max(std::ilogb(expected), kMinExponent);
  return std::ldexp(diff, kMantissaBits - exponent);
}

Agreement compare(std::span<const float> actual, std::span<const double> expected,
                  std::span<const double> tolerance) {
  return compare_each(actual, expected, tolerance);
}

Agreement compare(std::span<const float> actual, std::span<const float> expected,
                  std::span<const double> tolerance) {
  return compare_each(actual, expected, tolerance);
}

Agreement compare(std::span<const float> actual, std::span<const double> expected,
                  double tolerance) {
  return compare_elements(actual, expected, [tolerance](std::size_t) { return tolerance; });
}

Agreement compare(std::span<const float> actual, std::span<const float> expected,
                  double tolerance) {
  return compare_elements(actual, expected, [tolerance](std::size_t) { return tolerance; });
}

std::int64_t first_different_bit(std::span<const float> a, std::span<const float> b) noexcept {
  const std::size_t count = std::min(a.size(), b.size());
  for (std::size_t k = 0; k < count; ++k) {
    if (std::bit_cast<std::uint32_t>(a[k]) != std::bit_cast<std::uint32_t>(b[k])) {
      return static_cast<std::int64_t>(k);
    }
  }
  return a.size() == b.size() ? -1 : static_cast<std::int64_t>(count);
}

void append(Agreement& into, const Agreement& other) {
  if (into.first_index < 0 && other.first_index >= 0) {
    into.first_index = into.count + other.first_index;
  }
  if (other.worst_index >= 0 && (into.worst_index < 0 || other.max_share > into.max_share)) {
    into.worst_index = into.count + other.worst_index;
    into.max_share = other.max_share;
  }
  into.ok = into.ok && other.ok;
  into.count += other.count;
  into.outside += other.outside;
  into.max_abs = std::max(into.max_abs, other.max_abs);
  into.max_ulp = std::max(into.max_ulp, other.max_ulp);
  into.error_square += other.error_square;
  into.expected_square += other.expected_square;
  finish(into);
}

}  // namespace carousel
