// SPDX-License-Identifier: Apache-2.0
#include "tune_core.hpp"

#include "model_source.hpp"

#include <algorithm>
#include <map>

namespace carousel::cli {
namespace {

constexpr double kVerifyFactor = 4;

/// Tells plans with the same choices from others.
std::string choices(const std::vector<LayerPlan>& plan) {
  std::string text;
  for (const LayerPlan& layer : plan) {
    text += choice_text(layer.backend, layer.threads) + " " + layer.tiling + ", ";
  }
  return text;
}

PrepareOptions prepare_options(const TuneWork& work, const TuneOptions& options) {
  return {.backend = all_unless(options.backend),
          .threads = options.threads,
          .batch = work.batch,
          .steps = work.steps,
          .precision = options.precision.network,
          .layer_precisions = options.precision.layers,
          .plan = Plan::measure,
          .planning = options.planning};
}

/// What the choice of `plan` took in the measurements of `after`; a tiling that was not tried again
/// was no better than the others of its backend, of which the slowest stands for it. 0: not known.
double measured(const LayerPlan& after, const LayerPlan& plan) {
  double slowest = 0;
  for (const PlanCandidate& candidate : after.candidates) {
    if (candidate.backend != plan.backend || candidate.threads != plan.threads) continue;
    if (candidate.tiling == plan.tiling && candidate.measured_seconds > 0) {
      return candidate.measured_seconds;
    }
    slowest = std::max(slowest, candidate.measured_seconds);
  }
  return slowest;
}

double best(const LayerPlan& layer) {
  double least = 0;
  for (const PlanCandidate& candidate : layer.candidates) {
    const double seconds = candidate.measured_seconds;
    if (seconds > 0 && (least == 0 || seconds < least)) least = seconds;
  }
  return least;
}

/// How many times as long as the best the choices of `plan` took in the measurements of `after`.
double loss(const std::vector<LayerPlan>& plan, const std::vector<LayerPlan>& after) {
  double chosen = 0;
  double possible = 0;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const double seconds = measured(after[i], plan[i]);
    if (seconds == 0) continue;  // nothing to choose from, nothing measured
    chosen += seconds;
    possible += best(after[i]);
  }
  return possible > 0 ? chosen / possible : 1;
}

}  // namespace

std::string choice_text(const std::string& backend, int threads) {
  return threads == 1 ? backend : backend + " × " + std::to_string(threads);
}

TableCell tiling_cell(const std::string& tiling) { return {tiling.empty() ? "-" : tiling, tiling}; }

double TuneResult::seconds() const {
  double sum = 0;
  for (const LayerPlan& layer : plan) sum += layer.candidates.front().measured_seconds;
  return sum;
}

TuneResult tune(const TuneWork& work, const TuneOptions& options) {
  const Model model = work.model();
  PrepareOptions how = prepare_options(work, options);
  if (options.repeat > 1 || options.verify) {
    how.planning.again = true;
    how.planning.wisdom = "/dev/null";
  }
  TuneResult result{.name = work.name, .plan = explain(model, how)};
  std::map<std::string, int> counts{{choices(result.plan), 1}};
  for (int i = 1; i < options.repeat; ++i) ++counts[choices(explain(model, how))];
  result.same =
      std::ranges::max_element(counts, {}, [](const auto& c) { return c.second; })->second;
  if (options.verify) {
    how.planning.seconds_per_layer *= kVerifyFactor;
    result.verified = loss(result.plan, explain(model, how));
  }
  return result;
}

}  // namespace carousel::cli
