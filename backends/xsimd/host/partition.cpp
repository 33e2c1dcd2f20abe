// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/partition.hpp"

#include "backends/xsimd/host/tiling.hpp"

#include <algorithm>

namespace carousel::simd {
namespace {

/// Steps that take one thread fewer seconds are not worth the barrier of the threads that share
/// them.
constexpr double kLeastSharedStep = 3e-6;

/// Where threads do not share steps there are more jobs than threads, so that little is lost when
/// one comes late: up to so many jobs for each thread, as long as a job has at least so many rows.
constexpr std::int64_t kJobsPerThread = 4;
constexpr std::int64_t kLeastRowsOfJob = 8;

/// What sharing a step's units costs in seconds: the barrier, and reading from other cores' caches
/// what their threads computed.
constexpr double kBarrierSeconds = 1e-6;

/// Whether it is faster that each thread computes some rows, for which it reads all weights, than
/// that each computes some units of all rows. With full tiles it is if the weights stay in the L2
/// cache. With fewer rows they may fill half of it, and reading them must take no longer than a
/// barrier.
bool worth_sharing_rows(const RecurrentSpec& spec, const Kernels& kernels, std::int64_t threads,
                        std::int64_t batch, Precision precision) {
  const std::int64_t rows = ceil_div(batch, threads);
  const std::int64_t room = rows < kernels.max_rows ? l2_bytes() / 2 : l2_bytes();
  if (matrix_bytes(spec, {kernels.width, precision}) > room) return false;
  const double all = step_seconds(spec, batch);
  return step_seconds(spec, rows) <= all / static_cast<double>(threads) + kBarrierSeconds;
}

/// How many jobs the rows of a head are divided into, for so many threads.
std::int64_t row_groups(const RecurrentSpec& spec, const Kernels& kernels, std::int64_t threads,
                        std::int64_t batch, Precision precision) {
  if (threads < 2 || batch < 2) return 1;
  if (!worth_sharing_rows(spec, kernels, threads, batch, precision)) return 1;
  if (step_seconds(spec, batch / threads) >= kLeastSharedStep) return std::min(threads, batch);
  const std::int64_t most = batch / (threads * kLeastRowsOfJob);
  return std::min(batch, threads * std::clamp<std::int64_t>(most, 1, kJobsPerThread));
}

/// The seconds of a step with so many recurrent and input weights. The recurrent weights are read
/// once, the arithmetic is done for every row; the rates are those of a core of the 2020s.
double matrix_seconds(double recurrent, double inputs, std::int64_t rows) {
  constexpr double kFlops = 1e11;
  constexpr double kBytes = 1e11;
  const auto times = static_cast<double>(rows);
  return std::max(recurrent * 4 / kBytes, times * recurrent * 2 / kFlops) +
         times * inputs * 2 / kFlops;
}

}  // namespace

double step_seconds(const RecurrentSpec& spec, std::int64_t rows) {
  const auto outputs = static_cast<double>(spec.gates() * head_units(spec));
  return matrix_seconds(outputs * static_cast<double>(spec.recurrent_size()),
                        outputs * static_cast<double>(spec.input_size), rows);
}

double step_seconds(const DenseSpec& spec, std::int64_t rows) {
  return matrix_seconds(0, static_cast<double>(spec.output_size * spec.input_size), rows);
}

Partition partition(const RecurrentSpec& spec, const Kernels& kernels, const LayerOptions& options,
                    std::int64_t batch) {
  Partition result;
  result.heads = spec.directions() * spec.heads;
  if (options.threads == 1) return result;
  result.row_groups =
      row_groups(spec, kernels, options.threads / result.heads, batch, options.precision);
  const double step = step_seconds(spec, result.rows_of_job(batch));
  if (options.exact_threads || step >= kLeastSharedStep) {
    const std::int64_t blocks = recurrent_panel(spec, {kernels.width, options.precision}).blocks;
    result.threads_per_job = static_cast<int>(std::min<std::int64_t>(options.threads, blocks));
  }
  return result;
}

}  // namespace carousel::simd
