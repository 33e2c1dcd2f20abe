// SPDX-License-Identifier: Apache-2.0
// One and two threads on free cores, and beside processes that use every core.
#include "busy_neighbours.hpp"
#include "machine.hpp"
#include "subject.hpp"
#include "suite.hpp"

#include "core/measure/statistics.hpp"
#include <timing.hpp>

#include <algorithm>
#include <optional>
#include <string>

namespace carousel::bench {
namespace {

/// One and several threads take turns of so many seconds at least: long beside the time slices of
/// the system, and beside the time for which threads are not shared after they had to wait.
constexpr double kTurn = 2.0;

Latency latency(std::vector<double>&& samples) {
  std::ranges::sort(samples);
  return {.median = quantile(samples, 0.5), .p99 = quantile(samples, 0.99)};
}

/// Times every run of a subject for so many seconds.
void take_turn(Subject& subject, double seconds, std::vector<double>& samples) {
  const double end = cli::now() + seconds;
  do samples.push_back(subject.time(1));
  while (cli::now() < end);
}

/// Both subjects for so many seconds in all, in turns.
void measure(Subject& one, Subject& several, double seconds, ThreadLatencies& result) {
  std::vector<double> of_one;
  std::vector<double> of_several;
  const double turns = std::max(1.0, seconds / (2 * kTurn));
  const double end = cli::now() + seconds;
  do {
    take_turn(one, seconds / (2 * turns), of_one);
    take_turn(several, seconds / (2 * turns), of_several);
  } while (cli::now() < end);
  result.one = latency(std::move(of_one));
  result.several = latency(std::move(of_several));
}

}  // namespace

void run_neighbours(const Settings& settings, Results& results) {
  const std::string backend = settings.backends.empty() ? "xsimd" : settings.backends.front();
  const int threads = std::max(2, settings.threads.back());
  const double seconds = settings.seconds / static_cast<double>(2 * settings.shapes.size());
  ProgressLine progress;
  for (const Shape& shape : settings.shapes) {
    const Work work(shape, settings.precision);
    Subject one(backend, work, 1);
    Subject several(backend, work, threads);
    static_cast<void>(one.calibrate());
    static_cast<void>(several.calibrate());
    NeighboursResult result{.shape = shape.name, .backend = several.resolved(), .threads = threads};
    progress.show("carousel_bench: free cores, " + shape.name);
    wait_until_idle();
    measure(one, several, seconds, result.free);
    progress.show("carousel_bench: busy neighbours, " + shape.name);
    const BusyNeighbours neighbours;
    result.neighbours = neighbours.count();
    measure(one, several, seconds, result.busy);
    results.neighbours.push_back(std::move(result));
  }
}

}  // namespace carousel::bench
