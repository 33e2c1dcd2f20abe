// SPDX-License-Identifier: Apache-2.0
// What surrounds the measurements: progress, the machine's limits and its state.
#include "machine.hpp"
#include "suite.hpp"

#include <timing.hpp>

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace carousel::bench {
namespace {

constexpr double kFirstRoofline = 1.0;       // seconds
constexpr double kLaterRoofline = 0.15;      // seconds,
constexpr double kRooflineEvery = 15.0;      // after so many
constexpr double kHealthyNanoseconds = 100;  // 32 to 50 are usual within one chip
constexpr double kHealthyFactor = 2.5;       // above the least, where cores are farther apart

}  // namespace

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) == 1) {}

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

RooflineKeeper::RooflineKeeper() {
  best_ = measure_roofline(kFirstRoofline);
  last_ = cli::now();
}

void RooflineKeeper::refresh() {
  if (cli::now() - last_ < kRooflineEvery) return;
  take(measure_roofline(kLaterRoofline));
  last_ = cli::now();
}

void RooflineKeeper::take(const Roofline& measured) {
  best_.flops_per_second = std::max(best_.flops_per_second, measured.flops_per_second);
  for (std::size_t i = 0; i < std::min(best_.levels.size(), measured.levels.size()); ++i) {
    best_.levels[i].bytes_per_second =
        std::max(best_.levels[i].bytes_per_second, measured.levels[i].bytes_per_second);
  }
}

double CoreState::measure() {
  wait_until_idle();
  const double nanoseconds = core_round_trip_ns();
  least_ = least_ == 0 ? nanoseconds : std::min(least_, nanoseconds);
  return nanoseconds;
}

bool CoreState::healthy(double nanoseconds) const {
  return nanoseconds <= std::max(kHealthyNanoseconds, kHealthyFactor * least_);
}

}  // namespace carousel::bench
