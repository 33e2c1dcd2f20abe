// SPDX-License-Identifier: Apache-2.0
#include "core/planning/time_probes.hpp"

#include "core/planning/layer_trial.hpp"
#include "core/planning/rates.hpp"
#include "core/planning/thread_seconds.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace carousel::planning {
namespace {

/// A probe is left out if its run is expected to take longer.
constexpr double kMostRun = 1.2e-3;
/// A sample is long compared with asking for the time.
constexpr double kLeastProbeSample = 15e-6;
/// The best of several samples counts. All probes take turns, so that what disturbs the machine for
/// a moment does not meet all samples of one of them. A probe takes no more samples when its two
/// best ones differ by less than this, which on a quiet machine is soon.
constexpr double kAgreement = 1.02;
constexpr int kLeastProbeRounds = 2;
constexpr int kMostProbeRounds = 12;

/// A probe on a backend, being timed.
class ProbeTimer {
 public:
  ProbeTimer(const Backend& backend, Precision precision, const Probe& probe)
      : steps_(probe.steps),
        trial_(backend, probe_spec(probe), constant_weights(probe_spec(probe)),
               {.batch = probe.batch, .steps = probe.steps, .precision = precision}) {}

  /// Fixes how many runs make a sample.
  void calibrate(const Clock& now) {
    constexpr std::int64_t kMostRuns = 1 << 10;
    trial_.run(steps_);  // the first run may be slow
    while (sample(now) < kLeastProbeSample && runs_ < kMostRuns) runs_ *= 2;
  }

  /// Others have had the caches, so it begins with a run that does not count.
  double sample(const Clock& now) {
    trial_.run(steps_);
    const double start = now();
    for (std::int64_t i = 0; i < runs_; ++i) trial_.run(steps_);
    const double seconds = now() - start;
    const double each = seconds / static_cast<double>(runs_);
    second_ = std::min(second_, std::max(best_, each));
    best_ = std::min(best_, each);
    return seconds;
  }

  /// Seconds of a run, in the best sample.
  [[nodiscard]] double best() const noexcept { return best_; }
  /// Whether two samples agree on that.
  [[nodiscard]] bool is_sure() const noexcept { return second_ <= kAgreement * best_; }

 private:
  std::int64_t steps_;
  std::int64_t runs_ = 1;
  LayerTrial trial_;
  double best_ = std::numeric_limits<double>::infinity();
  double second_ = best_;
};

/// Whether a probe would take too long. Those before it with fewer units or rows tell at most how
/// long it takes, since time grows no faster than the work.
bool is_slow(const Probe& probe, const std::vector<double>& seconds) {
  const auto work = [](const Probe& one) {
    return work_of(*shape_of(probe_spec(one)), {}).all() *
           static_cast<double>(one.batch * one.steps);
  };
  double most = 0;  // nothing is known
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    const Probe& before = kProbes.at(i);
    const bool smaller = before.units <= probe.units && before.batch <= probe.batch;
    if (!smaller || seconds[i] == 0) continue;
    const double scaled = seconds[i] * work(probe) / work(before);
    most = most == 0 ? scaled : std::min(most, scaled);
  }
  return most > kMostRun;
}

/// What the probes of a backend took in this process.
struct KnownTimes {
  std::string backend, version;
  Precision precision;
  std::vector<double> seconds;
};

}  // namespace

Weights constant_weights(const LayerSpec& spec) {
  Weights weights;
  for (const WeightRole& role : weight_roles(spec)) {
    if (!role.required) continue;
    std::int64_t count = 1;
    for (const std::int64_t size : role.shape) count *= size;
    weights[role.name] =
        Tensor(role.shape, std::vector<float>(static_cast<std::size_t>(count), 0.01F));
  }
  return weights;
}

std::vector<double> time_probes(const Backend& backend, Precision precision, const Clock& now) {
  std::vector<double> seconds;
  if (!backend.supports(probe_spec(kProbes.front()), precision)) return seconds;
  std::vector<std::unique_ptr<ProbeTimer>> timers;  // null: too slow
  try {
    for (const Probe& probe : kProbes) {
      const bool slow = is_slow(probe, seconds);
      timers.push_back(slow ? nullptr : std::make_unique<ProbeTimer>(backend, precision, probe));
      if (!slow) timers.back()->calibrate(now);
      seconds.push_back(slow ? 0 : timers.back()->best());
    }
    for (int round = 0; round < kMostProbeRounds; ++round) {
      for (const auto& timer : timers) {
        if (timer && (round < kLeastProbeRounds || !timer->is_sure())) timer->sample(now);
      }
    }
  } catch (const Error&) {
    return {};  // `prepare` will say what is wrong, if this backend is chosen
  }
  for (std::size_t i = 0; i < timers.size(); ++i) {
    if (timers[i]) seconds[i] = timers[i]->best();
  }
  return seconds;
}

std::vector<double> probe_times(const Backend& backend, Precision precision) {
  static std::mutex mutex;
  // Never destroyed: an application may prepare while it ends.
  static auto* known = new std::vector<KnownTimes>;
  const std::scoped_lock lock(mutex);
  const auto found = std::ranges::find_if(*known, [&](const KnownTimes& times) {
    return times.backend == backend.id() && times.version == backend.version() &&
           times.precision == precision;
  });
  if (found != known->end()) return found->seconds;
  known->push_back({backend.id(), backend.version(), precision,
                    time_probes(backend, precision, thread_seconds)});
  return known->back().seconds;
}

}  // namespace carousel::planning
