// SPDX-License-Identifier: Apache-2.0
#include "core/planning/choose.hpp"

#include "core/engine/common_layers.hpp"

#include <algorithm>
#include <cstdio>

namespace carousel::planning {
namespace {

/// How many times as long as predicted the fastest of the measured candidates took; 1 where there
/// is none. What the cost model is off by in all layers of a kind, or the machine was slower by
/// when it was measured, is in it.
double model_error(const std::vector<Candidate>& candidates) {
  const PlanCandidate* fastest = nullptr;
  for (const Candidate& each : candidates) {
    const PlanCandidate& shown = each.shown;
    const bool known = shown.runs && shown.measured_seconds > 0 && shown.predicted_seconds > 0;
    if (!known) continue;
    if (fastest == nullptr || shown.measured_seconds < fastest->measured_seconds) fastest = &shown;
  }
  return fastest == nullptr ? 1 : fastest->measured_seconds / fastest->predicted_seconds;
}

/// `error` is what the cost model is off by where a candidate is `judged_by_model`.
KnownTime time_of(const Candidate& candidate, PlanSource source, double error) {
  const PlanCandidate& shown = candidate.shown;
  if (!shown.runs) return {};
  if (source == PlanSource::model) {
    return {.seconds = shown.predicted_seconds, .spread = kModelSpread};
  }
  if (candidate.judged_by_model) {
    return {.seconds = shown.predicted_seconds * error, .spread = kModelSpread};
  }
  return {.seconds = shown.measured_seconds, .spread = shown.spread};
}

std::size_t pick_candidate(const std::vector<Candidate>& candidates, std::vector<KnownTime> times) {
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (!candidates[i].default_tiling) times[i].seconds *= kTilingHandicap;
  }
  return pick(times);
}

std::string factor(double times) {
  char text[32];
  std::snprintf(text, sizeof(text), times < 10 ? "%.2f" : "%.0f", times);
  return text;
}

/// Why the winner was chosen, in comparison with the candidate of the shortest time.
std::string winning_reason(const PlanCandidate& winner, double seconds,
                           const PlanCandidate& fastest, double least) {
  if (&winner == &fastest) return "the fastest";
  return (seconds <= least * kNearTie ? "as fast, within 3 %, as "
                                      : "not for sure slower by more than a few percent than ") +
         way_text(fastest) + ", and before it in the order of priority";
}

std::string losing_reason(double seconds, double winner_seconds) {
  if (seconds <= 0) return "";
  if (seconds * kNearTie < winner_seconds) return "not for sure faster by more than a few percent";
  if (seconds < winner_seconds * kNearTie) return "no faster than the chosen one by 3 %";
  return "takes " + factor(seconds / winner_seconds) + " times as long";
}

/// Whether to list a candidate in the plan: tilings that were not measured are not listed.
bool is_worth_showing(const Candidate& candidate) {
  return candidate.default_tiling || !candidate.shown.verdict.empty();
}

LayerPlan make_plan(const LayerSpec& spec, const std::vector<Candidate>& candidates,
                    std::size_t chosen, PlanSource source, std::string reason) {
  LayerPlan plan{.spec = spec,
                 .backend = candidates[chosen].shown.backend,
                 .threads = candidates[chosen].shown.threads,
                 .tiling = candidates[chosen].shown.tiling,
                 .source = source,
                 .reason = std::move(reason),
                 .candidates = {}};
  plan.candidates.push_back(candidates[chosen].shown);
  plan.candidates.front().verdict = "chosen: " + plan.reason;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i == chosen || !is_worth_showing(candidates[i])) continue;
    plan.candidates.push_back(candidates[i].shown);
  }
  return plan;
}

}  // namespace

std::size_t pick(std::span<const KnownTime> times) {
  double best = 0;
  for (const KnownTime& time : times) {
    if (time.seconds > 0 && (best == 0 || time.seconds < best)) best = time.seconds;
  }
  const auto found = std::ranges::find_if(times, [&](const KnownTime& time) {
    return time.seconds > 0 && time.seconds * (1 - time.spread) <= best * kNearTie;
  });
  return static_cast<std::size_t>(found - times.begin());
}

LayerPlan choose_by_time(const LayerSpec& spec, std::vector<Candidate> candidates,
                         PlanSource source) {
  std::vector<KnownTime> times;
  std::size_t fastest = 0;
  const double error = model_error(candidates);
  for (const Candidate& candidate : candidates) {
    times.push_back(time_of(candidate, source, error));
    const double seconds = times.back().seconds;
    const bool faster = times[fastest].seconds == 0 || seconds < times[fastest].seconds;
    if (seconds > 0 && faster) fastest = times.size() - 1;
  }
  const std::size_t winner = pick_candidate(candidates, times);
  if (winner == times.size()) {
    return choose_first(spec, std::move(candidates),
                        "nothing is known of their speed: the first in the order of priority");
  }
  const double seconds = times[winner].seconds;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    PlanCandidate& shown = candidates[i].shown;
    if (shown.verdict.empty()) shown.verdict = losing_reason(times[i].seconds, seconds);
  }
  std::string reason = winning_reason(candidates[winner].shown, seconds, candidates[fastest].shown,
                                      times[fastest].seconds);
  if (candidates[winner].judged_by_model) {
    reason += "; " + candidates[winner].shown.verdict;
  }
  return make_plan(spec, candidates, winner, source, std::move(reason));
}

LayerPlan choose_first(const LayerSpec& spec, std::vector<Candidate> candidates,
                       std::string reason) {
  const auto first = std::ranges::find_if(
      candidates, [](const Candidate& c) { return c.default_tiling && c.shown.runs; });
  if (first == candidates.end())
    throw Error(ErrorCode::unsupported, "no backend runs this layer (" + describe(spec) + ")");
  return make_plan(spec, candidates, static_cast<std::size_t>(first - candidates.begin()),
                   PlanSource::fixed, std::move(reason));
}

LayerPlan choose_fixed(const World& world, const Problem& problem) {
  if (is_common(problem.spec())) {
    return choose_first(problem.spec(), list_candidates(world, problem, {1}),
                        "it is little work, which all backends run with nearly the same "
                        "code: the first in the order of priority, with one thread");
  }
  return choose_first(problem.spec(), list_candidates(world, problem, {problem.threads}),
                      "the first in the order of priority");
}

}  // namespace carousel::planning
