// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/layers.hpp"
#include "backends/xsimd/packing.hpp"
#include "backends/xsimd/tiling.hpp"
#include "core/parallel.hpp"
#include "core/plain_cell.hpp"

#include <algorithm>
#include <deque>
#include <numeric>
#include <optional>
#include <vector>

namespace carousel::simd {
namespace {

constexpr std::int64_t kPageFloats = 1024;
constexpr std::int64_t kCacheLineFloats = 16;

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// How the threads of one run share a layer: the directions first, then either the rows (no
/// waiting for each other, but everybody reads all weights) or the hidden units (each reads its own
/// slice, but all meet after each step).
struct Split {
  std::int64_t directions = 1;
  std::int64_t row_groups = 1;  ///< per direction
  std::vector<int> team_sizes;  ///< per direction: threads on each of its row groups
  [[nodiscard]] std::int64_t jobs() const { return directions * row_groups; }
  /// Threads needed to run all jobs at once.
  [[nodiscard]] int threads() const {
    return std::accumulate(team_sizes.begin(), team_sizes.end(), 0) * static_cast<int>(row_groups);
  }
};

/// About how long a step of one direction takes on one core: the recurrent weights pass by once,
/// the arithmetic is done for every row. Rates of a core of the 2020s; only their order of
/// magnitude matters.
double step_seconds(const LayerSpec& spec, std::int64_t batch) {
  constexpr double kFlops = 1e11;
  constexpr double kBytes = 1e11;
  const auto outputs = static_cast<double>(spec.gates() * spec.hidden_size);
  const double recurrent = outputs * static_cast<double>(spec.state_size());
  const double inputs = outputs * static_cast<double>(spec.input_size);
  const auto rows = static_cast<double>(batch);
  return std::max(recurrent * 4 / kBytes, rows * recurrent * 2 / kFlops) +
         rows * inputs * 2 / kFlops;
}

/// Below these, threads cost more than they bring: a step shared by a team pays for a barrier, a
/// run for waking the others.
constexpr double kLeastSharedStep = 2e-6;
constexpr double kLeastSharedRun = 30e-6;

Split make_split(const LayerSpec& spec, const Kernels& kernels, const LayerOptions& options,
                 std::int64_t batch) {
  Split split;
  split.directions = spec.directions();
  split.team_sizes.assign(static_cast<std::size_t>(split.directions), 1);
  const auto directions = static_cast<int>(split.directions);
  const int least = options.threads / directions;
  if (least == 0) return split;  // one thread works the directions off one after the other
  const bool rows_fill_tiles = batch >= least * kernels.max_rows;
  if (least > 1 && rows_fill_tiles && matrix_bytes(spec, kernels.width) <= l2_bytes()) {
    split.row_groups = least;
    return split;
  }
  if (!options.exact_threads && step_seconds(spec, batch) < kLeastSharedStep) return split;
  const auto blocks =
      static_cast<int>(ceil_div(spec.hidden_size, block_units(spec, kernels.width)));
  for (int d = 0; d < directions; ++d) {
    const int team = least + (d < options.threads % directions ? 1 : 0);
    split.team_sizes[static_cast<std::size_t>(d)] = std::min(team, blocks);
  }
  return split;
}

/// Scratch of one job, carved out of the workspace's arena.
struct JobScratch {
  RecurrentJob job;
  int team = 1;
  SpinBarrier barrier;
};

class RecurrentWorkspace final : public Workspace {
 public:
  /// `piece` and `most_inputs` as `terms_of_piece` and `usual_inputs`.
  RecurrentWorkspace(const std::array<PackedLayer, 2>& weights, std::int64_t width,
                     const Split& how, std::int64_t piece, std::int64_t most_inputs,
                     const WorkspaceOptions& options)
      : split(how),
        order(static_cast<std::size_t>(options.batch)),
        rows(static_cast<std::size_t>(options.batch)),
        lengths(static_cast<std::size_t>(options.batch)) {
    const std::int64_t job_rows = ceil_div(options.batch, split.row_groups);
    const std::int64_t hoist = std::min(most_inputs, job_rows * options.max_steps);
    for (std::int64_t j = 0; j < split.jobs(); ++j) {
      JobScratch& scratch = jobs.emplace_back();
      scratch.team = split.team_sizes[static_cast<std::size_t>(j / split.row_groups)];
      scratch.job.weights = &weights[static_cast<std::size_t>(j / split.row_groups)];
      // A GRU that resets first takes its inputs as they come, in both passes of a step.
      scratch.job.hoist_rows = scratch.job.weights->reset_ih == nullptr ? hoist : 0;
      scratch.job.input_rows =
          scratch.job.weights->reset_ih == nullptr ? std::max(hoist, job_rows) : 0;
      scratch.job.piece = piece;
      scratch.job.barrier = &scratch.barrier;
      set_strides(scratch.job, width);
    }
    allocate(job_rows, width);
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return sizeof(*this) + arena.bytes() + inputs.size() * sizeof(inputs[0]) +
           (order.size() + rows.size() + lengths.size()) * sizeof(std::int64_t) +
           jobs.size() * sizeof(JobScratch);
  }

  Split split;
  std::vector<std::int64_t> order;    // batch rows, longest first
  std::vector<std::int64_t> rows;     // the same, the rows of each group side by side
  std::vector<std::int64_t> lengths;  // of `rows`
  std::deque<JobScratch> jobs;        // [directions][row_groups]; a deque, since barriers stay put
  AlignedFloats arena;
  std::vector<const float*> inputs;

 private:
  static void set_strides(RecurrentJob& job, std::int64_t width) {
    const PackedLayer& w = *job.weights;
    const std::int64_t vectors = w.cell == Cell::rnn ? 4 * w.blocks : w.blocks;
    job.unit_stride = (w.reset_ih == nullptr ? vectors : ceil_div(vectors, 4) * 4) * width;
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
      for (JobScratch& scratch : jobs) {
        RecurrentJob& job = scratch.job;
        take(job.h_even, job_rows * job.state_stride);
        take(job.h_odd, job_rows * job.state_stride);
        if (job.weights->cell == Cell::lstm) take(job.cell, job_rows * job.unit_stride);
        const bool needs_hidden = job.weights->groups > 0 || job.weights->reset_ih != nullptr;
        if (needs_hidden) take(job.hidden, job_rows * job.unit_stride);
        take(job.gates, job.hoist_rows * job.weights->blocks * 4 * width);
        const std::int64_t list = job.input_rows * scratch.team;
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
          .blocks = ceil_div(spec.hidden_size, block_units(spec, width)),
          .groups = ceil_div(spec.proj_size, 4 * width),
          .weight_ih = arrays.weight_ih.data(),
          .weight_hh = arrays.weight_hh.data(),
          .bias = arrays.bias.data(),
          .weight_hr = arrays.weight_hr.data(),
          .reset_ih = arrays.reset_ih.data(),
          .reset_hh = arrays.reset_hh.data(),
          .reset_bias = arrays.reset_bias.data(),
          .candidate_hh = arrays.candidate_hh.data(),
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
  const std::int64_t rows = std::max<std::int64_t>(1, ceil_div(options.batch, split.row_groups));
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
    const std::int64_t rows = ceil_div(options.batch, split.row_groups);
    return std::make_unique<RecurrentWorkspace>(
        packed_, kernels_.width, split, terms_of_piece(spec_, kernels_.width, rows),
        inputs_.value_or(usual_inputs(spec_, kernels_.width, rows)), options);
  }

  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    auto& scratch = static_cast<RecurrentWorkspace&>(workspace);
    if (args.x.batch == 0) return {};
    sort_rows(args, scratch);
    assign_jobs(args, scratch);
    // A layer with fewer threads than jobs works its jobs off one after the other.
    int threads = std::min(options_.threads, scratch.split.threads());
    const auto steps = static_cast<double>(args.x.steps * spec_.directions());
    const double seconds = steps * step_seconds(spec_, args.x.batch);
    if (!options_.exact_threads && seconds < kLeastSharedRun) threads = 1;
    parallel(threads, [&](int index, int count) { run_jobs(scratch, index, count); });
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return arrays_[0].bytes() + arrays_[1].bytes();
  }

 private:
  /// Longest first, so that the rows still running are always the first ones; then dealt out to the
  /// row groups like cards, so that each gets its share of long ones.
  static void sort_rows(const ForwardArgs& args, RecurrentWorkspace& scratch) noexcept {
    std::iota(scratch.order.begin(), scratch.order.end(), std::int64_t{0});
    if (args.lengths != nullptr) {
      std::ranges::sort(scratch.order, [&](std::int64_t a, std::int64_t b) {
        const std::int64_t la = args.lengths[a];
        const std::int64_t lb = args.lengths[b];
        return la != lb ? la > lb : a < b;
      });
    }
    const auto groups = static_cast<std::size_t>(scratch.split.row_groups);
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

  void assign_jobs(const ForwardArgs& args, RecurrentWorkspace& scratch) const noexcept {
    const std::int64_t groups = scratch.split.row_groups;
    const std::int64_t batch = args.x.batch;
    std::int64_t first_row = 0;
    for (std::int64_t j = 0; j < scratch.split.jobs(); ++j) {
      const std::int64_t d = j / groups;
      const std::int64_t g = j % groups;
      if (g == 0) first_row = 0;
      RecurrentJob& job = scratch.jobs[static_cast<std::size_t>(j)].job;
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

  /// What thread `index` of `count` does: its place in one job's team or, when there are too few
  /// threads for all teams, some of the jobs alone.
  void run_jobs(RecurrentWorkspace& scratch, int index, int count) const noexcept {
    if (count < scratch.split.threads()) {
      for (std::size_t j = static_cast<std::size_t>(index); j < scratch.jobs.size();
           j += static_cast<std::size_t>(count)) {
        kernels_.recurrent(scratch.jobs[j].job, 0, 1);
      }
      return;
    }
    int first = 0;
    for (JobScratch& scratch_of_job : scratch.jobs) {
      if (index < first + scratch_of_job.team) {
        kernels_.recurrent(scratch_of_job.job, index - first, scratch_of_job.team);
        return;
      }
      first += scratch_of_job.team;
    }
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
  // A GRU that resets first projects nothing ahead.
  if (spec.cell == Cell::gru && !spec.linear_before_reset) return {};
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
