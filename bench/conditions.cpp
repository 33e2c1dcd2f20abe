// SPDX-License-Identifier: Apache-2.0
// What surrounds the measurements: progress, the machine's limits and its state.
#include "machine.hpp"
#include "suite.hpp"

#include "core/measure/statistics.hpp"
#include <standard_streams.hpp>
#include <timing.hpp>

#include <algorithm>
#include <cstdio>

namespace carousel::bench {
namespace {

constexpr int kFirstLevels = 5;              // samples of each,
constexpr double kLevelsEvery = 15.0;        // one more after so many seconds
constexpr double kHealthyNanoseconds = 100;  // 32 to 50 are usual within one chip
constexpr double kHealthyFactor = 2.5;       // above what is usual here

std::vector<std::int64_t> level_sizes() {
  std::vector<std::int64_t> sizes;
  for (const WorkingSet& set : working_sets(cpu())) sizes.push_back(set.bytes);
  return sizes;
}

}  // namespace

ProgressLine::ProgressLine() : terminal_(cli::errors_go_to_terminal()) {}

void ProgressLine::show(const std::string& text) {
  std::fprintf(stderr, terminal_ ? "\r%s\x1b[K" : "%s\n", text.c_str());
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::clear() {
  if (!shown_ || !terminal_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

RooflineKeeper::RooflineKeeper(LimitSampler sampler)
    : levels_(level_sizes(), sampler ? std::move(sampler) : core_sampler(level_sizes().back())) {
  for (int i = 0; i < kFirstLevels; ++i) levels_.sample_all();
  last_ = cli::now();
}

void RooflineKeeper::refresh() {
  if (cli::now() - last_ < kLevelsEvery) return;
  levels_.sample_all();
  last_ = cli::now();
}

void RooflineKeeper::take(const Roofline& shapes) {
  peaks_.push_back(shapes.flops_per_second);
  best_ = std::max(best_, shapes.peak_best);
}

Roofline RooflineKeeper::roofline() const {
  Roofline roofline = levels_.medians();
  roofline.peak_best = std::max(best_, roofline.peak_best);
  if (!peaks_.empty()) roofline.flops_per_second = quartiles(peaks_).median;
  return roofline;
}

CoreState::CoreState(std::function<double()> round_trip_ns)
    : round_trip_ns_(std::move(round_trip_ns)) {
  if (!round_trip_ns_) {
    round_trip_ns_ = [] {
      wait_until_idle();
      return core_round_trip_ns();
    };
  }
}

double CoreState::measure() {
  measured_.push_back(round_trip_ns_());
  return measured_.back();
}

bool CoreState::healthy(double nanoseconds) const {
  // Not the least: two virtual cores may be one real core for a while, which are near each other.
  const double usual = quartiles(measured_).low;
  return nanoseconds <= std::max(kHealthyNanoseconds, kHealthyFactor * usual);
}

}  // namespace carousel::bench
