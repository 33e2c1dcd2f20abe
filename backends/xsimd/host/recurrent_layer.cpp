// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/layers.hpp"
#include "backends/xsimd/host/packing.hpp"
#include "backends/xsimd/host/partition.hpp"
#include "backends/xsimd/host/tiling.hpp"
#include "backends/xsimd/host/workspace.hpp"
#include "core/engine/parallel.hpp"
#include "core/engine/pause.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <optional>
#include <vector>

namespace carousel::simd {
namespace {

WeightFormat format_of(const Kernels& kernels, const LayerOptions& options) {
  return {kernels.width, options.precision};
}

/// `list_projected_rows` for the batch and steps that the layer is planned for.
std::vector<std::int64_t> list_choices(const Kernels& kernels, const RecurrentSpec& spec,
                                       const LayerOptions& options) {
  const Partition jobs = partition(spec, kernels, options, options.batch);
  const std::int64_t rows = std::max<std::int64_t>(1, jobs.rows_of_job(options.batch));
  return list_projected_rows(spec, format_of(kernels, options), kernels.max_rows, rows,
                             options.steps);
}

class RecurrentLayer final : public Layer {
 public:
  RecurrentLayer(const Kernels& kernels, const Int8Dot& dot, const RecurrentSpec& spec,
                 const Weights& weights, const LayerOptions& options)
      : kernels_(kernels),
        run_(matrix_kernels(kernels, options.precision).recurrent),
        spec_(spec),
        options_(options) {
    for (const std::int64_t rows : list_choices(kernels, spec, options)) {
      if (tiling_name(rows) == options.tiling) projected_rows_ = rows;
    }
    for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
      const RecurrentWeights of_direction(weights, d);
      for (std::int64_t head = 0; head < spec.heads; ++head) {
        heads_.push_back(
            pack_recurrent(spec, of_direction, d, head, format_of(kernels, options), &dot));
      }
    }
  }

  [[nodiscard]] std::unique_ptr<Workspace> workspace(
      const WorkspaceOptions& options) const override {
    const Partition jobs = partition(spec_, kernels_, options_, options.batch);
    warm_up_threads(std::min(options_.threads, jobs.threads()));
    Tiling tiling =
        default_tiling(spec_, format_of(kernels_, options_), jobs.rows_of_job(options.batch));
    tiling.projected_rows = projected_rows_.value_or(tiling.projected_rows);
    return std::make_unique<RecurrentWorkspace>(heads_, jobs, tiling, options);
  }

  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    auto& scratch = static_cast<RecurrentWorkspace&>(workspace);
    if (args.x().batch == 0) return {};
    const int threads = threads_for(args, scratch.partition);
    // A single thread is faster with all rows in one job.
    const std::int64_t groups = threads == 1 ? 1 : scratch.partition.row_groups;
    sort_rows(args, scratch, groups);
    assign_jobs(args, scratch, groups, threads);
    if (threads == 1) {  // small layers take less time than claiming a job
      for (std::size_t head = 0; head < heads_.size(); ++head) {
        run_(scratch.job_of(static_cast<std::int64_t>(head), 0).job, {});
      }
      return {};
    }
    Progress progress{.jobs = heads_.size() * static_cast<std::size_t>(groups)};
    parallel(threads, [&](int index, int count) { work(scratch, progress, index, count); });
    const double lost = lost_seconds(scratch, groups);
    if (lost > 0) waited_in_vain(lost);
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    std::size_t bytes = 0;
    for (const PackedHead& head : heads_) bytes += head.bytes();
    return bytes;
  }

 private:
  /// Sorts the rows, longest first, so that those still running are always the first ones; then
  /// distributes them over the row groups in turn, so that each gets its share of long ones.
  static void sort_rows(const ForwardArgs& args, RecurrentWorkspace& scratch,
                        std::int64_t row_groups) noexcept {
    std::iota(scratch.order.begin(), scratch.order.end(), std::int64_t{0});
    if (args.lengths != nullptr) {
      std::ranges::sort(scratch.order, [&](std::int64_t a, std::int64_t b) {
        const std::int64_t la = args.lengths[a];
        const std::int64_t lb = args.lengths[b];
        return la != lb ? la > lb : a < b;
      });
    }
    const auto groups = static_cast<std::size_t>(row_groups);
    std::size_t next = 0;
    for (std::size_t g = 0; g < groups; ++g) {
      for (std::size_t i = g; i < scratch.order.size(); i += groups) {
        const std::int64_t row = scratch.order[i];
        scratch.rows[next] = row;
        scratch.lengths[next] = args.lengths == nullptr ? args.x().steps : args.lengths[row];
        ++next;
      }
    }
  }

  [[nodiscard]] int threads_for(const ForwardArgs& args, const Partition& jobs) const noexcept {
    const int threads = std::min(options_.threads, jobs.threads());
    if (options_.exact_threads || threads == 1) return threads;
    const auto steps = static_cast<double>(args.x().steps * jobs.heads);
    return worthwhile_threads(threads, steps * step_seconds(spec_, args.x().batch));
  }

  /// How long a thread waits for another one in a step of so many rows before it does without. With
  /// `exact_threads` it waits until it comes.
  [[nodiscard]] double patience_for(std::int64_t rows) const noexcept {
    constexpr double kLeastPatience = 50e-6;
    if (options_.exact_threads) return StepGroup::kForever;
    return kLeastPatience + 2 * step_seconds(spec_, rows);
  }

  /// The longest time for which the leader of a job waited in vain.
  [[nodiscard]] double lost_seconds(RecurrentWorkspace& scratch,
                                    std::int64_t groups) const noexcept {
    double lost = 0;
    for (std::int64_t head = 0; head < scratch.partition.heads; ++head) {
      for (std::int64_t g = 0; g < groups; ++g) {
        lost = std::max(lost, scratch.job_of(head, g).step_group.lost_seconds());
      }
    }
    return lost;
  }

  void assign_jobs(const ForwardArgs& args, RecurrentWorkspace& scratch, std::int64_t groups,
                   int threads) const noexcept {
    const std::int64_t batch = args.x().batch;
    const double patience = patience_for(scratch.partition.rows_of_job(batch));
    std::int64_t first_row = 0;
    for (std::int64_t j = 0; j < scratch.partition.heads * groups; ++j) {
      const std::int64_t head = j / groups;  // of all directions
      const std::int64_t d = head / spec_.heads;
      const std::int64_t first_unit = head % spec_.heads * head_units(spec_);
      const std::int64_t g = j % groups;
      if (g == 0) first_row = 0;
      RecurrentJob& job = scratch.job_of(head, g).job;
      StepGroup& step_group = scratch.job_of(head, g).step_group;
      job.step_group =
          std::min(threads, scratch.partition.threads_per_job) > 1 ? &step_group : nullptr;
      step_group.reset(scratch.partition.threads_per_job, patience);
      job.earlier_steps += job.x.steps;
      job.x = args.x();
      job.y = args.y;
      // Null where there is nothing to write.
      if (job.y.data != nullptr) job.y.data += d * spec_.state_size() + first_unit;
      job.backwards = spec_.direction == Direction::reverse || d == 1;
      job.rows = scratch.rows.data() + first_row;
      job.lengths = scratch.lengths.data() + first_row;
      job.row_count = ceil_div(batch - g, groups);
      const std::size_t count = spec_.state_count();
      const auto states = args.states.subspan(static_cast<std::size_t>(d) * count, count);
      job.h = {states[0] + first_unit, spec_.state_size()};
      for (std::size_t k = 1; k < count; ++k) {
        job.memories[k - 1] = {states[k] + first_unit, spec_.hidden_size};
      }
      first_row += job.row_count;
    }
  }

  /// How far the threads of a run have distributed the jobs among themselves.
  struct Progress {
    std::size_t jobs;
    std::atomic<std::size_t> claimed{0};  ///< jobs that have a leader
    std::atomic<int> placed{0};           ///< threads that have a job, or that found none left
  };

  /// What thread `index` of at most `count` does: it runs the jobs that it claims, then its share
  /// of jobs that other threads lead.
  void work(RecurrentWorkspace& scratch, Progress& progress, int index, int count) const noexcept {
    const std::size_t jobs = progress.jobs;
    const std::size_t groups = jobs / heads_.size();
    const auto job_at = [&](std::size_t j) -> const RecurrentJob& {
      return scratch
          .job_of(static_cast<std::int64_t>(j / groups), static_cast<std::int64_t>(j % groups))
          .job;
    };
    bool placed = false;
    const auto take_place = [&] {
      if (!placed) progress.placed.fetch_add(1, std::memory_order_release);
      placed = true;
    };
    for (std::size_t j; (j = progress.claimed.fetch_add(1, std::memory_order_relaxed)) < jobs;) {
      take_place();
      const RecurrentJob& job = job_at(j);
      if (job.step_group != nullptr) wait_for_helpers(job, progress, count);
      run_(job, {});
    }
    for (std::size_t i = 0; i < jobs; ++i) {
      const RecurrentJob& job = job_at((static_cast<std::size_t>(index) + i) % jobs);
      if (job.step_group == nullptr) continue;
      const int number = job.step_group->ask_to_join();
      if (number == 0) continue;
      take_place();
      if (Member member; job.step_group->wait_to_join(number, member)) {
        run_(job, member);
      }
    }
    take_place();
  }

  /// A thread that comes during the first step has to wait for the second one. So where steps are
  /// long, the leader waits for a moment before the first. With `exact_threads` it waits until all
  /// threads are there.
  void wait_for_helpers(const RecurrentJob& job, const Progress& progress,
                        int count) const noexcept {
    const auto complete = [&] { return progress.placed.load(std::memory_order_acquire) >= count; };
    if (options_.exact_threads) return spin_until(complete);
    if (progress.jobs >= static_cast<std::size_t>(count)) return;
    constexpr double kShareToWait = 0.01;
    constexpr double kLongestWait = 200e-6;
    const double run = static_cast<double>(job.lengths[0]) * step_seconds(spec_, job.row_count);
    const std::chrono::duration<double> longest(std::min(kShareToWait * run, kLongestWait));
    const auto start = std::chrono::steady_clock::now();
    spin_until([&] { return complete() || std::chrono::steady_clock::now() - start > longest; });
  }

  const Kernels& kernels_;
  void (*run_)(const RecurrentJob& job, Member member);  ///< the kernels of the precision
  RecurrentSpec spec_;
  LayerOptions options_;
  std::optional<std::int64_t> projected_rows_;  ///< as the planner wants it
  std::vector<PackedHead> heads_;               ///< [directions][heads]
};

}  // namespace

std::vector<std::string> recurrent_tilings(const Kernels& kernels, const RecurrentSpec& spec,
                                           const LayerOptions& options) {
  std::vector<std::string> names;
  for (const std::int64_t rows : list_choices(kernels, spec, options)) {
    names.push_back(tiling_name(rows));
  }
  return names.size() == 1 ? std::vector<std::string>{} : names;
}

std::unique_ptr<Layer> make_recurrent_layer(const Kernels& kernels, const Int8Dot& dot,
                                            const RecurrentSpec& spec, const Weights& weights,
                                            const LayerOptions& options) {
  return std::make_unique<RecurrentLayer>(kernels, dot, spec, weights, options);
}

}  // namespace carousel::simd
