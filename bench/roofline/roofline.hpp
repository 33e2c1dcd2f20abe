// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/cpu.hpp>
#include <carousel/model.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace carousel {

/// A level of the memory hierarchy as one core sees it.
struct MemoryLevel {
  std::string name;                 ///< "L1", "L2", "L3", "DRAM"
  std::int64_t capacity_bytes = 0;  ///< 0: without limit
  double bytes_per_second = 0;      ///< sequential reads, measured
};

/// The measured limits of one core: float32 multiply-adds and reads.
struct Roofline {
  std::string isa;  ///< the instruction set that was measured: the widest that can run
  double flops_per_second = 0;
  std::vector<MemoryLevel> levels;  ///< nearest first; the last one has no limit

  /// The bandwidth of the nearest level that holds `bytes`.
  [[nodiscard]] double bandwidth(double bytes) const;
};

/// What is read to measure one level: well within it, well beyond the one before.
struct WorkingSet {
  const char* name;
  std::int64_t capacity_bytes;  ///< as in MemoryLevel
  std::int64_t bytes;
};

/// Nearest first. Caches whose size the CPU does not tell are taken to be small ones.
[[nodiscard]] std::vector<WorkingSet> working_sets(const CpuFeatures& features);

/// Measures for about `seconds`, on the calling thread.
[[nodiscard]] Roofline measure_roofline(double seconds = 0.3);

/// The least seconds in which `threads` cores can run `model` on [steps, batch] with float32
/// weights:
///
///     sum over layers and directions of
///       steps * max(batch * F_hh / peak, W_hh / bandwidth(W_hh))
///       + max(steps * batch * F_ih / peak, W_ih / bandwidth(W_ih))
///
/// with F_hh, F_ih the floating point operations of the recurrent (and projection) and of the input
/// matrices, W_hh and W_ih their bytes: every step has to read the former, a run the latter once.
/// More threads multiply the peak and divide the bytes. Activations and the traffic of x and y are
/// left out: this is a limit to compare with, not a forecast.
[[nodiscard]] double least_seconds(const Roofline& roofline, const Model& model, std::int64_t steps,
                                   std::int64_t batch, int threads = 1);

}  // namespace carousel
