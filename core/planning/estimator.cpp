// SPDX-License-Identifier: Apache-2.0
#include "core/planning/estimator.hpp"

#include "core/planning/cost_model.hpp"
#include "core/planning/read_rate.hpp"

#include <algorithm>
#include <utility>

namespace carousel::planning {
namespace {

/// What the least of a few samples may be off.
constexpr double kSpread = 0.1;
constexpr const char* kLeftOut = "too slow for a probe of the cost model";

WisdomEntry key_of(const World& world, const Probe& probe, Precision precision) {
  return {.machine = world.machine,
          .layer = probe_spec(probe),
          .precision = precision,
          .batch = probe.batch,
          .steps = probe.steps};
}

/// What an entry tells of a backend in its present version; null: nothing.
const WisdomTime* time_in(const WisdomEntry& entry, const Backend& backend) {
  const auto found = std::ranges::find_if(entry.times, [&](const WisdomTime& time) {
    return time.backend == backend.id() && time.threads == 1 && time.tiling.empty() &&
           time.version == backend.version();
  });
  return found == entry.times.end() ? nullptr : &*found;
}

}  // namespace

std::vector<double> Estimator::known_times(const World& world, const Backend& backend,
                                           Precision precision) const {
  std::vector<double> seconds;
  for (const Probe& probe : kProbes) {
    const WisdomEntry key = key_of(world, probe, precision);
    const auto entry = std::ranges::find_if(
        wisdom_->entries, [&](const WisdomEntry& other) { return other.same_key(key); });
    if (entry == wisdom_->entries.end()) return {};
    const WisdomTime* time = time_in(*entry, backend);
    if (time == nullptr) return {};
    seconds.push_back(time->seconds);
  }
  return seconds;
}

void Estimator::keep(const World& world, const Backend& backend, Precision precision,
                     const std::vector<double>& seconds) {
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    WisdomEntry entry = key_of(world, kProbes.at(i), precision);
    const bool timed = seconds[i] > 0;
    entry.times.push_back({.backend = backend.id(),
                           .version = backend.version(),
                           .seconds = seconds[i],
                           .left_out = timed ? "" : kLeftOut,
                           .spread = timed ? kSpread : 0});
    fresh_.entries.push_back(std::move(entry));
  }
}

std::optional<Rates> Estimator::rates_of(const World& world, const Backend& backend,
                                         Precision precision, bool measuring) {
  const auto known = rates_.find({&backend, precision});
  if (known != rates_.end()) return known->second;
  std::vector<double> seconds = known_times(world, backend, precision);
  if (seconds.empty() && measuring && world.probe) {
    seconds = world.probe(backend, precision);
    keep(world, backend, precision, seconds);
  }
  std::optional<Rates> rates = solve_rates(seconds, filling_of(backend));
  if (rates) rates_.emplace(std::pair(&backend, precision), *rates);
  return rates;
}

double Estimator::read_rate(const World& world, double bytes, bool measuring) {
  const WisdomRead wanted{.machine = world.machine, .bytes = bytes_to_read(bytes, world.cpu)};
  for (const std::vector<WisdomRead>* reads : {&wisdom_->reads, &std::as_const(fresh_).reads}) {
    const auto found = std::ranges::find_if(*reads, [&](const WisdomRead& read) {
      return read.machine == wanted.machine && read.bytes == wanted.bytes;
    });
    if (found != reads->end()) return found->bytes_per_second;
  }
  if (!measuring || !world.read_rate) return 0;
  fresh_.reads.push_back(wanted);
  fresh_.reads.back().bytes_per_second = world.read_rate(wanted.bytes);
  return fresh_.reads.back().bytes_per_second;
}

void Estimator::predict(const World& world, const Problem& problem, bool measuring,
                        std::vector<Candidate>& candidates) {
  const std::optional<Shape> shape = shape_of(problem.spec());
  if (!shape) return;
  const std::int64_t l2 = world.cpu.l2_bytes > 0 ? world.cpu.l2_bytes : std::int64_t{1} << 19U;
  const auto rate = [&](double bytes) { return read_rate(world, bytes, measuring); };
  for (Candidate& candidate : candidates) {
    if (!candidate.supported || !candidate.default_tiling) continue;
    const auto rates = rates_of(world, *candidate.backend, problem.precision, measuring);
    if (!rates) continue;
    candidate.shown.predicted_seconds = predict_seconds(*rates, *candidate.backend,
                                                        {.shape = *shape,
                                                         .batch = problem.batch,
                                                         .steps = problem.steps,
                                                         .threads = candidate.shown.threads,
                                                         .precision = problem.precision},
                                                        l2, rate);
  }
}

}  // namespace carousel::planning
