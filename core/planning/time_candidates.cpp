// SPDX-License-Identifier: Apache-2.0
#include "core/planning/time_candidates.hpp"

#include "core/planning/layer_trial.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

namespace carousel::planning {
namespace {

/// Candidates that are predicted to take more than so many times as long as the best are not
/// measured.
constexpr double kTooSlow = 4;
/// The fewest rows times steps that a timed run has, because backends project the inputs of several
/// steps together.
constexpr std::int64_t kLeastRowSteps = 96;
/// The most steps that a timed run has: later steps take as long.
constexpr std::int64_t kMostSteps = 512;
/// The share of the time for the first round, which has the default tilings, if there is a second
/// round, with the others.
constexpr double kFirstRound = 0.4;

/// Gives a verdict to candidates that are predicted to be too slow to be measured.
void exclude_slow_ones(std::vector<Candidate>& candidates) {
  double best = 0;
  for (const Candidate& candidate : candidates) {
    const double seconds = candidate.shown.predicted_seconds;
    if (seconds > 0 && (best == 0 || seconds < best)) best = seconds;
  }
  for (Candidate& candidate : candidates) {
    if (candidate.shown.predicted_seconds <= kTooSlow * best) continue;
    char text[80];
    std::snprintf(text, sizeof(text), "not measured: predicted to take %.0f times as long",
                  candidate.shown.predicted_seconds / best);
    candidate.shown.verdict = text;
  }
}

/// A candidate whose layer is prepared and has run once.
struct PreparedCandidate {
  Candidate* candidate = nullptr;
  std::unique_ptr<LayerTrial> trial;  ///< null once it is known to be slower
};

class CandidateTimer {
 public:
  CandidateTimer(const Problem& problem, const TimingOptions& options,
                 std::vector<Candidate>& candidates)
      : problem_(problem), options_(options), candidates_(candidates), work_(problem) {
    work_.steps = std::min(problem.steps, kMostSteps);
    const std::int64_t steps = (kLeastRowSteps + problem.batch - 1) / problem.batch;
    least_steps_ = std::min(steps, work_.steps);
  }

  void time_all() {
    const bool has_second_round = std::ranges::any_of(candidates_, is_alternative);
    first_round(has_second_round ? kFirstRound : 1);
    if (has_second_round && !prepared_.empty()) second_round(options_.seconds - spent_);
    if (options_.progress) options_.progress(1);
  }

 private:
  static bool is_alternative(const Candidate& candidate) {
    return !candidate.default_tiling && candidate.shown.runs;
  }

  void first_round(double share) {
    for (Candidate& candidate : candidates_) {
      if (!candidate.default_tiling || !candidate.shown.runs || !candidate.shown.verdict.empty())
        continue;
      prepare(candidate);
    }
    run(options_.seconds * share, 0, share);
  }

  void second_round(double rest) {
    std::erase_if(prepared_, [](const PreparedCandidate& one) { return one.trial == nullptr; });
    const auto fastest = std::ranges::min_element(prepared_, {}, &CandidateTimer::seconds);
    prepare_tilings(*fastest->candidate, rest);
    if (rest <= 0 || prepared_.size() == 1) return;
    run(rest, kFirstRound, 1 - kFirstRound);
  }

  static double seconds(const PreparedCandidate& one) {
    return one.candidate->shown.measured_seconds;
  }

  /// Prepares a candidate and runs it once. If that fails, its verdict says why.
  void prepare(Candidate& candidate) {
    try {
      auto trial =
          std::make_unique<LayerTrial>(*candidate.backend, problem_.spec(), problem_.layer.weights,
                                       candidate.layer_options(work_));
      trial->run(1);
      prepared_.push_back({&candidate, std::move(trial)});
    } catch (const Error& error) {
      candidate.shown.runs = false;
      candidate.shown.verdict = std::string("failed when it was tried: ") + error.what();
    }
  }

  /// Prepares the other tilings of the fastest candidate, as many as can be timed in so many
  /// seconds. Tilings differ by a few percent, so those of slower candidates would hardly win.
  void prepare_tilings(const Candidate& best, double available) {
    const double run_seconds = best.shown.measured_seconds * static_cast<double>(least_steps_) /
                               static_cast<double>(problem_.steps);
    const double most = available / (static_cast<double>(kFewRounds) * run_seconds);
    for (Candidate& candidate : candidates_) {
      if (static_cast<double>(prepared_.size() + 1) > most) return;
      const bool other = is_alternative(candidate) && candidate.backend == best.backend &&
                         candidate.shown.threads == best.shown.threads;
      if (other) prepare(candidate);
    }
  }

  /// Times all that are prepared. `begin` and `share` say for the progress which part of the whole
  /// this is.
  void run(double available, double begin, double share) {
    std::vector<Subject> subjects;
    subjects.reserve(prepared_.size());
    for (PreparedCandidate& one : prepared_) {
      subjects.push_back({.run = [&one](std::int64_t steps) { one.trial->run(steps); },
                          .release = [&one] { one.trial.reset(); }});
    }
    MeasureOptions how{.seconds = available,
                       .steps = work_.steps,
                       .least_steps = least_steps_,
                       .now = options_.now};
    if (options_.progress) {
      how.progress = [&](double done) { options_.progress(begin + share * done); };
    }
    const double start = options_.now();
    const std::vector<Timing> timings = measure(subjects, how);
    spent_ += options_.now() - start;
    const double scale = static_cast<double>(problem_.steps) / static_cast<double>(work_.steps);
    for (std::size_t i = 0; i < timings.size(); ++i) {
      PlanCandidate& shown = prepared_[i].candidate->shown;
      shown.measured_seconds = timings[i].seconds * scale;
      shown.spread = timings[i].spread;
    }
  }

  const Problem& problem_;
  const TimingOptions& options_;
  std::vector<Candidate>& candidates_;
  Problem work_;  ///< `problem_` with the steps that are run
  std::int64_t least_steps_ = 1;
  double spent_ = 0;  ///< seconds so far, without preparing
  std::vector<PreparedCandidate> prepared_;
};

}  // namespace

void time_candidates(const Problem& problem, const TimingOptions& options,
                     std::vector<Candidate>& candidates) {
  if (!options.slow_ones) exclude_slow_ones(candidates);
  CandidateTimer(problem, options, candidates).time_all();
}

}  // namespace carousel::planning
