// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/xsimd/host/panels.hpp"
#include "backends/xsimd/kernels.hpp"

#include <carousel/backend.hpp>

#include <cstdint>

namespace carousel::simd {

/// How the work of one run is partitioned among threads. They claim jobs, each of which is some
/// rows of a head in one direction. Threads with different jobs do not wait for each other, but
/// each reads all weights of its head. A thread that finds no job left joins the step group of one
/// (core/engine/step_group.hpp): its members share the units of each step, so that each reads its
/// own part of the weights, but there is a barrier after each step.
struct Partition {
  std::int64_t heads = 1;       ///< heads of all directions, which are independent
  std::int64_t row_groups = 1;  ///< jobs of each head
  int threads_per_job = 1;      ///< threads that may share the steps of a job
  [[nodiscard]] std::int64_t jobs() const { return heads * row_groups; }
  [[nodiscard]] int threads() const { return static_cast<int>(jobs()) * threads_per_job; }
  /// The most rows that a job has in a batch of so many.
  [[nodiscard]] std::int64_t rows_of_job(std::int64_t batch) const {
    return ceil_div(batch, row_groups);
  }
};

/// About how many seconds one step of so many rows takes one core, in one head of a recurrent layer
/// or in a dense layer: it decides whether threads share a step, for which its order of magnitude
/// suffices. (The planner's cost model, which ranks backends, is another thing: see HACKING.md.)
[[nodiscard]] double step_seconds(const RecurrentSpec& spec, std::int64_t rows);
[[nodiscard]] double step_seconds(const DenseSpec& spec, std::int64_t rows);

[[nodiscard]] Partition partition(const RecurrentSpec& spec, const Kernels& kernels,
                                  const LayerOptions& options, std::int64_t batch);

}  // namespace carousel::simd
