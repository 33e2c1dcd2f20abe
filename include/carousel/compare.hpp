// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>

#include <cstdint>
#include <span>

namespace carousel {

/// How well an array agrees with a reference, element by element. NaN agrees with NaN only, an
/// infinity with the same infinity only.
struct Agreement {
  bool ok = true;            ///< every element is within its tolerance, and the sizes are equal
  std::int64_t count = 0;    ///< elements compared
  std::int64_t outside = 0;  ///< elements outside their tolerance
  std::int64_t first_index = -1;  ///< the first of them
  std::int64_t worst_index = -1;  ///< the element with the largest error relative to its tolerance
  double max_abs = 0.0;       ///< largest |actual - expected|; infinite for a NaN against a number
  double max_ulp = 0.0;       ///< the same in units in the last place of the expected float
  double nmse = 0.0;          ///< sum (actual - expected)^2 / sum expected^2, finite elements only
  double max_share = 0.0;     ///< largest error as a share of its tolerance; above 1: failed
  double error_square = 0.0;  ///< numerator of nmse
  double expected_square = 0.0;  ///< denominator of nmse
};

/// Representable floats between a and b: 0 for equal values (and for -0 and +0), 1 for neighbours;
/// infinite when exactly one of them is NaN.
[[nodiscard]] CAROUSEL_API double ulp_distance(float a, float b) noexcept;

/// |actual - expected| in units of the spacing of floats around `expected`.
[[nodiscard]] CAROUSEL_API double ulp_error(float actual, double expected) noexcept;

/// Compares with one tolerance per element (absolute).
[[nodiscard]] CAROUSEL_API Agreement compare(std::span<const float> actual,
                                             std::span<const double> expected,
                                             std::span<const double> tolerance);
[[nodiscard]] CAROUSEL_API Agreement compare(std::span<const float> actual,
                                             std::span<const float> expected,
                                             std::span<const double> tolerance);

/// Compares with the same absolute tolerance everywhere; 0 demands equal values.
[[nodiscard]] CAROUSEL_API Agreement compare(std::span<const float> actual,
                                             std::span<const double> expected, double tolerance);
[[nodiscard]] CAROUSEL_API Agreement compare(std::span<const float> actual,
                                             std::span<const float> expected, double tolerance);

/// The first index at which the two differ in any bit (so NaN payloads and the sign of zero count);
/// -1: none. Arrays of different size differ at the end of the shorter one.
[[nodiscard]] CAROUSEL_API std::int64_t first_different_bit(std::span<const float> a,
                                                            std::span<const float> b) noexcept;

/// Joins what two comparisons found; `other`'s indices count from the end of `into`'s elements.
CAROUSEL_API void append(Agreement& into, const Agreement& other);

}  // namespace carousel
