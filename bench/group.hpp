// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quiet_core.hpp"
#include "results.hpp"
#include "sampler.hpp"
#include "settings.hpp"
#include "subject.hpp"

#include "core/measure/limits.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace carousel::bench {

/// The backends that take turns on one shape with one thread count, and this core's limits with
/// them; with several threads also xsimd with one, so that the gain is a ratio of the same moments.
class Group {
 public:
  /// Prepares, runs once and calibrates each backend, in float32 before the work's precision, if
  /// that is another; compares their results. Limits come from `sampler`; without one, they are
  /// this core's. `quiet`, which must outlive this, takes the samples; without one, they are taken
  /// as they come.
  Group(const Work& work, int threads, const Settings& settings, LimitSampler sampler = {},
        QuietCore* quiet = nullptr);

  /// Samples all, for about `seconds`; each call forgets the samples of the one before.
  void measure(double seconds);

  [[nodiscard]] const std::vector<Measurement>& measurements() const noexcept {
    return measurements_;
  }
  [[nodiscard]] std::vector<Measurement>& measurements() noexcept { return measurements_; }
  /// Median seconds of `backend`; 0 when it did not run.
  [[nodiscard]] double median(const std::string& backend) const;

 private:
  struct Contender {
    std::unique_ptr<Subject> subject;
    std::size_t index = 0;  ///< into measurements_
    double sample_seconds = 0;
    double sample_cost = 0;  ///< seconds, with the run before
    bool primary = false;    ///< xsimd and its rivals, whose ratio is the point
  };

  void enlist(const std::string& backend, const Work& work, Precision precision);
  /// Another engine in its own arithmetic of that precision.
  void enlist_peer(const std::string& engine, const Work& work, Precision precision);
  /// `make` makes the subject of `measurement`, or throws why there is none.
  void enlist(Measurement measurement, const std::function<Subject()>& make);
  void find_float32_seconds();
  void enlist_one_thread(const Work& work);
  void take_calibration(Contender& contender);
  void calibrate(Contender& contender);
  void prepare_limits(LimitSampler sampler);
  /// Rounds that fit into `seconds`: each backend and each limit once.
  [[nodiscard]] int rounds(double seconds) const;
  [[nodiscard]] int repetitions(const Contender& contender, int rounds) const;
  /// Seconds, less those that went into waiting for a quiet core.
  [[nodiscard]] double clock() const;
  double take(const std::function<double()>& sample) const;
  /// What takes part in so many rounds, at least kLeastRepetitions of them even past `deadline`.
  [[nodiscard]] Task task(const Contender& contender, int rounds, double deadline) const;

  std::vector<Measurement> measurements_;
  std::vector<Contender> contenders_;
  std::optional<Contender> one_thread_;  ///< xsimd, where the group has several threads
  std::vector<Pass> passes_;
  std::optional<Limits> limits_;  ///< where any backend runs
  double limit_seconds_ = 0;      ///< of one of its samples
  QuietCore* quiet_;
  int threads_;
  bool by_default_;
  int most_repetitions_;
};

/// How long one round of a group will take, roughly, to share out the time.
[[nodiscard]] double estimate_round(const Shape& shape, int threads, const Settings& settings);

}  // namespace carousel::bench
