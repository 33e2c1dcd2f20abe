// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/layers.hpp"
#include "backends/xsimd/host/packing.hpp"
#include "backends/xsimd/host/split.hpp"
#include "backends/xsimd/host/tiling.hpp"
#include "core/engine/parallel.hpp"
#include "core/engine/pause.hpp"
#include "core/model/plain_cell.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <numeric>
#include <optional>
#include <vector>

namespace carousel::simd {
namespace {

constexpr std::int64_t kPageFloats = 1024;
constexpr std::int64_t kCacheLineFloats = 16;

/// A job, its scratch carved out of the workspace's arena, and those who are at it.
struct JobScratch {
  RecurrentJob job;
  Crew crew;
};

class RecurrentWorkspace final : public Workspace {
 public:
  RecurrentWorkspace(const std::array<PackedLayer, 2>& weights, std::int64_t width,
                     const Split& how, const Cut& cut, const WorkspaceOptions& options)
      : split(how),
        order(static_cast<std::size_t>(options.batch)),
        rows(static_cast<std::size_t>(options.batch)),
        lengths(static_cast<std::size_t>(options.batch)) {
    const std::int64_t job_rows = split.rows_of_job(options.batch);
    const std::int64_t hoist = std::min(cut.inputs, job_rows * options.max_steps);
    for (std::int64_t j = 0; j < split.jobs(); ++j) {
      JobScratch& scratch = jobs.emplace_back();
      scratch.job.weights = &weights[static_cast<std::size_t>(j / split.row_groups)];
      const std::int64_t rows_at_once = j % split.row_groups == 0 ? options.batch : job_rows;
      scratch.job.input_rows = std::max(hoist, rows_at_once);
      // What is not usual has no other way (kernel_variants.hpp).
      const bool always = scratch.job.weights->reset_blocks > 0 || !scratch.job.weights->plain;
      scratch.job.hoist_rows = always ? scratch.job.input_rows : hoist;
      scratch.job.piece = cut.piece;
      scratch.job.far_ahead = cut.far_ahead;
      set_strides(scratch.job, width);
    }
    allocate(job_rows, width);
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return sizeof(*this) + arena.bytes() + inputs.size() * sizeof(inputs[0]) +
           (order.size() + rows.size() + lengths.size()) * sizeof(std::int64_t) +
           jobs.size() * sizeof(JobScratch);
  }

  /// The first group of a direction has scratch for all its rows, shared with the others.
  JobScratch& job_of(std::int64_t direction, std::int64_t group) {
    return jobs[static_cast<std::size_t>(direction * split.row_groups + group)];
  }

  Split split;
  std::vector<std::int64_t> order;    // batch rows, longest first
  std::vector<std::int64_t> rows;     // the same, the rows of each group side by side
  std::vector<std::int64_t> lengths;  // of `rows`
  std::deque<JobScratch> jobs;        // [directions][row_groups]; a deque, since crews stay put
  AlignedFloats arena;
  std::vector<const float*> inputs;

 private:
  static void set_strides(RecurrentJob& job, std::int64_t width) {
    const PackedLayer& w = *job.weights;
    const std::int64_t vectors =
        w.cell == Cell::rnn ? 4 * w.blocks : ceil_div(w.hidden_size, width);
    job.unit_stride = vectors * width;
    job.state_stride = w.groups > 0 ? w.groups * 4 * width : job.unit_stride;
    // Rows that stand a page apart would share the lines of the nearest cache.
    if (job.state_stride % kPageFloats == 0) job.state_stride += kCacheLineFloats;
  }

  /// Two passes over the same list of arrays: measure, then hand out.
  void allocate(std::int64_t job_rows, std::int64_t width) {
    std::int64_t floats = 0;
    std::int64_t pointers = 0;
    for (const bool measuring : {true, false}) {
      float* next = arena.data();
      const float** next_input = inputs.data();
      const auto take = [&](float*& array, std::int64_t count) {
        count = ceil_div(count, 16) * 16;  // keep everything on cache lines
        if (measuring) {
          floats += count;
          return;
        }
        array = next;
        next += count;
      };
      for (std::size_t j = 0; j < jobs.size(); ++j) {
        RecurrentJob& job = jobs[j].job;
        const auto groups = static_cast<std::size_t>(split.row_groups);
        const auto take_rows = [&](float* RecurrentJob::*array, std::int64_t stride) {
          const auto group = static_cast<std::int64_t>(j % groups);
          if (group == 0) {
            take(job.*array, split.row_groups * job_rows * stride);
          } else if (!measuring) {
            job.*array = jobs[j - j % groups].job.*array + group * job_rows * stride;
          }
        };
        take_rows(&RecurrentJob::h_even, job.state_stride);
        take_rows(&RecurrentJob::h_odd, job.state_stride);
        const bool needs_hidden = job.weights->groups > 0 || job.weights->reset_blocks > 0;
        if (job.weights->cell == Cell::lstm) take_rows(&RecurrentJob::cell, job.unit_stride);
        if (needs_hidden) take_rows(&RecurrentJob::hidden, job.unit_stride);
        take(job.gates, job.hoist_rows * job.weights->blocks * 4 * width);
        const std::int64_t list = job.input_rows * split.crew;
        if (measuring) {
          pointers += list;
        } else {
          job.inputs = next_input;
          next_input += list;
        }
      }
      if (measuring) {
        arena = AlignedFloats(floats);
        inputs.resize(static_cast<std::size_t>(pointers));
      }
    }
  }
};

PackedLayer describe_packed(const LayerSpec& spec, const RecurrentArrays& arrays,
                            std::size_t direction, std::int64_t width) {
  return {.cell = spec.cell,
          .input_size = spec.input_size,
          .hidden_size = spec.hidden_size,
          .state_size = spec.state_size(),
          .blocks = count_blocks(spec, width),
          .half = ends_in_half_block(spec, width),
          .groups = ceil_div(spec.proj_size, 4 * width),
          .weight_ih = arrays.weight_ih.data(),
          .weight_hh = arrays.weight_hh.data(),
          .bias = arrays.bias.data(),
          .weight_hr = arrays.weight_hr.data(),
          .reset_blocks = reset_blocks(spec, width),
          .plain = is_plain_cell(spec),
          .peephole = spec.peephole ? arrays.peephole.data() : nullptr,
          .coupling = spec.coupling,
          .clip = spec.clip,
          .cell_clip = spec.cell_clip,
          .activations = spec.activations[direction]};
}

/// `list_inputs` for what is expected of the layer.
std::vector<std::int64_t> open_inputs(const Kernels& kernels, const LayerSpec& spec,
                                      const LayerOptions& options) {
  const Split split = make_split(spec, kernels, options, options.batch);
  const std::int64_t rows = std::max<std::int64_t>(1, split.rows_of_job(options.batch));
  return list_inputs(spec, kernels.width, kernels.max_rows, rows, options.steps);
}

class RecurrentLayer final : public Layer {
 public:
  RecurrentLayer(const Kernels& kernels, const LayerSpec& spec, const LayerWeights& weights,
                 const LayerOptions& options)
      : kernels_(kernels), spec_(spec), options_(options) {
    for (const std::int64_t inputs : open_inputs(kernels, spec, options)) {
      if (inputs_name(inputs) == options.tiling) inputs_ = inputs;
    }
    for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
      arrays_[d] = pack_recurrent(spec, weights[d], kernels.width);
      packed_[d] = describe_packed(spec, arrays_[d], d, kernels.width);
    }
  }

  [[nodiscard]] std::unique_ptr<Workspace> workspace(
      const WorkspaceOptions& options) const override {
    const Split split = make_split(spec_, kernels_, options_, options.batch);
    warm_up_threads(std::min(options_.threads, split.threads()));
    const std::int64_t rows = split.rows_of_job(options.batch);
    Cut cut = usual_cut(spec_, kernels_.width, rows);
    cut.inputs = inputs_.value_or(cut.inputs);
    return std::make_unique<RecurrentWorkspace>(packed_, kernels_.width, split, cut, options);
  }

  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    auto& scratch = static_cast<RecurrentWorkspace&>(workspace);
    if (args.x.batch == 0) return {};
    const int threads = threads_for(args, scratch.split);
    // Alone, a thread is faster with all rows at once.
    const std::int64_t groups = threads == 1 ? 1 : scratch.split.row_groups;
    sort_rows(args, scratch, groups);
    assign_jobs(args, scratch, groups, threads);
    Progress progress{.jobs = static_cast<std::size_t>(spec_.directions() * groups)};
    parallel(threads, [&](int index, int count) { work(scratch, progress, index, count); });
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return arrays_[0].bytes() + arrays_[1].bytes();
  }

 private:
  /// Longest first, so that the rows still running are always the first ones; then dealt out to the
  /// row groups like cards, so that each gets its share of long ones.
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
        scratch.lengths[next] = args.lengths == nullptr ? args.x.steps : args.lengths[row];
        ++next;
      }
    }
  }

  [[nodiscard]] int threads_for(const ForwardArgs& args, const Split& split) const noexcept {
    const int threads = std::min(options_.threads, split.threads());
    if (options_.exact_threads) return threads;
    const auto steps = static_cast<double>(args.x.steps * spec_.directions());
    return worthwhile_threads(threads, steps * step_seconds(spec_, args.x.batch));
  }

  void assign_jobs(const ForwardArgs& args, RecurrentWorkspace& scratch, std::int64_t groups,
                   int threads) const noexcept {
    const std::int64_t batch = args.x.batch;
    std::int64_t first_row = 0;
    for (std::int64_t j = 0; j < spec_.directions() * groups; ++j) {
      const std::int64_t d = j / groups;
      const std::int64_t g = j % groups;
      if (g == 0) first_row = 0;
      RecurrentJob& job = scratch.job_of(d, g).job;
      Crew& crew = scratch.job_of(d, g).crew;
      job.crew = std::min(threads, scratch.split.crew) > 1 ? &crew : nullptr;
      crew.open(scratch.split.crew);
      job.walked += job.x.steps;
      job.x = args.x;
      job.y = args.y;
      job.y.data += d * spec_.state_size();
      job.backwards = spec_.direction == Direction::reverse || d == 1;
      job.rows = scratch.rows.data() + first_row;
      job.lengths = scratch.lengths.data() + first_row;
      job.row_count = ceil_div(batch - g, groups);
      job.h = args.h[static_cast<std::size_t>(d)];
      job.c = args.c[static_cast<std::size_t>(d)];
      first_row += job.row_count;
    }
  }

  /// How far the threads of a run are.
  struct Progress {
    std::size_t jobs;
    std::atomic<std::size_t> claimed{0};  ///< jobs that have a leader
    std::atomic<int> placed{0};           ///< threads that have a job, or found none
  };

  /// What thread `index` of at most `count` does: the jobs that it claims, then its share of
  /// others.
  void work(RecurrentWorkspace& scratch, Progress& progress, int index, int count) const noexcept {
    const std::size_t jobs = progress.jobs;
    const std::size_t groups = jobs / static_cast<std::size_t>(spec_.directions());
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
      if (job.crew != nullptr) wait_for_helpers(job, progress, count);
      kernels_.recurrent(job, {});
    }
    for (std::size_t i = 0; i < jobs; ++i) {
      const RecurrentJob& job = job_at((static_cast<std::size_t>(index) + i) % jobs);
      if (job.crew == nullptr) continue;
      const int number = job.crew->apply();
      if (number > 0) take_place();
      if (Seat seat; number > 0 && job.crew->await(number, seat)) kernels_.recurrent(job, seat);
    }
    take_place();
  }

  /// Who comes within the first step has to wait for the second one. So the leader waits for a
  /// moment where steps are long; where all threads must be used, until they are there.
  void wait_for_helpers(const RecurrentJob& job, const Progress& progress,
                        int count) const noexcept {
    const auto complete = [&] { return progress.placed.load(std::memory_order_acquire) >= count; };
    if (options_.exact_threads) return spin_until(complete);
    if (progress.jobs >= static_cast<std::size_t>(count)) return;
    constexpr double kShareToWait = 0.01;
    constexpr double kLongestWait = 200e-6;
    const double run = static_cast<double>(job.lengths[0]) * step_seconds(spec_, job.row_count);
    const std::chrono::duration<double> patience(std::min(kShareToWait * run, kLongestWait));
    const auto start = std::chrono::steady_clock::now();
    spin_until([&] { return complete() || std::chrono::steady_clock::now() - start > patience; });
  }

  const Kernels& kernels_;
  LayerSpec spec_;
  LayerOptions options_;
  std::optional<std::int64_t> inputs_;  ///< as the planner wants it
  std::array<RecurrentArrays, 2> arrays_;
  std::array<PackedLayer, 2> packed_;
};

}  // namespace

std::vector<std::string> recurrent_tilings(const Kernels& kernels, const LayerSpec& spec,
                                           const LayerOptions& options) {
  std::vector<std::string> names;
  for (const std::int64_t inputs : open_inputs(kernels, spec, options)) {
    names.push_back(inputs_name(inputs));
  }
  return names.size() == 1 ? std::vector<std::string>{} : names;
}

std::unique_ptr<Layer> make_recurrent_layer(const Kernels& kernels, const LayerSpec& spec,
                                            const LayerWeights& weights,
                                            const LayerOptions& options) {
  return std::make_unique<RecurrentLayer>(kernels, spec, weights, options);
}

}  // namespace carousel::simd
