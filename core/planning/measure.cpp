// SPDX-License-Identifier: Apache-2.0
#include "core/planning/measure.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace carousel::planning {
namespace {

// A sample should be long against the clock and an interrupt, and short against the time slices of
// whoever else uses the machine.
constexpr double kLeastSample = 200e-6;
constexpr double kMostSample = 5e-3;
constexpr double kUsualRounds = 24;
constexpr std::size_t kLeastRounds = 3;   // before anybody leaves
constexpr std::size_t kEnoughRounds = 7;  // for one that nobody competes with
constexpr std::size_t kMostRounds = 400;

/// How many times as slow as the best a contender may be for sure after so many rounds. Close ones
/// stay to the end.
double tolerated(std::size_t rounds) { return rounds < kEnoughRounds ? 1.4 : 1.1; }

/// To look at all rounds after each would take its time.
bool is_time_to_leave(std::size_t rounds) {
  constexpr std::size_t kEvery = 16;
  return rounds >= kLeastRounds && (rounds <= kEvery || rounds % kEvery == 0);
}

double lower_quartile(std::vector<double> samples) {
  const std::size_t at = (samples.size() - 1) / 4;
  std::ranges::nth_element(samples, samples.begin() + static_cast<std::ptrdiff_t>(at));
  return samples[at];
}

/// The value at a place between those of a sorted list, or before its first.
double at_place(const std::vector<double>& sorted, double place) {
  if (sorted.size() == 1) return sorted.front();
  const double middle = static_cast<double>(sorted.size() - 1) / 2;
  if (place < 0) {
    return sorted.front() + place * (at_place(sorted, middle) - sorted.front()) / middle;
  }
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

/// One contender being timed.
class Runner {
 public:
  Runner(const Contender& contender, const Clock& now) : contender_(contender), now_(now) {}

  /// Seconds for `repeats` runs of `steps` steps.
  double time(std::int64_t steps, std::int64_t repeats) const {
    const double start = now_();
    for (std::int64_t i = 0; i < repeats; ++i) contender_.run(steps);
    return now_() - start;
  }

  /// The most steps, by doubling from `least`, whose run stays below `target`.
  [[nodiscard]] std::int64_t fitting_steps(std::int64_t least, std::int64_t most,
                                           double target) const {
    std::int64_t steps = std::min(least, most);
    time(steps, 1);
    while (steps < most) {
      const std::int64_t next = std::min(2 * steps, most);
      if (time(steps, 1) * static_cast<double>(next) / static_cast<double>(steps) > target) break;
      steps = next;
    }
    return steps;
  }

  /// Doubles the runs of a sample until it takes `target` seconds.
  void calibrate(std::int64_t steps, double target) {
    constexpr std::int64_t kMostRepeats = 1 << 20;
    steps_ = steps;
    warm_up_ = time(steps_, 1) < target;
    while (repeats_ < kMostRepeats && warm_up_ && time(steps_, repeats_) < target) repeats_ *= 2;
  }

  void sample() {
    if (warm_up_) time(steps_, repeats_);
    const double seconds = time(steps_, repeats_) / static_cast<double>(repeats_);
    samples_.push_back(seconds / static_cast<double>(steps_));
  }

  void leave() {
    if (std::exchange(active_, false) && contender_.release) contender_.release();
  }

  [[nodiscard]] bool active() const noexcept { return active_; }
  /// Seconds of one step.
  [[nodiscard]] double seconds() const { return lower_quartile(samples_); }
  /// To one that took part in all rounds of this one's.
  [[nodiscard]] MedianRatio ratio_to(const Runner& other) const {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      ratios.push_back(samples_[i] / other.samples_[i]);
    }
    return median_ratio(std::move(ratios));
  }
  [[nodiscard]] std::size_t rounds() const noexcept { return samples_.size(); }

 private:
  const Contender& contender_;
  const Clock& now_;
  std::int64_t steps_ = 1;
  std::int64_t repeats_ = 1;
  bool warm_up_ = true;
  std::vector<double> samples_;
  bool active_ = true;
};

/// Everybody starts one place later than in the round before, so that nobody always follows the
/// same one.
void run_round(std::vector<Runner>& runners, std::size_t round) {
  for (std::size_t i = 0; i < runners.size(); ++i) {
    Runner& runner = runners[(i + round) % runners.size()];
    if (runner.active()) runner.sample();
  }
}

/// Of those that took part in all rounds.
const Runner& fastest(const std::vector<Runner>& runners) {
  const Runner* best = nullptr;
  for (const Runner& runner : runners) {
    if (!runner.active()) continue;
    if (best == nullptr || runner.seconds() < best->seconds()) best = &runner;
  }
  return *best;
}

void drop_the_slow(std::vector<Runner>& runners, std::size_t rounds) {
  if (!is_time_to_leave(rounds)) return;
  const Runner& best = fastest(runners);
  for (Runner& runner : runners) {
    if (!runner.active() || &runner == &best) continue;
    if (runner.ratio_to(best).lower > tolerated(rounds)) runner.leave();
  }
}

/// After the least rounds whoever is left has to be told apart, even if that takes longer.
bool finished(const std::vector<Runner>& runners, std::size_t rounds, double done) {
  const bool decided = std::ranges::count_if(runners, &Runner::active) <= 1;
  if (decided && rounds >= kEnoughRounds) return true;
  return rounds >= kMostRounds || (done >= 1 && rounds >= (decided ? kLeastRounds : kFewRounds));
}

}  // namespace

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

MedianRatio median_ratio(std::vector<double> ratios) {
  std::ranges::sort(ratios);
  const auto count = static_cast<double>(ratios.size());
  const double middle = (count - 1) / 2;
  return {.median = at_place(ratios, middle), .lower = at_place(ratios, middle - std::sqrt(count))};
}

std::vector<Timing> measure(const std::vector<Contender>& contenders,
                            const MeasureOptions& options) {
  if (contenders.empty()) return {};
  const double start = options.now();
  std::vector<Runner> runners;
  runners.reserve(contenders.size());
  for (const Contender& contender : contenders) runners.emplace_back(contender, options.now);
  // Half of the samples' time goes to the runs before them.
  const double share = options.seconds / static_cast<double>(contenders.size());
  const double target = std::clamp(share / (2 * kUsualRounds), kLeastSample, kMostSample);
  const std::int64_t steps =
      runners.front().fitting_steps(options.least_steps, options.steps, 2 * target);
  for (Runner& runner : runners) runner.calibrate(steps, target);
  double done = 0;
  for (std::size_t round = 0; !finished(runners, round, done); ++round) {
    run_round(runners, round);
    drop_the_slow(runners, round + 1);
    done = (options.now() - start) / options.seconds;
    if (options.progress) options.progress(std::min(done, 1.0));
  }
  const Runner& best = fastest(runners);
  std::vector<Timing> timings;
  for (const Runner& runner : runners) {
    const MedianRatio ratio = runner.ratio_to(best);
    // The best may have been slow in the few rounds of one that left, and the other way round.
    const double step = runner.active() ? best.seconds() * ratio.median : runner.seconds();
    timings.push_back({.seconds = step * static_cast<double>(options.steps),
                       .spread = std::clamp(1 - ratio.lower / ratio.median, 0.0, 0.5),
                       .rounds = runner.rounds()});
  }
  return timings;
}

}  // namespace carousel::planning
