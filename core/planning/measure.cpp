// SPDX-License-Identifier: Apache-2.0
#include "core/planning/measure.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace carousel::planning {
namespace {

// A sample should be long compared with the clock's resolution and an interrupt, and short compared
// with the time slices of other processes.
constexpr double kLeastSample = 200e-6;
constexpr double kMostSample = 5e-3;
constexpr double kExpectedRounds = 24;
constexpr std::size_t kLeastRounds = 3;   // before a subject is stopped
constexpr std::size_t kEnoughRounds = 7;  // if a single subject is left
constexpr std::size_t kMostRounds = 400;

/// A subject is stopped if the lower bound of its ratio to the fastest one is greater than this.
double tolerated(std::size_t rounds) { return rounds < kEnoughRounds ? 1.4 : 1.1; }

/// Whether to compare the subjects after so many rounds: after each of the first ones, later only
/// after some, since the comparison takes time itself.
bool is_time_to_compare(std::size_t rounds) {
  constexpr std::size_t kEvery = 16;
  return rounds >= kLeastRounds && (rounds <= kEvery || rounds % kEvery == 0);
}

double lower_quartile(std::vector<double> samples) {
  const std::size_t at = (samples.size() - 1) / 4;
  std::ranges::nth_element(samples, samples.begin() + static_cast<std::ptrdiff_t>(at));
  return samples[at];
}

/// The value of a sorted list at an index that may be fractional (interpolated) or negative
/// (extrapolated).
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

/// One subject being timed.
class SubjectTimer {
 public:
  SubjectTimer(const Subject& subject, const Clock& now) : subject_(subject), now_(now) {}

  /// Seconds for `repeats` runs of `steps` steps.
  double time(std::int64_t steps, std::int64_t repeats) const {
    const double start = now_();
    for (std::int64_t i = 0; i < repeats; ++i) subject_.run(steps);
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

  void stop() {
    if (std::exchange(active_, false) && subject_.release) subject_.release();
  }

  [[nodiscard]] bool active() const noexcept { return active_; }
  /// Seconds of one step.
  [[nodiscard]] double seconds() const { return lower_quartile(samples_); }
  /// The ratio to one that took part in all rounds of this one.
  [[nodiscard]] MedianRatio ratio_to(const SubjectTimer& other) const {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      ratios.push_back(samples_[i] / other.samples_[i]);
    }
    return median_ratio(std::move(ratios));
  }
  [[nodiscard]] std::size_t rounds() const noexcept { return samples_.size(); }

 private:
  const Subject& subject_;
  const Clock& now_;
  std::int64_t steps_ = 1;
  std::int64_t repeats_ = 1;
  bool warm_up_ = true;
  std::vector<double> samples_;
  bool active_ = true;
};

/// Runs all once. Each round begins with another one, so that none always follows the same one.
void run_round(std::vector<SubjectTimer>& timers, std::size_t round) {
  for (std::size_t i = 0; i < timers.size(); ++i) {
    SubjectTimer& timer = timers[(i + round) % timers.size()];
    if (timer.active()) timer.sample();
  }
}

/// The fastest of those that took part in all rounds.
const SubjectTimer& fastest(const std::vector<SubjectTimer>& timers) {
  const SubjectTimer* best = nullptr;
  for (const SubjectTimer& timer : timers) {
    if (!timer.active()) continue;
    if (best == nullptr || timer.seconds() < best->seconds()) best = &timer;
  }
  return *best;
}

void stop_slow_ones(std::vector<SubjectTimer>& timers, std::size_t rounds) {
  if (!is_time_to_compare(rounds)) return;
  const SubjectTimer& best = fastest(timers);
  for (SubjectTimer& timer : timers) {
    if (!timer.active() || &timer == &best) continue;
    if (timer.ratio_to(best).lower > tolerated(rounds)) timer.stop();
  }
}

/// Whether to end after so many rounds, `done` being the share of the time that is used up.
/// Subjects that are close to each other need kFewRounds to be told apart, even if that takes
/// longer.
bool finished(const std::vector<SubjectTimer>& timers, std::size_t rounds, double done) {
  const bool decided = std::ranges::count_if(timers, &SubjectTimer::active) <= 1;
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

std::vector<Timing> measure(const std::vector<Subject>& subjects, const MeasureOptions& options) {
  if (subjects.empty()) return {};
  const double start = options.now();
  std::vector<SubjectTimer> timers;
  timers.reserve(subjects.size());
  for (const Subject& subject : subjects) timers.emplace_back(subject, options.now);
  // Half of the time is for the untimed runs before the samples.
  const double share = options.seconds / static_cast<double>(subjects.size());
  const double target = std::clamp(share / (2 * kExpectedRounds), kLeastSample, kMostSample);
  const std::int64_t steps =
      timers.front().fitting_steps(options.least_steps, options.steps, 2 * target);
  for (SubjectTimer& timer : timers) timer.calibrate(steps, target);
  double done = 0;
  for (std::size_t round = 0; !finished(timers, round, done); ++round) {
    run_round(timers, round);
    stop_slow_ones(timers, round + 1);
    done = (options.now() - start) / options.seconds;
    if (options.progress) options.progress(std::min(done, 1.0));
  }
  const SubjectTimer& best = fastest(timers);
  std::vector<Timing> timings;
  for (const SubjectTimer& timer : timers) {
    const MedianRatio ratio = timer.ratio_to(best);
    // In the few rounds of a subject that was stopped, the best one may have been slow.
    const double step = timer.active() ? best.seconds() * ratio.median : timer.seconds();
    timings.push_back({.seconds = step * static_cast<double>(options.steps),
                       .spread = std::clamp(1 - ratio.lower / ratio.median, 0.0, 0.5),
                       .rounds = timer.rounds()});
  }
  return timings;
}

}  // namespace carousel::planning
