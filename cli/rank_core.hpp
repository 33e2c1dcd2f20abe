// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracle_reference.hpp"
#include "timing.hpp"
#include "workload.hpp"

#include <carousel/compare.hpp>

#include "core/measure/limits.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// Times backends against each other on one piece of work.
namespace carousel::cli {

struct RankOptions {
  double seconds = 5.0;  ///< for all measurements together
  int threads = 1;
  std::vector<Precision> precisions{Precision::float32};  ///< each backend is timed with all
  std::vector<LayerPrecision> layer_precisions{};         ///< exceptions from each
  std::string others{};  ///< the choice that runs the layers which a backend refuses; empty: none
  LimitSampler limits = {};  ///< empty: this core's own
};

/// How a network is prepared that is to do this work on this backend alone, in this precision.
[[nodiscard]] PrepareOptions prepare_options(const std::string& backend, Precision precision,
                                             const Workload& work, const RankOptions& options);
/// The streams that do this work: of sequences that can be split, a part at a time.
[[nodiscard]] StreamOptions stream_options(const Network& network, const Workload& work);

struct RankResult {
  std::string name;
  Precision precision = Precision::float32;
  std::string refusal;  ///< why it cannot run this model; then nothing below counts
  Summary time;         ///< seconds of one run of the whole work
  std::size_t samples = 0;
  bool scaled = false;  ///< too slow for the budget: timed on the first steps and scaled up
  std::size_t memory_bytes = 0;  ///< packed weights
  /// With the oracle on the weights that the precision stores, on `RankReport::checked_steps`.
  Agreement agreement;
  /// What the precision costs: 10 log10 of the outputs' squares over those of their errors, against
  /// the oracle on the weights as they are.
  double sqnr_db = 0;

  [[nodiscard]] bool ran() const noexcept { return refusal.empty(); }
  /// "xsimd:avx2", "xsimd:avx2, float16"
  [[nodiscard]] std::string label() const;
};

struct RankReport {
  std::vector<RankResult> results;  ///< fastest first; what cannot run last
  std::int64_t checked_steps = 0;   ///< the first steps
  std::int64_t checked_rows = 0;    ///< of the first rows
  Roofline roofline;                ///< of one core, sampled in turns with the backends
  double least_seconds = 0;         ///< of one run of the whole work, by that

  /// The fastest one that agrees with the oracle; null when there is none.
  [[nodiscard]] const RankResult* winner() const noexcept;
  [[nodiscard]] bool all_agree() const noexcept;
};

/// In rounds: each candidate once (some runs, at least a millisecond) and each limit of this core
/// once, then again, so that what disturbs a shared machine meets them all. `progress` is told the
/// share that is done.
[[nodiscard]] RankReport rank(const Workload& work, const std::vector<std::string>& backends,
                              const RankOptions& options,
                              const std::function<void(double)>& progress = {});

}  // namespace carousel::cli
