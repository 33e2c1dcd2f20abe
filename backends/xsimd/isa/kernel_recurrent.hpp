// SPDX-License-Identifier: Apache-2.0
#pragma once

// One direction of a recurrent layer over a whole sequence. Included by kernels.cpp only, inside
// its anonymous namespace.
//
// Rows are sorted by length, longest first, so the rows still running at step s are the first
// `active` ones and nothing is ever computed for padding. h is double-buffered: before step s it
// stands in h_even (s even) or h_odd, where a row's final h stays when the row ends.
//
// A crew splits the hidden units; each member computes its blocks of units for all rows and meets
// the others after each step, when those who came late join in. Sums are never split, so the crew's
// size does not change a bit.

/// Whether step s is the only one that is left: projecting inputs would serve no other.
inline bool is_single_step(const RecurrentJob& job, std::int64_t s, std::int64_t active) {
  return active <= kMaxRows && s + 1 == job.lengths[0];
}

/// What remains of a step once the units are updated.
inline void finish_step(const RecurrentJob& job, Seat& seat, std::int64_t s, std::int64_t active) {
  if (job.weights->groups > 0) {
    if (seat.count > 1) job.crew->sync(seat);
    project_hidden(job, s, active, share(job.weights->groups, seat));
  }
  if (job.crew != nullptr) job.crew->meet(seat, s + 1);
}

/// Lists the inputs of as many steps as fit, from step s0 on: the seat's next stretch, whose inputs
/// are projected together. A leader who begins alone does not take on much, since others may soon
/// be there.
inline std::int64_t list_stretch(const RecurrentJob& job, Seat& seat, std::int64_t s0,
                                 std::int64_t active, const float** inputs) {
  const bool begins_alone = s0 == 0 && job.crew != nullptr && seat.count == 1;
  const std::int64_t least = 2 * (active > kMaxRows ? active : kMaxRows);
  const std::int64_t most = begins_alone ? smaller(least, job.hoist_rows) : job.hoist_rows;
  std::int64_t listed = 0;
  std::int64_t end = s0;
  for (std::int64_t n = active; n > 0 && listed + n <= most; ++end) {
    for (std::int64_t r = 0; r < n; ++r) inputs[listed + r] = x_row(job, r, end);
    listed += n;
    n = active_rows(job, end + 1, n);
  }
  seat.stretch = {s0, end};
  return listed;
}

/// Half of the state before step s stands in another member's cache. All lines are asked for at
/// once, since a step's sums would wait for one after the other.
inline void fetch_states(const RecurrentJob& job, std::int64_t s, std::int64_t active) {
  const float* h = h_before(job, s);
  const std::int64_t rows = smaller(active, kMaxRows);
  for (std::int64_t r = 0; r < rows; ++r, h += job.state_stride) {
    for (std::int64_t i = 0; i < job.weights->state_size; i += kLineFloats) {
      __builtin_prefetch(h + i, 0, 3);
    }
  }
}

/// Calls `step(s, active, gates)` for the steps of the seat's stretch from s on; a member may come
/// in its middle.
template <class Step>
CAROUSEL_INLINE void run_stretch(const RecurrentJob& job, const Seat& seat, std::int64_t s,
                                 std::int64_t active, Step&& step) {
  const std::int64_t row = job.weights->blocks * 4 * kWidth;
  float* gates = job.gates;
  for (std::int64_t t = seat.stretch.first; t < s; ++t) {
    gates += active_rows(job, t, job.row_count) * row;
  }
  for (const std::int64_t end = seat.stretch.last; s < end; ++s) {
    if (seat.count > 1) fetch_states(job, s, active);
    step(s, active, gates);
    gates += active * row;
    active = active_rows(job, s + 1, active);
  }
}

inline void load_state(const RecurrentJob& job) {
  const PackedLayer& w = *job.weights;
  for (std::int64_t r = 0; r < job.row_count; ++r) {
    copy(job.h_even + r * job.state_stride, job.h + job.rows[r] * w.state_size, w.state_size);
    if (job.cell == nullptr) continue;
    copy(job.cell + r * job.unit_stride, job.c + job.rows[r] * w.hidden_size, w.hidden_size);
  }
}

inline void store_state(const RecurrentJob& job, Range rows) {
  const PackedLayer& w = *job.weights;
  for (std::int64_t r = rows.first; r < rows.last; ++r) {
    const float* h = h_row(job, r, job.lengths[r]);
    copy(job.h + job.rows[r] * w.state_size, h, w.state_size);
    if (job.cell == nullptr) continue;
    copy(job.c + job.rows[r] * w.hidden_size, job.cell + r * job.unit_stride, w.hidden_size);
  }
}

/// y past the end of each sequence, step by step: rows of one step stand beside each other.
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

/// A member's part of a job. `step(s, active)` runs one step or more of the active rows from step s
/// on and returns the step after them.
template <class Step>
CAROUSEL_INLINE void run_sequence(const RecurrentJob& job, Seat& seat, Step&& step) {
  if (seat.index == 0) {
    load_state(job);
    if (job.crew != nullptr) job.crew->lead(seat);
  }
  std::int64_t active = active_rows(job, seat.step, job.row_count);
  for (std::int64_t s = seat.step; active > 0; active = active_rows(job, s, active)) {
    s = step(s, active);
  }
  const Range rows = share(job.row_count, seat);
  store_state(job, rows);
  clear_padding(job, rows);
  if (job.crew != nullptr) job.crew->leave(seat);
}

/// Whether inputs are projected ahead of the steps: when that uses their weights for several steps
/// at once (or, with one tile, for several blocks), or a block's sums are to be cut into pieces.
inline bool worth_hoisting(const RecurrentJob& job, std::int64_t active) {
  if (active > job.hoist_rows) return false;
  return active <= kMaxRows || 2 * active <= job.hoist_rows || job.piece < job.weights->state_size;
}

template <class AnyCell>
void run_rows(const RecurrentJob& job, Seat seat) {
  const AnyCell cell(*job.weights);
  const auto share_blocks = [&] { return share(job.weights->blocks, seat); };
  const auto run_projected = [&](std::int64_t s, std::int64_t active, float* gates) {
    step_blocks(job, UpdateUnits<AnyCell>{job, cell, s}, states_before(job, s), gates, s, active,
                share_blocks());
    finish_step(job, seat, s, active);
  };
  // Every member writes the same pointers: cheaper than waiting would be, but a race. So each has a
  // list of its own.
  const float** inputs = job.inputs + seat.index * job.input_rows;
  run_sequence(job, seat, [&](std::int64_t s, std::int64_t active) {
    if (fits_one_row<AnyCell>(job, active, seat.count) && inputs_fit_shadow(*job.weights)) {
      call_one_row<AnyCell, false>(job, s, job.lengths[0]);
      return job.lengths[0];
    }
    const bool within = s < seat.stretch.last;
    if (!within && is_single_step(job, s, active)) {
      step_one_tile(job, UpdateUnits<AnyCell>{job, cell, s}, states_before(job, s), nullptr, s,
                    active, share_blocks());
      finish_step(job, seat, s, active);
      return s + 1;
    }
    if (within || worth_hoisting(job, active)) {
      if (!within) {
        const std::int64_t listed = list_stretch(job, seat, s, active, inputs);
        project_inputs<AnyCell::kInput, AnyCell::kHalves>(job, inputs, listed, share_blocks());
      }
      if (fits_one_row<AnyCell>(job, active, seat.count)) {
        call_one_row<AnyCell, true>(job, s, seat.stretch.last);
      } else {
        run_stretch(job, seat, s, active, run_projected);
      }
      return seat.stretch.last;
    }
    step_from_inputs(job, UpdateUnits<AnyCell>{job, cell, s}, states_before(job, s), inputs, s,
                     active, share_blocks());
    finish_step(job, seat, s, active);
    return s + 1;
  });
}
