// SPDX-License-Identifier: Apache-2.0
#include "core/planning/time_probes.hpp"

#include "core/planning/layer_trial.hpp"
#include "core/planning/rates.hpp"

#include <algorithm>
#include <ctime>
#include <map>
#include <mutex>
#include <string>
#include <tuple>

namespace carousel::planning {
namespace {

/// A probe is left out if its run is expected to take longer.
constexpr double kMostRun = 1.2e-3;
// The least of several samples counts. A sample is long compared with asking for the time.
constexpr double kLeastSample = 15e-6;
constexpr double kAllSamples = 60e-6;
constexpr int kLeastSamples = 3;

/// Weights of one value: what they are does not matter to the time, but making them takes some.
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

/// Seconds of one run of all steps.
double time_probe(const Backend& backend, Precision precision, const Probe& probe,
                  const Clock& now) {
  const LayerSpec spec = probe_spec(probe);
  LayerTrial trial(backend, spec, constant_weights(spec),
                   {.batch = probe.batch, .steps = probe.steps, .precision = precision});
  const auto sample = [&](std::int64_t runs) {
    const double start = now();
    for (std::int64_t i = 0; i < runs; ++i) trial.run(probe.steps);
    return now() - start;
  };
  trial.run(probe.steps);
  std::int64_t runs = 1;
  double spent = sample(runs);
  double best = spent;
  constexpr std::int64_t kMostRuns = 1 << 10;
  for (int count = 0; count < kLeastSamples || spent < kAllSamples; ++count) {
    const double seconds = sample(runs);
    spent += seconds;
    best = std::min(best, seconds / static_cast<double>(runs));
    if (seconds < kLeastSample && runs < kMostRuns) {
      runs *= 2;
      count = -1;
    }
    if (runs == kMostRuns && count >= kLeastSamples) break;
  }
  return best;
}

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

}  // namespace

double thread_seconds() {
  timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return steady_seconds();
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::vector<double> time_probes(const Backend& backend, Precision precision, const Clock& now) {
  std::vector<double> seconds;
  if (!backend.supports(probe_spec(kProbes.front()))) return seconds;
  try {
    for (std::size_t i = 0; i < kProbes.size(); ++i) {
      seconds.push_back(
          is_slow(kProbes.at(i), seconds) ? 0 : time_probe(backend, precision, kProbes.at(i), now));
    }
  } catch (const Error&) {
    return {};  // `prepare` will say what is wrong, if this backend is chosen
  }
  return seconds;
}

std::vector<double> probe_times(const Backend& backend, Precision precision) {
  using Key = std::tuple<std::string, std::string, Precision>;
  static std::mutex mutex;
  // Never destroyed: an application may prepare while it ends.
  static auto* known = new std::map<Key, std::vector<double>>;
  const std::scoped_lock lock(mutex);
  const auto [found, is_new] = known->try_emplace({backend.id(), backend.version(), precision});
  if (is_new) found->second = time_probes(backend, precision, thread_seconds);
  return found->second;
}

}  // namespace carousel::planning
