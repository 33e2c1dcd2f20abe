// SPDX-License-Identifier: Apache-2.0
#include "core/planning/contest.hpp"

#include "core/planning/layer_trial.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

namespace carousel::planning {
namespace {

/// Predicted to take so many times as long as the best: not worth the time to measure.
constexpr double kHopeless = 4;
/// Backends project the inputs of some steps at once: so many rows times steps show how fast.
constexpr std::int64_t kLeastRowSteps = 96;
/// Steps that are enough to time: the rest is more of the same.
constexpr std::int64_t kMostSteps = 512;
/// The part of the time that the first round takes, with the usual tilings, where there is a second
/// one with others.
constexpr double kFirstRound = 0.4;
/// So many of the fastest of the first round have their other tilings tried, if they are that close
/// to the fastest.
constexpr std::size_t kLeaders = 2;
constexpr double kLeadersWithin = 1.1;

/// Gives those without hope a verdict; they are not measured.
void leave_out_the_hopeless(std::vector<Candidate>& candidates) {
  double best = 0;
  for (const Candidate& candidate : candidates) {
    const double seconds = candidate.shown.predicted_seconds;
    if (seconds > 0 && (best == 0 || seconds < best)) best = seconds;
  }
  for (Candidate& candidate : candidates) {
    if (candidate.shown.predicted_seconds <= kHopeless * best) continue;
    char text[80];
    std::snprintf(text, sizeof(text), "not measured: predicted to take %.0f times as long",
                  candidate.shown.predicted_seconds / best);
    candidate.shown.verdict = text;
  }
}

/// A candidate that was packed and has run once.
struct Entrant {
  Candidate* candidate = nullptr;
  std::unique_ptr<LayerTrial> trial;  ///< none any more: it left early
};

class Contest {
 public:
  Contest(const Problem& problem, const ContestOptions& options, std::vector<Candidate>& candidates)
      : problem_(problem), options_(options), candidates_(candidates), work_(problem) {
    work_.steps = std::min(problem.steps, kMostSteps);
    const std::int64_t steps = (kLeastRowSteps + problem.batch - 1) / problem.batch;
    least_steps_ = std::min(steps, work_.steps);
  }

  void hold() {
    const bool has_second_round = std::ranges::any_of(candidates_, is_alternative);
    first_round(has_second_round ? kFirstRound : 1);
    if (has_second_round && !entrants_.empty()) second_round(options_.seconds - spent_);
    if (options_.progress) options_.progress(1);
  }

 private:
  static bool is_alternative(const Candidate& candidate) {
    return !candidate.usual && candidate.shown.runs;
  }

  void first_round(double share) {
    for (Candidate& candidate : candidates_) {
      if (!candidate.usual || !candidate.shown.runs || !candidate.shown.verdict.empty()) continue;
      enter(candidate);
    }
    run(options_.seconds * share, 0, share);
  }

  void second_round(double rest) {
    const auto best = std::ranges::min_element(entrants_, {}, &Contest::seconds);
    const double step_seconds = seconds(*best) / static_cast<double>(problem_.steps);
    std::erase_if(entrants_, [](const Entrant& entrant) { return entrant.trial == nullptr; });
    add_alternatives(rest, step_seconds);
    if (rest <= 0 || entrants_.size() == 1) return;
    run(rest, kFirstRound, 1 - kFirstRound);
  }

  static double seconds(const Entrant& entrant) {
    return entrant.candidate->shown.measured_seconds;
  }

  /// One that fails is out, with the reason.
  void enter(Candidate& candidate) {
    try {
      auto trial =
          std::make_unique<LayerTrial>(*candidate.backend, problem_.spec(), problem_.layer.weights,
                                       candidate.layer_options(work_));
      trial->run(1);
      entrants_.push_back({&candidate, std::move(trial)});
    } catch (const Error& error) {
      candidate.shown.runs = false;
      candidate.shown.verdict = std::string("failed when it was tried: ") + error.what();
    }
  }

  /// The other tilings of the best, as many as can be told apart in so many seconds.
  void add_alternatives(double available, double step_seconds) {
    std::vector<Candidate*> leaders;
    for (const Entrant& entrant : entrants_) leaders.push_back(entrant.candidate);
    std::ranges::sort(leaders, {}, [](const Candidate* c) { return c->shown.measured_seconds; });
    leaders.resize(std::min(leaders.size(), kLeaders));
    const double run_seconds = step_seconds * static_cast<double>(least_steps_);
    const auto places = static_cast<std::size_t>(std::max(available, 0.0) /
                                                 (static_cast<double>(kFewRounds) * run_seconds));
    for (const Candidate* leader : leaders) {
      const double best = leaders.front()->shown.measured_seconds;
      if (leader->shown.measured_seconds > kLeadersWithin * best) return;
      for (Candidate& candidate : candidates_) {
        if (entrants_.size() >= places) return;
        const bool other = is_alternative(candidate) && candidate.backend == leader->backend &&
                           candidate.shown.threads == leader->shown.threads;
        if (other) enter(candidate);
      }
    }
  }

  /// Times all entrants; `begin` and `share` are where this stands in the whole.
  void run(double available, double begin, double share) {
    std::vector<Contender> contenders;
    contenders.reserve(entrants_.size());
    for (Entrant& entrant : entrants_) {
      contenders.push_back({.run = [&entrant](std::int64_t steps) { entrant.trial->run(steps); },
                            .release = [&entrant] { entrant.trial.reset(); }});
    }
    MeasureOptions how{.seconds = available,
                       .steps = work_.steps,
                       .least_steps = least_steps_,
                       .now = options_.now};
    if (options_.progress) {
      how.progress = [&](double done) { options_.progress(begin + share * done); };
    }
    const double start = options_.now();
    const std::vector<Timing> timings = measure(contenders, how);
    spent_ += options_.now() - start;
    const double scale = static_cast<double>(problem_.steps) / static_cast<double>(work_.steps);
    for (std::size_t i = 0; i < timings.size(); ++i) {
      PlanCandidate& shown = entrants_[i].candidate->shown;
      shown.measured_seconds = timings[i].seconds * scale;
      shown.spread = timings[i].spread;
    }
  }

  const Problem& problem_;
  const ContestOptions& options_;
  std::vector<Candidate>& candidates_;
  Problem work_;  ///< what is run of `problem_`
  std::int64_t least_steps_ = 1;
  double spent_ = 0;  ///< seconds, without packing
  std::vector<Entrant> entrants_;
};

}  // namespace

void hold_contest(const Problem& problem, const ContestOptions& options,
                  std::vector<Candidate>& candidates) {
  leave_out_the_hopeless(candidates);
  Contest(problem, options, candidates).hold();
}

}  // namespace carousel::planning
