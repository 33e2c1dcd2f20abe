// SPDX-License-Identifier: Apache-2.0
#include "quiet_core.hpp"

#include <timing.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>

namespace carousel::bench {
namespace {

constexpr std::int64_t kNearBytes = 16 * 1024;
constexpr double kProbeSeconds = 50e-6;  // of each of the two
constexpr std::chrono::milliseconds kRest{5};
constexpr int kMostAttempts = 3;
constexpr double kQuietFactor = 1.15;  // 1.3 to 1.4 is what a neighbour costs
constexpr double kQuietest = 0.1;      // of all probes; the very least ones are chance
constexpr int kFirstProbes = 50;
constexpr std::size_t kMostProbes = 10'000;

}  // namespace

QuietCore::QuietCore(double patience, LimitSampler sampler, std::function<void()> rest)
    : patience_(patience), sampler_(std::move(sampler)), rest_(std::move(rest)) {
  if (!sampler_) sampler_ = core_sampler(kNearBytes, kProbeSeconds);
  if (!rest_) rest_ = [] { std::this_thread::sleep_for(kRest); };
  for (int i = 0; i < kFirstProbes; ++i) probe();
}

bool QuietCore::probe() {
  const double multiply = sampler_(0);
  const double now = sampler_(kNearBytes) / multiply;
  usual_.insert(std::ranges::upper_bound(usual_, now), now);
  if (usual_.size() > kMostProbes) {
    for (std::size_t i = 0; i < usual_.size() / 2; ++i) usual_[i] = usual_[2 * i];
    usual_.resize(usual_.size() / 2);
  }
  const auto quietest = static_cast<std::size_t>(kQuietest * static_cast<double>(usual_.size()));
  return now <= kQuietFactor * usual_[quietest];
}

bool QuietCore::wait_for_quiet() {
  bool quiet = probe();
  while (!quiet && patient()) {
    const double begun = cli::now();
    rest_();
    quiet = probe();
    lost_ += cli::now() - begun;
  }
  return quiet;
}

double QuietCore::sample(const std::function<double()>& sample) {
  double seconds = 0;
  bool quiet = false;
  for (int attempt = 1; attempt <= kMostAttempts; ++attempt) {
    quiet = wait_for_quiet();
    const double begun = cli::now();
    seconds = sample();
    if (seconds == 0) return 0;
    quiet = probe() && quiet;
    if (quiet || !patient()) break;
    lost_ += cli::now() - begun;
  }
  ++samples_;
  if (!quiet) ++disturbed_;
  return seconds;
}

double QuietCore::take_disturbed_share() {
  const double share = samples_ == 0 ? 0 : static_cast<double>(disturbed_) / samples_;
  samples_ = disturbed_ = 0;
  return share;
}

}  // namespace carousel::bench
