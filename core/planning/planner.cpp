// SPDX-License-Identifier: Apache-2.0
#include "core/planning/planner.hpp"

#include <carousel/cross_check.hpp>

#include "core/engine/common_layers.hpp"
#include "core/model/own_errors.hpp"
#include "core/planning/choose.hpp"
#include "core/planning/layer_trial.hpp"
#include "core/planning/time_candidates.hpp"
#include "core/planning/wisdom_use.hpp"

#include <algorithm>
#include <utility>

namespace carousel::planning {
namespace {

/// The steps and rows of a `cross_check`: more steps than a wrong use of the state needs to show.
constexpr std::int64_t kCheckSteps = 8;
constexpr std::int64_t kCheckRows = 2;

constexpr const char* kAlone = "nothing else can run it";

bool can_run(const Candidate& candidate) { return candidate.shown.runs; }

std::string describe_work(const Problem& problem) {
  return describe(problem.spec()) + ", batch " + std::to_string(problem.batch) + ", " +
         std::to_string(problem.steps) + " steps, " + std::to_string(problem.threads) +
         (problem.threads == 1 ? " thread" : " threads");
}

}  // namespace

Planner::Planner(World world, Plan plan, const PlanOptions& options)
    : world_(std::move(world)),
      plan_(plan),
      options_(options),
      file_(options.wisdom.empty() ? wisdom_path() : options.wisdom),
      wisdom_(read_wisdom()),
      estimator_(wisdom_) {}

std::shared_ptr<const Wisdom> Planner::read_wisdom() const {
  if (plan_ == Plan::fixed) return std::make_shared<const Wisdom>();
  std::string problem;
  auto wisdom = cached_wisdom(file_, world_.machine, problem);
  if (!problem.empty()) report(problem);
  return wisdom;
}

LayerPlan Planner::choose(const Problem& problem, const Position& position) {
  if (plan_ == Plan::fixed || is_common(problem.spec())) return choose_fixed(world_, problem);
  auto candidates = list_candidates(world_, problem, thread_counts(world_, problem));
  if (std::ranges::count_if(candidates, can_run) < 2) {
    return choose_first(problem.spec(), std::move(candidates), kAlone);
  }
  std::string unusable;
  if (const WisdomEntry* entry = find(make_key(world_, problem))) {
    std::vector<Candidate> known = candidates;
    unusable = use_wisdom(*entry, problem, known);
    if (unusable.empty()) return accept(problem, known, PlanSource::wisdom);
  }
  const auto has_default_tiling = [](const Candidate& c) { return can_run(c) && c.default_tiling; };
  const bool alone = std::ranges::count_if(candidates, has_default_tiling) < 2;
  if (alone && plan_ != Plan::measure) {
    return choose_first(problem.spec(), std::move(candidates), kAlone);
  }
  if (plan_ == Plan::wisdom_only) fail_without_wisdom(problem, unusable);
  estimator_.predict(world_, problem, true, candidates);
  if (plan_ == Plan::measure) return choose_measured(problem, candidates, position);
  LayerPlan plan = accept(problem, candidates, PlanSource::model);
  if (!unusable.empty()) plan.reason += "; wisdom was not used: " + unusable;
  return plan;
}

std::string Planner::use_wisdom(const WisdomEntry& entry, const Problem& problem,
                                std::vector<Candidate>& candidates) {
  WisdomUse use = apply_wisdom(entry, problem, candidates);
  if (!use.unusable.empty()) return use.unusable;
  const bool complete = use.unknown.empty();
  if (!complete && plan_ == Plan::measure) return "it " + use.unknown;
  const bool measuring = !complete && plan_ == Plan::estimate;
  estimator_.predict(world_, problem, measuring, candidates);
  const bool lacks_one = std::ranges::any_of(candidates, [](const Candidate& each) {
    return each.judged_by_model && each.default_tiling && each.shown.predicted_seconds == 0;
  });
  return lacks_one && plan_ == Plan::estimate ? "it " + use.unknown : "";
}

LayerPlan Planner::choose_measured(const Problem& problem, std::vector<Candidate>& candidates,
                                   const Position& position) {
  measure_all(problem, candidates, position);
  LayerPlan plan = accept(problem, candidates, PlanSource::measured);
  fresh_.push_back(make_entry(world_, problem, candidates));
  return plan;
}

void Planner::fail_without_wisdom(const Problem& problem, const std::string& unusable) const {
  throw Error(ErrorCode::unsupported, "prepare: no wisdom about " + describe_work(problem) +
                                          " in " + (file_.empty() ? "any file" : file_.string()) +
                                          (unusable.empty() ? "" : " (" + unusable + ")") +
                                          "; Plan::measure or `carousel tune` makes some");
}

LayerPlan Planner::accept(const Problem& problem, std::vector<Candidate>& candidates,
                          PlanSource source) const {
  while (true) {
    LayerPlan plan = choose_by_time(problem.spec(), candidates, source);
    if (!options_.cross_check) return plan;
    const std::string disagreement = disagrees(problem, plan.backend);
    if (disagreement.empty()) return plan;
    for (Candidate& candidate : candidates) {
      if (candidate.shown.backend != plan.backend) continue;
      candidate.shown.runs = false;
      candidate.shown.verdict = "refused: " + disagreement;
    }
  }
}

std::string Planner::disagrees(const Problem& problem, const std::string& id) const {
  const auto found = std::ranges::find(world_.backends, id, &Backend::id);
  if (*found == world_.trusted || !world_.trusted->supports(problem.spec(), problem.precision))
    return "";
  const std::int64_t features = input_size(problem.spec());
  const std::vector<float> x = numbers(kCheckSteps * kCheckRows * features);
  Model model;
  model.layers.push_back({.spec = problem.spec(), .weights = problem.layer.weights});
  const CrossCheckReport report =
      cross_check(model, {.x = steps_first(x.data(), kCheckSteps, kCheckRows, features)},
                  {.backends = {*found, world_.trusted}, .precision = problem.precision});
  return report.ok() ? "" : describe(report);
}

const WisdomEntry* Planner::find(const WisdomEntry& key) const {
  const auto same = [&](const WisdomEntry& entry) { return entry.same_key(key); };
  if (const auto found = std::ranges::find_if(fresh_, same); found != fresh_.end()) return &*found;
  if (plan_ == Plan::measure && options_.again) return nullptr;
  const auto found = std::ranges::find_if(wisdom_->entries, same);
  return found == wisdom_->entries.end() ? nullptr : &*found;
}

void Planner::measure_all(const Problem& problem, std::vector<Candidate>& candidates,
                          const Position& position) {
  TimingOptions how{
      .seconds = options_.seconds_per_layer, .slow_ones = options_.slow_ones, .now = world_.now};
  if (options_.progress) {
    how.progress = [&](double done) {
      call_application(options_.progress,
                       PlanProgress{.layer = position.layer,
                                    .layer_count = position.layer_count,
                                    .done = (static_cast<double>(position.layer) + done) /
                                            static_cast<double>(position.layer_count)});
    };
  }
  time_candidates(problem, how, candidates);
}

void Planner::keep() {
  if (file_.empty()) return;
  Wisdom fresh = estimator_.fresh();
  fresh.entries.insert(fresh.entries.end(), fresh_.begin(), fresh_.end());
  try {
    add_wisdom(file_, fresh);
  } catch (const Error& error) {
    report(std::string(kNotKept) + error.what());
  }
}

void Planner::report(const std::string& text) const {
  if (options_.report) call_application(options_.report, text);
}

}  // namespace carousel::planning
