// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace carousel::cli {

/// A bar on standard error for work of over two seconds. Silent when that is not a terminal.
/// (Debian packages no C++ progress-bar library; this is all that the command needs.)
class Progress {
 public:
  explicit Progress(std::string label);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  /// Redraws at most ten times a second.
  void update(double fraction);
  /// Wipes the bar, so that other output may follow.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  std::string label_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point start_;
  Clock::time_point last_;
};

}  // namespace carousel::cli
