// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include "format.hpp"
#include "standard_streams.hpp"

#include <algorithm>
#include <cstdio>

namespace carousel::cli {
namespace {

constexpr int kBarWidth = 30;
constexpr double kWaitSeconds = 0.5;   // before anything is drawn,
constexpr double kWorthSeconds = 2.0;  // and only if the whole looks like taking this long

double seconds_between(std::chrono::steady_clock::time_point from,
                       std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

Progress::Progress(std::string label)
    : label_(std::move(label)),
      terminal_(errors_go_to_terminal()),
      start_(Clock::now()),
      last_(start_) {}

void Progress::update(double fraction) {
  if (!terminal_) return;
  const auto now = Clock::now();
  const double elapsed = seconds_between(start_, now);
  const double part = std::clamp(fraction, 0.0, 1.0);
  const bool worth_it = drawn_ || (elapsed > kWaitSeconds && elapsed > kWorthSeconds * part);
  if (!worth_it || seconds_between(last_, now) < 0.1) return;
  last_ = now;
  drawn_ = true;
  std::string bar = format_bar(part, kBarWidth);
  for (std::size_t i = display_width(bar); i < kBarWidth; ++i) bar += "·";
  std::fprintf(stderr, "\r%s %s %3.0f %%\x1b[K", label_.c_str(), bar.c_str(), part * 100);
  std::fflush(stderr);
}

void Progress::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace carousel::cli
