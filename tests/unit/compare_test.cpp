// SPDX-License-Identifier: Apache-2.0
#include <carousel/compare.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace carousel {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
using Floats = std::vector<float>;
using Doubles = std::vector<double>;

TEST(Compare, EqualArraysAgreeAtToleranceZero) {
  const Floats a{0.0F, -1.5F, kNan, kInfinity, -kInfinity, 1e-42F};
  const Agreement agreement = compare(a, a, 0.0);
  EXPECT_TRUE(agreement.ok);
  EXPECT_EQ(agreement.count, 6);
  EXPECT_EQ(agreement.first_index, -1);
  EXPECT_EQ(agreement.max_abs, 0.0);
  EXPECT_EQ(agreement.max_ulp, 0.0);
  EXPECT_EQ(agreement.nmse, 0.0);
}

TEST(Compare, NanAndInfinityAgreeOnlyWithThemselves) {
  const double huge = std::numeric_limits<double>::max();
  for (const float actual : {kNan, kInfinity, -kInfinity, 1.0F}) {
    for (const float expected : {kNan, kInfinity, -kInfinity, 2.0F}) {
      const bool same = actual == expected || (std::isnan(actual) && std::isnan(expected));
      const bool both_finite = std::isfinite(actual) && std::isfinite(expected);
      EXPECT_EQ(compare(Floats{actual}, Floats{expected}, huge).ok, same || both_finite)
          << actual << " and " << expected;
      EXPECT_EQ(compare(Floats{actual}, Doubles{expected}, huge).ok, same || both_finite)
          << actual << " and " << expected;
    }
  }
}

TEST(Compare, NanToleranceFailsUnlessEqual) {
  EXPECT_FALSE(compare(Floats{1.0F}, Doubles{1.1}, Doubles{std::nan("")}).ok);
  EXPECT_TRUE(compare(Floats{1.0F}, Doubles{1.0}, Doubles{std::nan("")}).ok);
}

TEST(Compare, FindsTheFirstAndTheWorst) {
  const Agreement a = compare(Floats{1.0F, 2.0F, 3.0F, 4.0F}, Doubles{1.0, 2.1, 3.0, 4.5}, 0.01);
  EXPECT_FALSE(a.ok);
  EXPECT_EQ(a.first_index, 1);
  EXPECT_EQ(a.worst_index, 3);
  EXPECT_EQ(a.outside, 2);
  EXPECT_NEAR(a.max_abs, 0.5, 1e-12);
  EXPECT_NEAR(a.max_share, 50.0, 1e-9);
  EXPECT_NEAR(a.nmse, (0.01 + 0.25) / (1.0 + 4.41 + 9.0 + 20.25), 1e-6);
}

TEST(Compare, EachElementHasItsOwnTolerance) {
  const Floats actual{1.0F, 1.0F};
  const Doubles expected{1.1, 1.1};
  EXPECT_TRUE(compare(actual, expected, Doubles{0.2, 0.2}).ok);
  EXPECT_EQ(compare(actual, expected, Doubles{0.2, 0.05}).first_index, 1);
  EXPECT_FALSE(compare(actual, expected, Doubles{0.2}).ok) << "a tolerance is missing";
}

TEST(Compare, DifferentSizesDiffer) {
  EXPECT_FALSE(compare(Floats{1.0F}, Doubles{1.0, 2.0}, 1.0).ok);
  EXPECT_EQ(compare(Floats{1.0F, 2.0F}, Floats{1.0F}, 1.0).first_index, 1);
  EXPECT_EQ(first_different_bit(Floats{1.0F}, Floats{1.0F, 2.0F}), 1);
}

TEST(Compare, NothingAgreesWithNothing) {
  EXPECT_TRUE(compare(Floats{}, Doubles{}, 0.0).ok);
  EXPECT_EQ(compare(Floats{}, Doubles{}, 0.0).worst_index, -1);
}

TEST(Compare, CountsUnitsInTheLastPlace) {
  const float next = std::nextafterf(1.0F, 2.0F);
  EXPECT_EQ(ulp_distance(1.0F, next), 1.0);
  EXPECT_EQ(ulp_distance(-0.0F, 0.0F), 0.0);
  EXPECT_EQ(ulp_distance(-1e-45F, 1e-45F), 2.0);
  EXPECT_EQ(ulp_distance(kNan, kNan), 0.0);
  EXPECT_TRUE(std::isinf(ulp_distance(kNan, 1.0F)));
  EXPECT_EQ(ulp_error(next, 1.0), 1.0);
  EXPECT_NEAR(ulp_error(1.0F, 1.0 + 0x1p-24), 0.5, 1e-12);
  EXPECT_EQ(ulp_error(0.0F, 0.0), 0.0);
  EXPECT_EQ(ulp_error(0x1p-149F, 0.0), 1.0);
}

TEST(Compare, DifferentBitsAreSeenWhereValuesAreEqual) {
  EXPECT_EQ(first_different_bit(Floats{1.0F, -0.0F}, Floats{1.0F, 0.0F}), 1);
  EXPECT_EQ(first_different_bit(Floats{kNan}, Floats{kNan}), -1);
}

TEST(Compare, AppendedResultsCountOn) {
  Agreement all = compare(Floats{1.0F, 2.0F}, Doubles{1.0, 2.0}, 0.1);
  append(all, compare(Floats{3.0F, 4.0F}, Doubles{3.0, 5.0}, 0.1));
  EXPECT_FALSE(all.ok);
  EXPECT_EQ(all.count, 4);
  EXPECT_EQ(all.first_index, 3);
  EXPECT_EQ(all.worst_index, 3);
  EXPECT_NEAR(all.nmse, 1.0 / (1.0 + 4.0 + 9.0 + 25.0), 1e-9);
}

}  // namespace
}  // namespace carousel
