// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/xsimd/host/tiling.hpp"
#include "backends/xsimd/kernels.hpp"

#include <carousel/backend.hpp>

#include <cstdint>

namespace carousel::simd {

/// How the threads of one run share a layer. They claim jobs, each some rows of a direction: no
/// waiting for each other, but whoever has a job reads all weights. Who finds none left helps with
/// those that others are at, by units: each reads its own slice, but all meet after each step.
struct Split {
  std::int64_t directions = 1;
  std::int64_t row_groups = 1;  ///< per direction
  int crew = 1;                 ///< threads that may share a job; 1: they only claim
  [[nodiscard]] std::int64_t jobs() const { return directions * row_groups; }
  [[nodiscard]] int threads() const { return static_cast<int>(jobs()) * crew; }
  /// The most rows that a job has in a batch of so many.
  [[nodiscard]] std::int64_t rows_of_job(std::int64_t batch) const {
    return ceil_div(batch, row_groups);
  }
};

/// About how long a step of one direction takes on one core. Only its order of magnitude matters.
double step_seconds(const LayerSpec& spec, std::int64_t batch);

Split make_split(const LayerSpec& spec, const Kernels& kernels, const LayerOptions& options,
                 std::int64_t batch);

}  // namespace carousel::simd
