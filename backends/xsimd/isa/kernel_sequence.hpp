// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is done before the first step of a job, between steps and after the last one.
//
// Rows are sorted by length, longest first, so the rows still running at step s are the first
// `active` ones and nothing is ever computed for padding. h is double-buffered: before step s it is
// in h_even (s even) or h_odd, where a row's last h stays when the row ends.
//
// The threads of a step group share the hidden units: each member computes its blocks of units for
// all rows. After each step there is a barrier, at which threads that came late join. No sum is
// divided among threads, so results do not depend on their number.

#include "backends/xsimd/isa/kernel_units.hpp"

namespace carousel::simd {
namespace {

/// Ends a step whose units are updated: the projection of h, if there is one, of which
/// `project(blocks)` computes some blocks, and the barrier.
template <class Project>
inline void finish_step(const RecurrentJob& job, Member& member, std::int64_t s,
                        Project&& project) {
  const PanelShape& projection = job.weights->projection;
  if (projection.blocks > 0) {
    if (member.count > 1) job.step_group->barrier(member);
    project(share(projection.blocks, member));
  }
  if (job.step_group != nullptr) job.step_group->step_barrier(member, s + 1);
}

/// Begins a segment, whose steps have their inputs projected together: lists pointers to the inputs
/// of as many steps as fit, from step s0 on, and returns how many. A leader that begins alone takes
/// few steps, since other threads may join soon.
inline std::int64_t list_segment(const RecurrentJob& job, Member& member, std::int64_t s0,
                                 std::int64_t active, const float** inputs) {
  const bool begins_alone = s0 == 0 && job.step_group != nullptr && member.count == 1;
  const std::int64_t least = 2 * (active > kMaxRows ? active : kMaxRows);
  const std::int64_t most = begins_alone ? smaller(least, job.projected_rows) : job.projected_rows;
  std::int64_t listed = 0;
  std::int64_t end = s0;
  for (std::int64_t n = active; n > 0 && listed + n <= most; ++end) {
    for (std::int64_t r = 0; r < n; ++r) inputs[listed + r] = x_row(job, r, end);
    listed += n;
    n = active_rows(job, end + 1, n);
  }
  member.projected = {s0, end};
  return listed;
}

/// The projected inputs of the first step that the member takes part in, which may be in the middle
/// of a segment.
inline float* sums_before(const RecurrentJob& job, const Member& member) {
  float* sums = job.sums;
  for (std::int64_t t = member.projected.first; t < member.step; ++t) {
    sums += active_rows(job, t, job.row_count) * sums_stride(*job.weights);
  }
  return sums;
}

/// Prefetches the state before step s, parts of which are in the caches of other members' cores:
/// all lines at once, since the sums would wait for one line after the other.
inline void fetch_states(const RecurrentJob& job, std::int64_t s, std::int64_t active) {
  const float* h = h_before(job, s);
  const std::int64_t rows = smaller(active, kMaxRows);
  for (std::int64_t r = 0; r < rows; ++r, h += job.state_stride) {
    for (std::int64_t i = 0; i < job.weights->state_size; i += kLineFloats) {
      __builtin_prefetch(h + i, 0, 3);
    }
  }
}

inline float* row_of(const CallerState& state, std::int64_t row) {
  return state.data + row * state.row_stride;
}

inline void load_states(const RecurrentJob& job) {
  const PackedLayer& w = *job.weights;
  for (std::int64_t r = 0; r < job.row_count; ++r) {
    copy(job.h_even + r * job.state_stride, row_of(job.h, job.rows[r]), w.state_size);
    for (int m = 0; m < w.memories; ++m) {
      copy(job.memory[m] + r * job.unit_stride, row_of(job.memories[m], job.rows[r]),
           w.hidden_size);
    }
  }
}

inline void store_states(const RecurrentJob& job, Range rows) {
  const PackedLayer& w = *job.weights;
  for (std::int64_t r = rows.first; r < rows.last; ++r) {
    copy(row_of(job.h, job.rows[r]), h_row(job, r, job.lengths[r]), w.state_size);
    for (int m = 0; m < w.memories; ++m) {
      copy(row_of(job.memories[m], job.rows[r]), job.memory[m] + r * job.unit_stride,
           w.hidden_size);
    }
  }
}

/// Clears y past the end of each sequence, step by step, since the rows of a step are neighbours in
/// memory.
inline void clear_padding(const RecurrentJob& job, Range rows) {
  std::int64_t running = rows.last;  // rows before this one are
  for (std::int64_t t = 0; t < job.y.steps; ++t) {
    while (running > rows.first && job.lengths[running - 1] <= t) --running;
    for (std::int64_t r = running; r < rows.last; ++r) {
      float* y = job.y.data + t * job.y.step_stride + job.rows[r] * job.y.batch_stride;
      for (std::int64_t j = 0; j < job.weights->state_size; ++j) y[j] = 0.0F;
    }
  }
}

/// What a member does before the first step that it takes part in.
inline void begin_job(const RecurrentJob& job, Member& member) {
  if (member.index != 0) return;
  load_states(job);
  if (job.step_group != nullptr) job.step_group->start(member);
}

/// What a member does after the last step: its share of the rows' final states and padding.
inline void end_job(const RecurrentJob& job, const Member& member) {
  const Range rows = share(job.row_count, member);
  store_states(job, rows);
  clear_padding(job, rows);
  if (job.step_group != nullptr) job.step_group->finish(member);
}

}  // namespace
}  // namespace carousel::simd
