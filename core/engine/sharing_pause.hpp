// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace carousel {

/// For how long a thread shares no work with others after it had to wait for one that had lost its
/// core to another process. Where sharing has gained much more than the waiting cost, the pause is
/// short. Else it was in vain, and each such pause takes twice as long as the one before, so that
/// little time is lost even while the cores stay busy.
class SharingPause {
 public:
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;

  /// A pause takes at least so many times as long as the waiting that led to it.
  static constexpr double kTimes = 2;
  static constexpr Seconds kLongest{1};
  /// Work that was shared for so many times as long as the waiting took was worth it.
  static constexpr double kWorth = 3;

  /// Notes that work was shared for so long.
  void shared(Seconds time) noexcept { shared_ += time; }

  /// Begins a pause at `now`, because `lost` was waited in vain.
  void begin(Clock::time_point now, Seconds lost) noexcept;

  /// Whether there is a pause at `now`.
  [[nodiscard]] bool includes(Clock::time_point now) const noexcept { return now < end_; }
  /// Whether there has been one: otherwise nobody needs to know the time.
  [[nodiscard]] bool ever_began() const noexcept { return length_.count() > 0; }

 private:
  Clock::time_point end_;
  Seconds length_{0};
  Seconds shared_{0};  ///< Since the last pause began.
};

}  // namespace carousel
