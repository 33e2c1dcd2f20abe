// SPDX-License-Identifier: Apache-2.0
#include "core/planning/candidates.hpp"

#include <algorithm>
#include <span>

namespace carousel::planning {
namespace {

/// Adds `candidate` to `all`, once for each of its backend's tilings.
void add_tilings(Candidate candidate, const Problem& problem, std::vector<Candidate>& all) {
  std::vector<std::string> tilings;
  if (candidate.supported) {
    tilings =
        candidate.backend->tilings(problem.spec(), problem.layer_options(candidate.shown.threads));
  }
  if (tilings.empty()) tilings.emplace_back();
  for (std::string& tiling : tilings) {
    candidate.shown.tiling = std::move(tiling);
    all.push_back(candidate);
    candidate.default_tiling = false;
  }
}

/// Keeps a layer from the backends of later alternatives than the first that supports it.
void keep_to_first_alternative(const World& world, std::vector<Support>& supports) {
  std::size_t begin = 0;
  for (const std::size_t count : world.alternatives) {
    const std::size_t end = begin + count;
    const auto own = std::span(supports).subspan(begin, count);
    begin = end;
    const auto first = std::ranges::find_if(own, &Support::ok);
    if (first == own.end()) continue;
    const auto who = world.backends[static_cast<std::size_t>(&*first - supports.data())];
    for (Support& later : std::span(supports).subspan(end)) {
      if (later) later = Support::no("is for layers that " + who->id() + " does not run");
    }
    return;
  }
}

}  // namespace

std::string way_text(const PlanCandidate& candidate) {
  return candidate.backend +
         (candidate.threads == 1 ? " with 1 thread"
                                 : " with " + std::to_string(candidate.threads) + " threads") +
         (candidate.tiling.empty() ? "" : ", " + candidate.tiling);
}

std::vector<int> thread_counts(const World& world, const Problem& problem) {
  if (problem.exact_threads) return {problem.threads};
  const int most = std::min(problem.threads, world.cores);
  std::vector<int> counts;
  for (int count = 1; count < most; count *= 2) counts.push_back(count);
  counts.push_back(most);
  return counts;
}

World untimed_world(std::string_view choice) {
  World world;
  world.trusted = select_backends("scalar").front();
  world.cpu = cpu();
  for (const auto& alternative : select_alternatives(choice)) {
    world.backends.insert(world.backends.end(), alternative.begin(), alternative.end());
    world.alternatives.push_back(alternative.size());
  }
  return world;
}

std::vector<Candidate> list_candidates(const World& world, const Problem& problem,
                                       const std::vector<int>& thread_counts) {
  std::vector<Support> supports;
  for (const Backend* backend : world.backends) {
    supports.push_back(backend->supports(problem.spec(), problem.precision));
  }
  keep_to_first_alternative(world, supports);
  std::vector<Candidate> candidates;
  for (const int threads : thread_counts) {
    for (std::size_t i = 0; i < supports.size(); ++i) {
      Candidate candidate{.backend = world.backends[i], .supported = supports[i].ok};
      candidate.shown = {.backend = candidate.backend->id(),
                         .threads = threads,
                         .runs = supports[i].ok,
                         .verdict = supports[i].reason};
      add_tilings(candidate, problem, candidates);
    }
  }
  return candidates;
}

std::vector<PlanCandidate> list_absent(const World& world) {
  std::vector<PlanCandidate> absent;
  for (const BackendEntry& entry : backends()) {
    if (std::ranges::find(world.backends, entry.backend) != world.backends.end()) continue;
    std::string reason(entry.missing_reason);
    if (entry.backend != nullptr) {
      const Support support = entry.backend->available(world.cpu);
      reason = support ? "not among the backends that were asked for" : support.reason;
    }
    absent.push_back({.backend = std::string(entry.name), .runs = false, .verdict = reason});
  }
  return absent;
}

}  // namespace carousel::planning
