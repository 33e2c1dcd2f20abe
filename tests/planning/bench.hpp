// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fake.hpp"

#include <string>
#include <vector>

namespace carousel::planning_test {

/// Three backends in priority order, on a machine of their own.
struct Bench {
  double time = 0;
  FakeBackend first{"first", time, per_step(20e-6)};
  FakeBackend second{"second", time, per_step(10e-6)};
  FakeBackend third{"third", time, per_step(10.1e-6)};
  TemporaryFolder folder;
  std::vector<std::string> reports;
  PlanOptions options;
  int cores = 4;
  ModelLayer layer = make_layer(3, 8);

  Bench() {
    options.wisdom = folder.file("wisdom.json");
    options.report = [this](const std::string& text) { reports.push_back(text); };
  }

  planning::World world() {
    return {.backends = {&first, &second, &third},
            .trusted = select_backends("scalar").front(),
            .cpu = {},
            .machine = "a machine made up for tests",
            .cores = cores,
            .now = [this] { return time; }};
  }
  planning::Planner planner(Plan plan) { return {world(), plan, options}; }
  LayerPlan choose(Plan plan, int threads = 1, bool exact = false) {
    planning::Planner one = planner(plan);
    LayerPlan chosen = one.choose(
        {.layer = layer, .batch = 1, .steps = 100, .threads = threads, .exact_threads = exact}, {});
    one.keep();
    return chosen;
  }
  int prepared() const { return first.prepared + second.prepared + third.prepared; }
};

/// Of that backend, threads and tiling; without the name of one, the first.
inline const PlanCandidate& candidate(const LayerPlan& plan, const std::string& id, int threads = 1,
                                      const std::string& tiling = "") {
  for (const PlanCandidate& each : plan.candidates) {
    const bool same = tiling.empty() || each.tiling == tiling;
    if (each.backend == id && each.threads == threads && same) return each;
  }
  throw std::runtime_error("no candidate " + id);
}

}  // namespace carousel::planning_test
