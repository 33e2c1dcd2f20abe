// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>
#include <carousel/model.hpp>
#include <carousel/plan.hpp>

#include "core/planning/measure.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace carousel::planning {

/// What the planner knows about the machine and the backends; tests make up their own.
struct World {
  std::vector<const Backend*> backends;  ///< those that may be chosen, in priority order
  /// How many of them each alternative of the choice has, in their order: a layer that a backend of
  /// an earlier one supports is not given to later ones. Empty: there is one.
  std::vector<std::size_t> alternatives{};
  const Backend* trusted = nullptr;  ///< the backend that `cross_check` compares others with
  CpuFeatures cpu;
  std::string machine;  ///< as `wisdom_machine`
  int cores = 1;        ///< the cores that this process may use: the most threads that may pay
  Clock now = steady_seconds;
  /// The seconds of each of `kProbes` on a backend; none if it cannot run them. Empty: nothing can
  /// be measured, and the cost model knows what wisdom has.
  std::function<std::vector<double>(const Backend& backend, Precision precision)> probe{};
  /// The bytes per second at which a core reads so many, over and over. Empty: nothing can be
  /// measured.
  std::function<double(std::int64_t bytes)> read_rate{};
};

/// This machine and the backends of a choice. Throws Error as `select_backends` does.
[[nodiscard]] World this_world(std::string_view choice);

/// The same on one core of a machine without a name, where nothing can be measured.
[[nodiscard]] World untimed_world(std::string_view choice);

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
  bool supported = false;        ///< what the backend says; it may still fail
  bool default_tiling = true;    ///< its tiling is the one that the backend uses by default
  bool judged_by_model = false;  ///< wisdom has no time of it: what is predicted stands in for that
  PlanCandidate shown{};

  /// The options that its layer is prepared with. They do not name the default tiling, so that the
  /// backend can choose it for each stream.
  [[nodiscard]] LayerOptions layer_options(const Problem& problem) const {
    LayerOptions options = problem.layer_options(shown.threads);
    if (!default_tiling) options.tiling = shown.tiling;
    return options;
  }
};

/// "xsimd:avx2 with 2 threads, TILING"
[[nodiscard]] std::string way_text(const PlanCandidate& candidate);

/// 1, 2, 4, ... and the most that may pay; only `problem.threads` where the caller insists on it.
[[nodiscard]] std::vector<int> thread_counts(const World& world, const Problem& problem);

/// Every way to run the layer in order of priority: by ascending number of threads, then in the
/// order of the backends, then in the order of their tilings. Backends that refuse the layer are
/// listed with their reason. None has times yet.
[[nodiscard]] std::vector<Candidate> list_candidates(const World& world, const Problem& problem,
                                                     const std::vector<int>& threads);

/// The backends that are not in `world`, with the reason, for people to read.
[[nodiscard]] std::vector<PlanCandidate> list_absent(const World& world);

}  // namespace carousel::planning
