// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/cpu.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace carousel {

/// How fast one core reads `bytes` over and over, from whatever holds so much.
struct ReadRate {
  std::int64_t bytes = 0;
  double bytes_per_second = 0;
};

/// The measured limits of one core: float32 multiply-adds and reads.
struct Roofline {
  std::string isa;              ///< the instruction set that was measured: the widest that can run
  double flops_per_second = 0;  ///< the median of its samples, as for the times it is compared with
  double peak_best = 0;         ///< floating point operations per second of the best sample
  std::vector<ReadRate> reads;  ///< by ascending bytes; medians

  /// The rate of the smallest measured size that is at least `bytes`, else of the largest one.
  [[nodiscard]] double bandwidth(double bytes) const;
};

/// What is read to measure one level of the memory hierarchy: well within it, well beyond the one
/// before.
struct WorkingSet {
  const char* name;  ///< "L1", "L2", "L3", "DRAM"
  std::int64_t bytes;
};

/// Nearest first. Caches whose size the CPU does not tell are taken to be small ones.
[[nodiscard]] std::vector<WorkingSet> working_sets(const CpuFeatures& features);

/// How many weights a layer has in its matrices, in each of its directions.
struct MatrixSizes {
  std::int64_t each_step = 0;  ///< The recurrent ones: every step reads them anew.
  std::int64_t once = 0;       ///< The others: one reading serves all steps of a run.
  std::int64_t directions = 1;

  friend bool operator==(const MatrixSizes&, const MatrixSizes&) = default;
};

/// One core's share of what a run does with a matrix of weights.
struct Pass {
  double times = 0;  ///< How often a run does this.
  double bytes = 0;  ///< Bytes of weights that are read each time.
  double flops = 0;  ///< Floating point operations that are done with them each time.
};

/// What a run of such layers on [steps, batch] with `threads` cores consists of.
[[nodiscard]] std::vector<Pass> passes(std::span<const MatrixSizes> layers, std::int64_t steps,
                                       std::int64_t batch, int threads = 1);

/// The sizes at which reads have to be measured for these passes: theirs, rounded up to whole
/// pages, no less than a probe can time and no more than 1 GiB; ascending, each once.
[[nodiscard]] std::vector<std::int64_t> read_sizes(const std::vector<Pass>& passes);

/// The least seconds that the passes can take:
///
///     sum of times * max(flops / peak, bytes / bandwidth(bytes))
///
/// With W_hh, W_ih the bytes of a layer's weights and F_hh, F_ih the operations with them for one
/// row and step, in each direction
///
///     steps * max(batch * F_hh / peak, W_hh / bandwidth(W_hh))
///     + max(steps * batch * F_ih / peak, W_ih / bandwidth(W_ih)).
///
/// More threads multiply the peak and divide the bytes. Activations and the traffic of x and y are
/// left out: this is a limit to compare with, not a forecast.
[[nodiscard]] double least_seconds(const Roofline& roofline, const std::vector<Pass>& passes);

}  // namespace carousel
