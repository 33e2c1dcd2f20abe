// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/measure/limits.hpp"

#include <functional>
#include <vector>

namespace carousel::bench {

/// Takes samples while this thread has its core to itself.
///
/// On a shared machine another hardware thread of the core may belong to somebody else. It takes
/// its part of the ports that load, and of the nearest cache, but little of a loop that multiplies
/// and adds in registers: real work then takes up to 1.5 times as long, while the peak that it is
/// compared with stays. So what tells is the time of reads from the nearest cache as compared with
/// that of multiply-adds, which does not depend on the clock's rate.
class QuietCore {
 public:
  /// Waiting, and samples that are taken again, may take `patience` seconds altogether. By default
  /// this core is probed, for 0.1 ms each time, and `rest` sleeps for some milliseconds.
  explicit QuietCore(double patience, LimitSampler sampler = {}, std::function<void()> rest = {});

  /// What probing adds to a sample.
  static constexpr double kSecondsPerSample = 0.25e-3;

  /// What `sample` returned, seconds; 0 is none, and never taken again.
  double sample(const std::function<double()>& sample);

  /// The share of samples since the last call that were taken in spite of a neighbour.
  double take_disturbed_share();
  /// That went into waiting and into samples which were taken again.
  [[nodiscard]] double lost_seconds() const noexcept { return lost_; }

 private:
  bool probe();  ///< false: somebody else is there
  bool wait_for_quiet();
  [[nodiscard]] bool patient() const noexcept { return lost_ < patience_; }

  double patience_;
  LimitSampler sampler_;
  std::function<void()> rest_;
  std::vector<double> usual_;  ///< the probes so far or some of them, ascending
  double lost_ = 0;
  int samples_ = 0;
  int disturbed_ = 0;
};

}  // namespace carousel::bench
