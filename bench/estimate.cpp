// SPDX-License-Identifier: Apache-2.0
// How well `Plan::estimate` chooses and predicts.
#include "machine.hpp"
#include "suite.hpp"

#include <format.hpp>
#include <tune_core.hpp>

#include "core/planning/planner.hpp"
#include "core/planning/thread_seconds.hpp"

#include <algorithm>

namespace carousel::bench {
namespace {

/// This machine. With one thread, time is what the thread was running, so that a busy machine
/// disturbs the measurement less.
planning::World world_for(int threads) {
  planning::World world = planning::this_world("auto");
  if (threads == 1) world.now = planning::thread_seconds;
  return world;
}

/// Whether the estimate knew of it: the usual tiling of a backend that runs the layer.
bool is_predicted(const PlanCandidate& candidate) { return candidate.predicted_seconds > 0; }

const PlanCandidate* find(const LayerPlan& measured, const LayerPlan& chosen) {
  const auto same = [&](const PlanCandidate& candidate) {
    return is_predicted(candidate) && candidate.backend == chosen.backend &&
           candidate.threads == chosen.threads;
  };
  const auto found = std::ranges::find_if(measured.candidates, same);
  return found == measured.candidates.end() ? nullptr : &*found;
}

/// Of the candidates with up to so many threads; null: none was measured.
const PlanCandidate* fastest(const LayerPlan& measured, int threads) {
  const PlanCandidate* best = nullptr;
  for (const PlanCandidate& candidate : measured.candidates) {
    if (!is_predicted(candidate) || candidate.measured_seconds <= 0) continue;
    if (candidate.threads > threads) continue;
    if (best == nullptr || candidate.measured_seconds < best->measured_seconds) best = &candidate;
  }
  return best;
}

void name_once(std::string& names, const PlanCandidate& candidate) {
  const std::string name = cli::choice_text(candidate.backend, candidate.threads);
  if (names.find(name) == std::string::npos) names += (names.empty() ? "" : ", ") + name;
}

EstimateResult estimate(const Shape& shape, const Settings& settings, int threads,
                        double seconds_per_layer) {
  const Model model = shape.random_model();
  const PlanOptions options{.seconds_per_layer = seconds_per_layer, .wisdom = "/dev/null"};
  planning::Planner estimating(world_for(threads), Plan::estimate, options);
  planning::Planner measuring(world_for(threads), Plan::measure, options);
  EstimateResult result{.shape = shape.name, .threads = threads};
  if (threads > 1) result.core_share = two_core_share();
  for (const ModelLayer& layer : model.layers) {
    const planning::Problem problem{.layer = layer,
                                    .batch = shape.batch,
                                    .steps = shape.steps,
                                    .threads = threads,
                                    .precision = settings.precision};
    const LayerPlan measured = measuring.choose(problem, {});
    const PlanCandidate* mine = find(measured, estimating.choose(problem, {}));
    const PlanCandidate* best = fastest(measured, threads);
    const PlanCandidate* alone = fastest(measured, 1);
    if (mine == nullptr || best == nullptr || alone == nullptr) continue;
    name_once(result.chosen, *mine);
    name_once(result.fastest, *best);
    result.predicted += mine->predicted_seconds;
    result.measured += mine->measured_seconds;
    result.best += best->measured_seconds;
    result.one_thread += alone->measured_seconds;
  }
  return result;
}

}  // namespace

void run_estimates(const Settings& settings, Results& results) {
  std::int64_t layers = 0;
  for (const Shape& shape : settings.shapes) layers += shape.layers;
  const auto plans =
      static_cast<double>(layers * static_cast<std::int64_t>(settings.threads.size()));
  ProgressLine progress;
  for (const int threads : settings.threads) {
    for (const Shape& shape : settings.shapes) {
      progress.show("carousel_bench: estimate, " + shape.name + ", " +
                    cli::format_threads(threads));
      results.estimates.push_back(estimate(shape, settings, threads, settings.seconds / plans));
    }
  }
}

}  // namespace carousel::bench
