// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/workspace.hpp"

#include <algorithm>

namespace carousel::simd {
namespace {

constexpr std::int64_t kPageFloats = 1024;
constexpr std::int64_t kCacheLineFloats = 16;

void set_strides(RecurrentJob& job) {
  const PackedLayer& w = *job.weights;
  const std::int64_t width = w.recurrent.width;
  job.unit_stride =
      w.cell == Cell::rnn ? w.recurrent.sums_stride() : ceil_div(w.hidden_size, width) * width;
  job.state_stride = w.projection.blocks > 0 ? w.projection.sums_stride() : job.unit_stride;
  // Rows at a distance of whole pages would compete for the same sets of the L1 cache.
  if (job.state_stride % kPageFloats == 0) job.state_stride += kCacheLineFloats;
}

/// Bytes from a quantized row to the next: enough for those of all matrices.
std::int64_t quantized_stride(const Int8Matrices& matrices) {
  const std::int64_t columns =
      std::max({matrices.input.columns, matrices.recurrent.columns, matrices.projection.columns});
  return row_bytes(*matrices.recurrent.dot, columns);
}

}  // namespace

/// Allocates arrays from one block of memory in two passes: the first one adds up their sizes, the
/// second one sets their addresses.
class RecurrentWorkspace::Arena {
 public:
  Arena() = default;
  Arena(float* floats, const float** pointers)
      : counting_(false), next_(floats), next_pointer_(pointers) {}

  [[nodiscard]] bool counting() const { return counting_; }
  [[nodiscard]] std::int64_t floats() const { return floats_; }
  [[nodiscard]] std::int64_t pointers() const { return pointers_; }

  void take(float*& array, std::int64_t count) {
    count = ceil_div(count, kCacheLineFloats) * kCacheLineFloats;
    floats_ += count;
    if (counting_) return;
    array = next_;
    next_ += count;
  }
  void take(std::int8_t*& array, std::int64_t count) {
    constexpr std::int64_t kPerFloat = sizeof(float);
    float* floats = nullptr;
    take(floats, ceil_div(count, kPerFloat));
    array = reinterpret_cast<std::int8_t*>(floats);
  }
  void take(const float**& array, std::int64_t count) {
    pointers_ += count;
    if (counting_) return;
    array = next_pointer_;
    next_pointer_ += count;
  }

 private:
  bool counting_ = true;
  std::int64_t floats_ = 0;
  std::int64_t pointers_ = 0;
  float* next_ = nullptr;
  const float** next_pointer_ = nullptr;
};

RecurrentWorkspace::RecurrentWorkspace(const std::vector<PackedHead>& weights, const Partition& how,
                                       const Tiling& tiling, const WorkspaceOptions& options)
    : partition(how),
      order(static_cast<std::size_t>(options.batch)),
      rows(static_cast<std::size_t>(options.batch)),
      lengths(static_cast<std::size_t>(options.batch)) {
  const std::int64_t job_rows = partition.rows_of_job(options.batch);
  const std::int64_t projected = std::min(tiling.projected_rows, job_rows * options.max_steps);
  for (std::int64_t j = 0; j < partition.jobs(); ++j) {
    RecurrentJob& job = jobs.emplace_back().job;
    job.weights = &weights[static_cast<std::size_t>(j / partition.row_groups)].packed;
    const std::int64_t rows_at_once = j % partition.row_groups == 0 ? options.batch : job_rows;
    job.input_rows = std::max(projected, rows_at_once);
    // But for plain cells in float32, sums always go through memory (kernel_variants.hpp).
    const bool always = job.weights->recurrent.reset_first_blocks > 0 || !job.weights->plain ||
                        job.weights->precision != Precision::float32;
    job.projected_rows = always ? job.input_rows : projected;
    job.depth = tiling.depth;
    job.prefetch_distance = tiling.prefetch_distance;
    job.passes = tiling.passes;
    job.pairs = tiling.pairs;
    set_strides(job);
  }
  allocate(job_rows);
}

std::size_t RecurrentWorkspace::memory_bytes() const noexcept {
  return sizeof(*this) + floats_.bytes() + pointers_.size() * sizeof(pointers_[0]) +
         (order.size() + rows.size() + lengths.size()) * sizeof(std::int64_t) +
         jobs.size() * sizeof(JobScratch);
}

void RecurrentWorkspace::allocate(std::int64_t job_rows) {
  Arena count;
  for (std::size_t j = 0; j < jobs.size(); ++j) take_arrays(count, j, job_rows);
  floats_ = AlignedFloats(count.floats());
  pointers_.resize(static_cast<std::size_t>(count.pointers()));
  Arena arena(floats_.data(), pointers_.data());
  for (std::size_t j = 0; j < jobs.size(); ++j) take_arrays(arena, j, job_rows);
}

/// Allocates the scratch of a job. Arrays with an element for each row are allocated with the first
/// row group of a head, for the rows of all groups.
void RecurrentWorkspace::take_arrays(Arena& arena, std::size_t index, std::int64_t job_rows) {
  RecurrentJob& job = jobs[index].job;
  const PackedLayer& w = *job.weights;
  const std::size_t group = index % static_cast<std::size_t>(partition.row_groups);
  RecurrentJob& first = jobs[index - group].job;
  const auto take_rows = [&](float*& array, float* of_first, std::int64_t stride) {
    if (group == 0) {
      arena.take(array, partition.row_groups * job_rows * stride);
    } else if (!arena.counting()) {
      array = of_first + static_cast<std::int64_t>(group) * job_rows * stride;
    }
  };
  take_rows(job.h_even, first.h_even, job.state_stride);
  take_rows(job.h_odd, first.h_odd, job.state_stride);
  for (int m = 0; m < w.memories; ++m) take_rows(job.memory[m], first.memory[m], job.unit_stride);
  if (w.projection.blocks > 0 || w.recurrent.reset_first_blocks > 0) {
    take_rows(job.hidden, first.hidden, job.unit_stride);
  }
  arena.take(job.sums, job.projected_rows * w.recurrent.sums_stride());
  arena.take(job.inputs, job.input_rows * partition.threads_per_job);
  if (w.int8 != nullptr) {
    const std::int64_t count = job.input_rows * partition.threads_per_job;
    job.quantized.stride = quantized_stride(*w.int8);
    arena.take(job.quantized.bytes, count * job.quantized.stride);
    arena.take(job.quantized.scales, count);
  }
}

}  // namespace carousel::simd
