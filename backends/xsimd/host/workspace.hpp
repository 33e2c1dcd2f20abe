// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/xsimd/host/packing.hpp"
#include "backends/xsimd/host/partition.hpp"
#include "backends/xsimd/host/tiling.hpp"

#include <cstdint>
#include <deque>
#include <vector>

namespace carousel::simd {

/// A job, whose scratch is in the workspace's arena, and the group of threads that run it.
struct JobScratch {
  RecurrentJob job;
  StepGroup step_group;
};

/// All that a `forward` needs besides its arguments: the jobs, their scratch and their rows.
class RecurrentWorkspace final : public Workspace {
 public:
  RecurrentWorkspace(const std::vector<PackedHead>& weights, const Partition& how,
                     const Tiling& tiling, const WorkspaceOptions& options);

  [[nodiscard]] std::size_t memory_bytes() const noexcept override;

  /// The job of a row group. The first group of a head has the scratch for all rows of the head, of
  /// which the other groups use parts.
  JobScratch& job_of(std::int64_t head, std::int64_t group) {
    return jobs[static_cast<std::size_t>(head * partition.row_groups + group)];
  }

  Partition partition;
  std::vector<std::int64_t> order;    ///< batch rows, longest first
  std::vector<std::int64_t> rows;     ///< the same, the rows of each group side by side
  std::vector<std::int64_t> lengths;  ///< of `rows`
  std::deque<JobScratch> jobs;  ///< [heads][row_groups]; a deque, since step groups cannot move

 private:
  class Arena;
  void allocate(std::int64_t job_rows);
  void take_arrays(Arena& arena, std::size_t index, std::int64_t job_rows);

  AlignedFloats floats_;
  std::vector<const float*> pointers_;
};

}  // namespace carousel::simd
