// SPDX-License-Identifier: Apache-2.0
#include "suite.hpp"

#include "group.hpp"
#include "machine.hpp"
#include "quiet_core.hpp"

#include <format.hpp>
#include <timing.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

namespace carousel::bench {
namespace {

constexpr int kMostAttempts = 3;
constexpr double kRetryShare = 0.15;  // of all the time may go into further attempts
constexpr double kQuietShare = 0.25;  // and into waiting until nobody else uses the core
constexpr double kLeastGroup = 0.4;   // seconds that even the smallest shape gets a claim to
constexpr double kRoundsWanted = 5;
constexpr double kWorthExpecting = 1.3;  // oneDNN's gain by two threads, to be relied upon
constexpr double kGainLost = 0.7;

double weight(const Shape& shape, int threads, const Settings& settings) {
  return kLeastGroup + kRoundsWanted * estimate_round(shape, threads, settings);
}

double weight_of_all(const Settings& settings) {
  double sum = 0;
  for (const Shape& shape : settings.shapes) {
    for (const int threads : settings.threads) sum += weight(shape, threads, settings);
  }
  return sum;
}

class Suite {
 public:
  Suite(const Settings& settings, Results& results)
      : settings_(settings),
        results_(results),
        allowance_(settings.seconds, weight_of_all(settings), cli::now),
        retries_(kRetryShare * settings.seconds),
        quiet_(kQuietShare * settings.seconds) {}

  void run() {
    for (const Shape& shape : settings_.shapes) {
      const Work work(shape, settings_.precision);
      for (const int threads : settings_.threads) {
        ++done_;
        announce(shape, threads);
        measure(work, threads);
        roofline_.refresh();
      }
    }
    results_.roofline = roofline_.roofline();
  }

 private:
  void announce(const Shape& shape, int threads) {
    const std::size_t groups = settings_.shapes.size() * settings_.threads.size();
    progress_.show("carousel_bench: " + std::to_string(done_) + " of " + std::to_string(groups) +
                   ": " + shape.name + ", " + cli::format_threads(threads) + "; at most " +
                   std::to_string(std::lround(std::max(1.0, allowance_.seconds_left()))) +
                   " s left");
  }

  void measure(const Work& work, int threads) {
    wait_until_idle();
    Group group(work, threads, settings_, {}, &quiet_);
    const double seconds = allowance_.take(weight(work.shape, threads, settings_));
    if (threads == 1) {
      group.measure(seconds);
    } else {
      measure_parallel(group, work.shape, seconds);
    }
    auto& all = results_.measurements;
    all.insert(all.end(), group.measurements().begin(), group.measurements().end());
    const auto ran = std::ranges::find_if(group.measurements(), &Measurement::ran);
    if (ran != group.measurements().end()) roofline_.take(ran->roofline);
  }

  /// Again while the machine is in a slow state; keeps the attempt in which it was at its best.
  void measure_parallel(Group& group, const Shape& shape, double seconds) {
    std::vector<Measurement> best;
    for (int attempt = 1; attempt <= kMostAttempts; ++attempt) {
      const double start = cli::now();
      const double before = core_state_.measure();
      const double share_before = two_core_share();
      group.measure(seconds);
      const double round_trip = std::max(before, core_state_.measure());
      const double core_share = std::min(share_before, two_core_share());
      const bool slow = !core_state_.healthy(round_trip) ||
                        core_share < Measurement::kLeastCoreShare || gain_lost(group, shape);
      for (Measurement& measurement : group.measurements()) {
        measurement.attempts = attempt;
        measurement.round_trip_ns = round_trip;
        measurement.core_share = core_share;
        measurement.slow_state = slow || measurement.slow_state;
      }
      if (best.empty() || !slow || sum_of_medians(group.measurements()) < sum_of_medians(best)) {
        best = group.measurements();
      }
      if (attempt > 1) retries_ -= cli::now() - start;
      if (!slow || retries_ <= 0 || allowance_.seconds_left() <= 0) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    group.measurements() = std::move(best);
  }

  /// Whether oneDNN 3 gains much less by two threads than it did when peers.csv was measured, which
  /// does not tell what a 2.x should gain.
  bool gain_lost(const Group& group, const Shape& shape) const {
    if (results_.onednn_version.starts_with("2.")) return false;
    const PeerTimes peers = peer_times(shape.name);
    const Measurement* one = results_.find(shape.name, "onednn", 1);
    const double two = group.median("onednn");
    if (one == nullptr || two == 0 || !peers.onednn312_t1 || !peers.onednn312_t2) return false;
    const double expected = *peers.onednn312_t1 / *peers.onednn312_t2;
    return expected > kWorthExpecting && one->seconds.median / two < kGainLost * expected;
  }

  static double sum_of_medians(const std::vector<Measurement>& measurements) {
    double sum = 0;
    for (const Measurement& measurement : measurements) sum += measurement.seconds.median;
    return sum;
  }

  const Settings& settings_;
  Results& results_;
  ProgressLine progress_;
  RooflineKeeper roofline_;
  CoreState core_state_;
  Allowance allowance_;
  double retries_;  ///< seconds left for them
  QuietCore quiet_;
  std::size_t done_ = 0;
};

}  // namespace

void run_suite(const Settings& settings, Results& results) { Suite(settings, results).run(); }

}  // namespace carousel::bench
