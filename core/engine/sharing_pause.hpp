// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace carousel {

/// For how long a thread shares no work with others after it had to wait for one that had lost its
/// core to another process. Pauses are long beside the waiting, so that little time is lost even
/// while the cores stay busy, and become longer each time that a pause was in vain.
class SharingPause {
 public:
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;

  /// A pause takes so many times as long as the waiting that led to it.
  static constexpr double kTimes = 100;
  static constexpr Seconds kLongest{1};

  /// Begins a pause at `now`, because `lost` was waited in vain.
  void begin(Clock::time_point now, Seconds lost) noexcept;

  /// Whether there is a pause at `now`.
  [[nodiscard]] bool includes(Clock::time_point now) const noexcept { return now < end_; }
  /// Whether there has been one: otherwise nobody needs to know the time.
  [[nodiscard]] bool ever_began() const noexcept { return length_.count() > 0; }

 private:
  Clock::time_point end_;
  Seconds length_{0};
};

}  // namespace carousel
