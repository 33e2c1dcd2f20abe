// SPDX-License-Identifier: Apache-2.0
#include "core/engine/sharing_pause.hpp"

#include <gtest/gtest.h>

namespace carousel {
namespace {

using Clock = SharingPause::Clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Clock::time_point kStart{seconds(1000)};

TEST(SharingPause, NeverBeginsByItself) {
  const SharingPause pause;
  EXPECT_FALSE(pause.ever_began());
  EXPECT_FALSE(pause.includes(kStart));
}

TEST(SharingPause, FollowsTheWaiting) {
  SharingPause pause;
  pause.begin(kStart, milliseconds(3));
  EXPECT_TRUE(pause.ever_began());
  EXPECT_TRUE(pause.includes(kStart));
  EXPECT_TRUE(pause.includes(kStart + milliseconds(5)));
  EXPECT_FALSE(pause.includes(kStart + milliseconds(7)));
}

TEST(SharingPause, BecomesLongerWhereSharingWasInVain) {
  SharingPause pause;
  for (int i = 0; i < 5; ++i) {
    pause.shared(milliseconds(2));
    pause.begin(kStart, milliseconds(1));
  }
  EXPECT_TRUE(pause.includes(kStart + milliseconds(31)));
  EXPECT_FALSE(pause.includes(kStart + milliseconds(33)));
}

TEST(SharingPause, IsShortAgainWhereSharingWasWorthTheWaiting) {
  SharingPause pause;
  for (int i = 0; i < 5; ++i) pause.begin(kStart, milliseconds(3));
  const Clock::time_point later = kStart + seconds(10);
  pause.shared(milliseconds(4));
  pause.begin(later, milliseconds(1));
  EXPECT_TRUE(pause.includes(later + milliseconds(1)));
  EXPECT_FALSE(pause.includes(later + milliseconds(3)));
}

TEST(SharingPause, EndsBeforeLong) {
  SharingPause pause;
  pause.begin(kStart, seconds(60));
  EXPECT_FALSE(pause.includes(kStart + milliseconds(1001)));
}

}  // namespace
}  // namespace carousel
