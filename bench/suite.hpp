// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "allowance.hpp"
#include "results.hpp"
#include "settings.hpp"

#include "core/measure/limits.hpp"
#include <timing.hpp>

#include <functional>
#include <string>
#include <vector>

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

/// The levels of the memory hierarchy, sampled now and then during the run, and what the shapes'
/// own limits say of the peak.
class RooflineKeeper {
 public:
  /// Limits come from `sampler`; without one, they are this core's.
  explicit RooflineKeeper(LimitSampler sampler = {});
  void refresh();                     ///< if the last time is long ago
  void take(const Roofline& shapes);  ///< the limits of a shape
  /// Medians; the peak is the median of those that were taken.
  [[nodiscard]] Roofline roofline() const;

 private:
  Limits levels_;
  std::vector<double> peaks_;
  double best_ = 0;
  double last_ = 0;
};

/// Whether the cores talk to each other as fast as they can; on shared machines they may not for
/// minutes.
class CoreState {
 public:
  /// Tests bring their own way to measure.
  explicit CoreState(std::function<double()> round_trip_ns = {});

  /// Nanoseconds one way, now.
  double measure();
  /// Compared with all that was measured.
  [[nodiscard]] bool healthy(double nanoseconds) const;

 private:
  std::function<double()> round_trip_ns_;
  std::vector<double> measured_;
};

/// Measures every shape, thread count and backend of `settings`.
void run_suite(const Settings& settings, Results& results);
/// Measures one shape with variable lengths and padded; asks for the seconds that it may take when
/// it is ready to.
using LengthsMeasure = std::function<std::vector<LengthsResult>(
    const Shape& shape, int threads, const std::function<double()>& seconds)>;
/// Variable lengths against padded rows, in the time that the settings give. Tests bring their own
/// `measure` and `clock`.
void run_lengths(const Settings& settings, Results& results, LengthsMeasure measure = {},
                 const Allowance::Clock& clock = cli::now);
/// Prepare, first runs, stream sizes and idle threads.
void run_prepare(const Settings& settings, Results& results);
/// What calling a layer through the ABI of plug-ins costs.
void run_plugin_route(const Settings& settings, Results& results);
/// What `Plan::estimate` chooses and predicts, beside measurements.
void run_estimates(const Settings& settings, Results& results);
/// Rules that depend on the size of the L2 cache, for sizes that this machine does not have.
void run_cache_sweep(const Settings& settings, Results& results);
/// One and several threads on free cores, and beside busy processes on all cores.
void run_neighbours(const Settings& settings, Results& results);
/// Whole networks, from the folders that the settings name.
void run_networks(const Settings& settings, Results& results);

}  // namespace carousel::bench
