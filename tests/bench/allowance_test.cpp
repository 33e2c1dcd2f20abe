// SPDX-License-Identifier: Apache-2.0
#include <allowance.hpp>

#include <gtest/gtest.h>

namespace carousel::bench {
namespace {

TEST(Allowance, SharesOutByWeightWhatIsLeft) {
  double now = 1000;
  Allowance allowance(60, 6, [&now] { return now; });
  EXPECT_DOUBLE_EQ(allowance.take(1), 10);
  now += 10;
  EXPECT_DOUBLE_EQ(allowance.take(2), 20);
  now += 5;  // needed less: the others get it
  EXPECT_DOUBLE_EQ(allowance.seconds_left(), 45);
  EXPECT_DOUBLE_EQ(allowance.take(1), 15);
  now += 40;  // needed more: the others pay for it
  EXPECT_DOUBLE_EQ(allowance.take(2), 5);
  now += 10;
  EXPECT_DOUBLE_EQ(allowance.take(1), 0) << "nothing left, and never less than nothing";
}

TEST(Repetitions, FillTheTimeWithinTheirBounds) {
  EXPECT_EQ(repetitions_within(10, 0.5, 100), 20);
  EXPECT_EQ(repetitions_within(20, 0.5, 100), 40);
  EXPECT_EQ(repetitions_within(1000, 1e-9, 100), 100);
  EXPECT_EQ(repetitions_within(0.1, 0.5, 100), 3) << "a median needs some";
}

}  // namespace
}  // namespace carousel::bench
