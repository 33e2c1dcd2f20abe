// SPDX-License-Identifier: Apache-2.0
// What rules that depend on cache sizes do for caches that this machine does not have.
#include "group.hpp"
#include "sampler.hpp"
#include "suite.hpp"

#include "core/engine/cpu_limits.hpp"
#include "core/measure/statistics.hpp"

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
  return std::to_string(std::min(l1, l2 / 2)) + "," + std::to_string(l2) + "," +
         std::to_string(l3);
}

std::vector<std::string> backends_of(const Settings& settings) {
  if (!settings.backends.empty()) return settings.backends;
  return {select_backends("xsimd").front()->id()};
}

void sweep(const Work& work, const std::string& backend, double seconds, int most_repetitions,
           Results& results) {
  std::vector<std::unique_ptr<Subject>> subjects;
  double round = 0;
  const auto add = [&](const std::string& sizes) {
    const AssumedCaches assumed(sizes);
    subjects.push_back(std::make_unique<Subject>(backend, work, 1));
    round += subjects.back()->calibrate() * static_cast<double>(subjects.back()->runs_per_sample());
  };
  add("");
  for (const std::int64_t kibibytes : kKibibytes) add(sizes_with_l2(kibibytes));
  std::vector<Task> tasks;
  for (const auto& subject : subjects) {
    tasks.push_back({std::to_string(tasks.size()), [&] { return subject->sample(); },
                     repetitions_within(seconds, 2 * round, most_repetitions)});
  }
  const auto samples = sample_interleaved(tasks);
  CacheSweepResult result{.shape = work.shape.name, .backend = backend};
  result.own = quartiles(samples.front());
  for (std::size_t i = 0; i < kKibibytes.size(); ++i) {
    result.assumed.push_back({.l2_bytes = kKibibytes.at(i) * 1024,
                              .seconds = quartiles(samples.at(i + 1))});
  }
  results.cache_sweep.push_back(std::move(result));
}

}  // namespace

void run_cache_sweep(const Settings& settings, Results& results) {
  const std::vector<std::string> backends = backends_of(settings);
  const auto count = static_cast<double>(settings.shapes.size() * backends.size());
  ProgressLine progress;
  for (const Shape& shape : settings.shapes) {
    const Work work(shape, settings.precision);
    for (const std::string& backend : backends) {
      progress.show("carousel_bench: cache sizes, " + shape.name + ", " + backend);
      sweep(work, backend, settings.seconds / count, settings.most_repetitions, results);
    }
  }
}

}  // namespace carousel::bench
