// SPDX-License-Identifier: Apache-2.0
// What rules that depend on cache sizes do for caches that this machine does not have.
#include "runner.hpp"
#include "suite.hpp"

#include "core/engine/cpu_limits.hpp"
#include "core/measure/statistics.hpp"
#include "core/planning/layer_trial.hpp"
#include "core/planning/thread_seconds.hpp"
#include <timing.hpp>

#include <carousel/backend.hpp>

#include <algorithm>
#include <array>
#include <memory>

namespace carousel::bench {
namespace {

constexpr std::array<std::int64_t, 4> kKibibytes{256, 512, 1024, 2048};

/// What `with_cache_sizes` understands; L1 and L3 stay, as far as caches still grow.
std::string sizes_with_l2(std::int64_t l2_kibibytes) {
  const std::int64_t l2 = l2_kibibytes * 1024;
  const std::int64_t l1 = cpu().l1d_bytes > 0 ? cpu().l1d_bytes : std::int64_t{32} * 1024;
  const std::int64_t l3 = std::max(cpu().l3_bytes, 4 * l2);
  return std::to_string(std::min(l1, l2 / 2)) + "," + std::to_string(l2) + "," + std::to_string(l3);
}

/// The first of each choice.
std::vector<const Backend*> backends_of(const Settings& settings) {
  if (settings.backends.empty()) return {select_backends("xsimd").front()};
  std::vector<const Backend*> backends;
  for (const std::string& choice : settings.backends) {
    backends.push_back(select_backends(choice).front());
  }
  return backends;
}

/// The first layer of a shape as it is prepared for caches of such sizes.
std::unique_ptr<planning::LayerTrial> trial_for(const std::string& sizes, const Work& work,
                                                const Backend& backend) {
  const AssumedCaches assumed(sizes);
  const ModelLayer& layer = work.model.layers.front();
  return std::make_unique<planning::LayerTrial>(
      backend, layer.spec, layer.weights,
      LayerOptions{
          .batch = work.shape.batch, .steps = work.shape.steps, .precision = work.precision});
}

/// Seconds of a run that the thread was running, after one that brings weights into the caches.
double sample(planning::LayerTrial& trial, std::int64_t steps) {
  trial.run(steps);
  const double start = planning::thread_seconds();
  trial.run(steps);
  return planning::thread_seconds() - start;
}

/// They take turns for so many seconds.
CacheSweepResult sweep(const Work& work, const Backend& backend, double seconds) {
  std::vector<std::unique_ptr<planning::LayerTrial>> trials;
  trials.push_back(trial_for("", work, backend));
  for (const std::int64_t kibibytes : kKibibytes) {
    trials.push_back(trial_for(sizes_with_l2(kibibytes), work, backend));
  }
  std::vector<std::vector<double>> samples(trials.size());
  constexpr std::size_t kLeastRounds = 5;
  const double end = cli::now() + seconds;
  for (std::size_t round = 0; round < kLeastRounds || cli::now() < end; ++round) {
    for (std::size_t i = 0; i < trials.size(); ++i) {
      const std::size_t which = (i + round) % trials.size();  // none always follows the same one
      samples.at(which).push_back(sample(*trials.at(which), work.shape.steps));
    }
  }
  CacheSweepResult result{.shape = work.shape.name, .backend = backend.id()};
  result.own = quartiles(samples.front());
  for (std::size_t i = 0; i < kKibibytes.size(); ++i) {
    result.assumed.push_back(
        {.l2_bytes = kKibibytes.at(i) * 1024, .seconds = quartiles(samples.at(i + 1))});
  }
  return result;
}

}  // namespace

void run_cache_sweep(const Settings& settings, Results& results) {
  const std::vector<const Backend*> backends = backends_of(settings);
  const auto count = static_cast<double>(settings.shapes.size() * backends.size());
  ProgressLine progress;
  for (const Shape& shape : settings.shapes) {
    const Work work(shape, settings.precision);
    for (const Backend* backend : backends) {
      progress.show("carousel_bench: cache sizes, " + shape.name + ", " + backend->id());
      results.cache_sweep.push_back(sweep(work, *backend, settings.seconds / count));
    }
  }
}

}  // namespace carousel::bench
