// SPDX-License-Identifier: Apache-2.0
#include "sharing_pause.hpp"

#include <algorithm>

namespace carousel {

void SharingPause::begin(Clock::time_point now, Seconds lost) noexcept {
  Seconds length = kTimes * lost;
  const bool in_vain = ever_began() && shared_ < kWorth * lost;
  if (in_vain) length = std::max(length, 2 * length_);
  shared_ = Seconds(0);
  length_ = std::min(length, kLongest);
  end_ = std::max(end_, now + std::chrono::duration_cast<Clock::duration>(length_));
}

}  // namespace carousel
