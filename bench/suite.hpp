// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "results.hpp"
#include "settings.hpp"

#include <roofline.hpp>

#include <string>

namespace carousel::bench {

/// One line on standard error: what is being done and how long it may still take. On a terminal
/// each line replaces the one before.
class ProgressLine {
 public:
  ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { clear(); }
  void show(const std::string& text);
  void clear();

 private:
  bool terminal_;
  bool shown_ = false;
};

/// The machine's limits, measured now and then during the run: the best of all attempts counts,
/// since neighbours can only lower them.
class RooflineKeeper {
 public:
  RooflineKeeper();
  void refresh();  ///< if the last time is long ago
  [[nodiscard]] const Roofline& best() const noexcept { return best_; }

 private:
  void take(const Roofline& measured);
  Roofline best_;
  double last_ = 0;
};

/// Whether the cores talk to each other as fast as they can; on shared machines they may not for
/// minutes.
class CoreState {
 public:
  /// Nanoseconds one way, now.
  double measure();
  [[nodiscard]] bool healthy(double nanoseconds) const;

 private:
  double least_ = 0;
};

/// Measures every shape, thread count and backend of `settings`.
void run_suite(const Settings& settings, Results& results);
/// Variable lengths against padded rows.
void run_lengths(const Settings& settings, Results& results);
/// Prepare, first runs, stream sizes and idle threads.
void run_prepare(const Settings& settings, Results& results);
/// What calling a layer through the ABI of plug-ins costs.
void run_plugin_route(const Settings& settings, Results& results);

}  // namespace carousel::bench
