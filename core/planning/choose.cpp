// SPDX-License-Identifier: Apache-2.0
#include "core/planning/choose.hpp"

#include <algorithm>
#include <cstdio>

namespace carousel::planning {
namespace {

double time_of(const PlanCandidate& candidate, PlanSource source) {
  if (!candidate.runs) return 0;
  return source == PlanSource::model ? candidate.predicted_seconds : candidate.measured_seconds;
}

std::string factor(double times) {
  char text[32];
  std::snprintf(text, sizeof(text), times < 10 ? "%.2f" : "%.0f", times);
  return text;
}

std::string label(const PlanCandidate& candidate) {
  return candidate.backend + (candidate.threads == 1
                                  ? " with 1 thread"
                                  : " with " + std::to_string(candidate.threads) + " threads");
}

/// Why the winner won, given the shortest time.
std::string winning_reason(const PlanCandidate& winner, const PlanCandidate& fastest) {
  if (&winner == &fastest) return "the fastest";
  return "as fast, within 3 %, as " + label(fastest) + ", and before it in the order of priority";
}

std::string losing_reason(double seconds, double winner_seconds) {
  if (seconds <= 0) return "";
  if (seconds < winner_seconds * kNearTie) return "no faster than the chosen one by 3 %";
  return "takes " + factor(seconds / winner_seconds) + " times as long";
}

LayerPlan make_plan(const LayerSpec& spec, const std::vector<Candidate>& candidates,
                    std::size_t chosen, PlanSource source, std::string reason) {
  LayerPlan plan{.spec = spec,
                 .backend = candidates[chosen].shown.backend,
                 .threads = candidates[chosen].shown.threads,
                 .source = source,
                 .reason = std::move(reason),
                 .candidates = {}};
  plan.candidates.push_back(candidates[chosen].shown);
  plan.candidates.front().verdict = "chosen: " + plan.reason;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i != chosen) plan.candidates.push_back(candidates[i].shown);
  }
  return plan;
}

}  // namespace

std::size_t pick(std::span<const double> seconds) {
  double best = 0;
  for (const double time : seconds) {
    if (time > 0 && (best == 0 || time < best)) best = time;
  }
  const auto found = std::ranges::find_if(
      seconds, [&](double time) { return time > 0 && time <= best * kNearTie; });
  return static_cast<std::size_t>(found - seconds.begin());
}

LayerPlan choose_by_time(const LayerSpec& spec, std::vector<Candidate> candidates,
                         PlanSource source) {
  std::vector<double> seconds;
  std::size_t fastest = 0;
  for (const Candidate& candidate : candidates) {
    seconds.push_back(time_of(candidate.shown, source));
    const bool faster = seconds[fastest] == 0 || seconds.back() < seconds[fastest];
    if (seconds.back() > 0 && faster) fastest = seconds.size() - 1;
  }
  const std::size_t winner = pick(seconds);
  if (winner == seconds.size()) {
    return choose_first(spec, std::move(candidates),
                        "nothing is known of their speed: the first in the order of priority");
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    PlanCandidate& shown = candidates[i].shown;
    if (shown.verdict.empty()) shown.verdict = losing_reason(seconds[i], seconds[winner]);
  }
  return make_plan(spec, candidates, winner, source,
                   winning_reason(candidates[winner].shown, candidates[fastest].shown));
}

LayerPlan choose_first(const LayerSpec& spec, std::vector<Candidate> candidates,
                       std::string reason) {
  const auto first =
      std::ranges::find_if(candidates, [](const Candidate& c) { return c.shown.runs; });
  if (first == candidates.end()) throw Error("no backend runs this layer (" + describe(spec) + ")");
  return make_plan(spec, candidates, static_cast<std::size_t>(first - candidates.begin()),
                   PlanSource::fixed, std::move(reason));
}

}  // namespace carousel::planning
