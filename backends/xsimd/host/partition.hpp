// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/xsimd/host/panels.hpp"
#include "backends/xsimd/kernels.hpp"

#include <carousel/backend.hpp>

#include <cstdint>

namespace carousel::simd {

/// How the work of one run is partitioned among threads. They claim jobs, each some rows of a head
/// in one direction: no waiting for each other, but each thread with a job reads all weights. A
/// thread that finds none left joins the step group of a job (core/engine/step_group.hpp): its
/// members share the units of each step, so that each reads its own part of the weights, but there
/// is a barrier after each step.
struct Partition {
  std::int64_t heads = 1;       ///< those of all directions, which need nothing of each other
  std::int64_t row_groups = 1;  ///< jobs of each head
  int threads_per_job = 1;      ///< threads that may share a job; 1: they only claim
  [[nodiscard]] std::int64_t jobs() const { return heads * row_groups; }
  [[nodiscard]] int threads() const { return static_cast<int>(jobs()) * threads_per_job; }
  /// The most rows that a job has in a batch of so many.
  [[nodiscard]] std::int64_t rows_of_job(std::int64_t batch) const {
    return ceil_div(batch, row_groups);
  }
};

/// About how long one step of so many rows takes one core, in one head of a recurrent layer or in a
/// dense layer. Only its order of magnitude matters.
[[nodiscard]] double step_seconds(const RecurrentSpec& spec, std::int64_t rows);
[[nodiscard]] double step_seconds(const DenseSpec& spec, std::int64_t rows);

[[nodiscard]] Partition partition(const RecurrentSpec& spec, const Kernels& kernels,
                                  const LayerOptions& options, std::int64_t batch);

}  // namespace carousel::simd
