// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>
#include <carousel/model.hpp>
#include <carousel/plan.hpp>

#include "core/planning/measure.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace carousel::planning {

/// What the planner takes from outside; tests give their own.
struct World {
  std::vector<const Backend*> backends;  ///< that may be chosen, in priority order
  const Backend* trusted = nullptr;      ///< whom the others have to agree with
  CpuFeatures cpu;
  std::string machine;  ///< as `wisdom_machine`
  int cores = 1;        ///< more threads than these never pay
  Clock now = steady_seconds;
};

/// This machine and the backends of a choice. Throws Error as `select_backends` does.
[[nodiscard]] World this_world(std::string_view choice);

/// One layer and what it is expected to do.
struct Problem {
  const ModelLayer& layer;
  std::int64_t batch = 1;  ///< at least 1
  std::int64_t steps = 1;
  int threads = 1;
  bool exact_threads = false;
  Precision precision = Precision::float32;

  [[nodiscard]] const LayerSpec& spec() const noexcept { return layer.spec; }
  [[nodiscard]] LayerOptions layer_options(int used_threads) const {
    return {.threads = used_threads,
            .exact_threads = exact_threads,
            .batch = batch,
            .steps = steps,
            .precision = precision};
  }
};

struct Candidate {
  const Backend* backend = nullptr;
  bool supported = false;  ///< the backend says so; it may fail all the same
  bool usual = true;       ///< its tiling is what the backend does by itself
  PlanCandidate shown{};

  /// What its layer is prepared with. The usual tiling is not named: the backend then fits it to
  /// each stream.
  [[nodiscard]] LayerOptions layer_options(const Problem& problem) const {
    LayerOptions options = problem.layer_options(shown.threads);
    if (!usual) options.tiling = shown.tiling;
    return options;
  }
};

/// "xsimd:avx2 with 2 threads, TILING"
[[nodiscard]] std::string way_text(const PlanCandidate& candidate);

/// 1, 2, 4, ... and the most that may pay; only `problem.threads` where the caller insists on it.
[[nodiscard]] std::vector<int> thread_counts(const World& world, const Problem& problem);

/// Every way to run the layer in the order of priority: the fewer threads the better, then as the
/// backends come, then as their tilings do. Those that refuse it are there with their reason; the
/// others have predictions where the cost model knows the backend, which knows no tilings.
[[nodiscard]] std::vector<Candidate> list_candidates(const World& world, const Problem& problem,
                                                     const std::vector<int>& threads);

/// The backends that are not in `world` at all, with the reason: for people.
[[nodiscard]] std::vector<PlanCandidate> list_absent(const World& world);

}  // namespace carousel::planning
