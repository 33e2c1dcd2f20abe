// SPDX-License-Identifier: Apache-2.0
#pragma once

// One direction of an LSTM layer over a whole sequence. Included by kernels.cpp only, inside its
// anonymous namespace.
//
// Rows are sorted by length, longest first, so the rows still running at step s are the first
// `active` ones and nothing is ever computed for padding. h is double-buffered: before step s it
// stands in h_even (s even) or h_odd, where a row's final h stays when the row ends.
//
// A team splits the hidden units; each member computes its blocks of units for all rows, and a
// barrier separates the steps. Sums are never split, so the team's size does not change a bit.

struct Range {
  std::int64_t first, last;
};

inline Range share(std::int64_t count, int index, int members) {
  return {count * index / members, count * (index + 1) / members};
}

inline std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

/// Rows whose sequence has a step s.
inline std::int64_t active_rows(const LstmJob& job, std::int64_t s, std::int64_t active) {
  while (active > 0 && job.lengths[active - 1] <= s) --active;
  return active;
}

/// The time step that row r is at after s steps.
inline std::int64_t time_of(const LstmJob& job, std::int64_t r, std::int64_t s) {
  return job.backwards ? job.lengths[r] - 1 - s : s;
}

inline const float* x_row(const LstmJob& job, std::int64_t r, std::int64_t s) {
  return job.x.data + time_of(job, r, s) * job.x.step_stride + job.rows[r] * job.x.batch_stride;
}

inline float* y_row(const LstmJob& job, std::int64_t r, std::int64_t s) {
  return job.y.data + time_of(job, r, s) * job.y.step_stride + job.rows[r] * job.y.batch_stride;
}

inline float* h_before(const LstmJob& job, std::int64_t s) {
  return (s & 1) == 0 ? job.h_even : job.h_odd;
}

inline void copy(float* to, const float* from, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = from[i];
}

/// c' = f ∘ c + i ∘ g, h' = o ∘ tanh(c') for the tile's units; h goes to the state (or, with a
/// projection, to `hidden`) and, without one, to y.
template <int R, int B>
inline void update_units(const LstmJob& job, Tile<R, B>& tile, std::int64_t r0, std::int64_t block,
                         std::int64_t s) {
  const PackedLstm& w = *job.weights;
  const bool projected = w.groups > 0;
  float* out = projected ? job.hidden : h_before(job, s + 1);
  const std::int64_t out_stride = projected ? job.unit_stride : job.state_stride;
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    float* y = projected ? nullptr : y_row(job, r0 + r, s);
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
      const std::int64_t unit = (block + b) * kWidth;
      float* cell = job.cell + (r0 + r) * job.unit_stride + unit;
      const Batch i = sigmoid(tile.acc[r][4 * b]);
      const Batch f = sigmoid(tile.acc[r][4 * b + 1]);
      const Batch g = tanh(tile.acc[r][4 * b + 2]);
      const Batch o = sigmoid(tile.acc[r][4 * b + 3]);
      const Batch c = xsimd::fma(f, Batch::load_aligned(cell), i * g);
      const Batch h = o * tanh(c);
      c.store_aligned(cell);
      h.store_aligned(out + (r0 + r) * out_stride + unit);
      if (y != nullptr) store_some(y + unit, h, w.hidden_size - unit);
    }
  }
}

/// Adds the recurrent part to the tile and finishes the step for its units.
template <int R, int B>
inline void recur(const LstmJob& job, Tile<R, B>& tile, std::int64_t r0, std::int64_t block,
                  std::int64_t s) {
  const PackedLstm& w = *job.weights;
  const std::int64_t stride = w.state_size * 4 * kWidth;
  const float* h[R];
  for (int r = 0; r < R; ++r) h[r] = h_before(job, s) + (r0 + r) * job.state_stride;
  multiply(tile, h, w.state_size, w.weight_hh + block * stride, stride);
  update_units(job, tile, r0, block, s);
}

/// h' = W_hr hidden for one step: the member's share of the groups of outputs.
inline void project_hidden(const LstmJob& job, std::int64_t s, std::int64_t active, Range groups) {
  const PackedLstm& w = *job.weights;
  const std::int64_t stride = w.hidden_size * 4 * kWidth;
  float* out = h_before(job, s + 1);
  for (std::int64_t group = groups.first; group < groups.last; ++group) {
    for_each_tile(active, [&](auto rows, std::int64_t r0) {
      constexpr int R = decltype(rows)::value;
      const float* hidden[R];
      for (int r = 0; r < R; ++r) hidden[r] = job.hidden + (r0 + r) * job.unit_stride;
      Tile<R, 1> tile;
      clear(tile);
      multiply(tile, hidden, w.hidden_size, w.weight_hr + group * stride, stride);
      const std::int64_t column = group * 4 * kWidth;
      store(tile, out + r0 * job.state_stride + column, job.state_stride);
      for (int r = 0; r < R; ++r) {
        const float* row = out + (r0 + r) * job.state_stride + column;
        copy(y_row(job, r0 + r, s) + column, row, smaller(4 * kWidth, w.state_size - column));
      }
    });
  }
}

/// Projects the inputs of `count` (row, step) pairs, listed in job.inputs, for the given blocks.
inline void project_inputs(const LstmJob& job, std::int64_t count, Range blocks) {
  const PackedLstm& w = *job.weights;
  const std::int64_t stride = w.input_size * 4 * kWidth;
  const std::int64_t gates_stride = w.blocks * 4 * kWidth;
  for (std::int64_t block = blocks.first; block < blocks.last; ++block) {
    for_each_tile(count, [&](auto rows, std::int64_t m0) {
      constexpr int R = decltype(rows)::value;
      const float* x[R];
      for (int r = 0; r < R; ++r) x[r] = job.inputs[m0 + r];
      Tile<R, 1> tile;
      load(tile, w.bias + block * 4 * kWidth, 0);
      multiply(tile, x, w.input_size, w.weight_ih + block * stride, stride);
      store(tile, job.gates + m0 * gates_stride + block * 4 * kWidth, gates_stride);
    });
  }
}

/// One step whose input part stands in `gates`, one row of gates per active row.
inline void step_from_gates(const LstmJob& job, const float* gates, std::int64_t s,
                            std::int64_t active, Range blocks) {
  const std::int64_t gates_stride = job.weights->blocks * 4 * kWidth;
  for_each_tile(active, [&](auto rows, std::int64_t r0) {
    constexpr int R = decltype(rows)::value;
    for_each_block<R>(blocks.first, blocks.last, [&](auto pair, std::int64_t block) {
      Tile<R, decltype(pair)::value> tile;
      load(tile, gates + r0 * gates_stride + block * 4 * kWidth, gates_stride);
      recur(job, tile, r0, block, s);
    });
  });
}

/// One step from x itself: worth it when there are enough rows to use each weight several times.
inline void step_from_inputs(const LstmJob& job, std::int64_t s, std::int64_t active,
                             Range blocks) {
  const PackedLstm& w = *job.weights;
  const std::int64_t stride = w.input_size * 4 * kWidth;
  for (std::int64_t block = blocks.first; block < blocks.last; ++block) {
    for_each_tile(active, [&](auto rows, std::int64_t r0) {
      constexpr int R = decltype(rows)::value;
      const float* x[R];
      for (int r = 0; r < R; ++r) x[r] = x_row(job, r0 + r, s);
      Tile<R, 1> tile;
      load(tile, w.bias + block * 4 * kWidth, 0);
      multiply(tile, x, w.input_size, w.weight_ih + block * stride, stride);
      recur(job, tile, r0, block, s);
    });
  }
}

/// What remains of a step once the units are updated.
inline void finish_step(const LstmJob& job, std::int64_t s, std::int64_t active, int index,
                        int count) {
  if (count > 1) job.barrier->wait(count);
  if (job.weights->groups == 0) return;
  project_hidden(job, s, active, share(job.weights->groups, index, count));
  if (count > 1) job.barrier->wait(count);
}

/// Projects the inputs of as many steps as fit and runs them. Returns the steps done.
inline std::int64_t run_hoisted(const LstmJob& job, std::int64_t s0, std::int64_t active, int index,
                                int count, Range blocks) {
  std::int64_t listed = 0;
  std::int64_t end = s0;
  for (std::int64_t n = active; n > 0 && listed + n <= job.hoist_rows; ++end) {
    // Every member writes the same pointers: cheaper than a barrier would be, but a race. So each
    // has a list of its own.
    const float** inputs = job.inputs + index * job.hoist_rows;
    for (std::int64_t r = 0; r < n; ++r) inputs[listed + r] = x_row(job, r, end);
    listed += n;
    n = active_rows(job, end + 1, n);
  }
  LstmJob own = job;
  own.inputs = job.inputs + index * job.hoist_rows;
  project_inputs(own, listed, blocks);
  const float* gates = job.gates;
  for (std::int64_t s = s0; s < end; ++s) {
    step_from_gates(job, gates, s, active, blocks);
    finish_step(job, s, active, index, count);
    gates += active * job.weights->blocks * 4 * kWidth;
    active = active_rows(job, s + 1, active);
  }
  return end - s0;
}

inline void load_state(const LstmJob& job, Range rows) {
  const PackedLstm& w = *job.weights;
  for (std::int64_t r = rows.first; r < rows.last; ++r) {
    copy(job.h_even + r * job.state_stride, job.h + job.rows[r] * w.state_size, w.state_size);
    copy(job.cell + r * job.unit_stride, job.c + job.rows[r] * w.hidden_size, w.hidden_size);
  }
}

inline void store_state(const LstmJob& job, Range rows) {
  const PackedLstm& w = *job.weights;
  for (std::int64_t r = rows.first; r < rows.last; ++r) {
    const float* h = h_before(job, job.lengths[r]) + r * job.state_stride;
    copy(job.h + job.rows[r] * w.state_size, h, w.state_size);
    copy(job.c + job.rows[r] * w.hidden_size, job.cell + r * job.unit_stride, w.hidden_size);
  }
}

/// y past the end of each sequence.
inline void clear_padding(const LstmJob& job, Range rows) {
  for (std::int64_t r = rows.first; r < rows.last; ++r) {
    for (std::int64_t t = job.lengths[r]; t < job.y.steps; ++t) {
      float* y = job.y.data + t * job.y.step_stride + job.rows[r] * job.y.batch_stride;
      for (std::int64_t j = 0; j < job.weights->state_size; ++j) y[j] = 0.0F;
    }
  }
}

void lstm(const LstmJob& job, int index, int count) {
  const Range blocks = share(job.weights->blocks, index, count);
  const Range rows = share(job.row_count, index, count);
  load_state(job, rows);
  if (count > 1) job.barrier->wait(count);
  std::int64_t active = active_rows(job, 0, job.row_count);
  for (std::int64_t s = 0; active > 0;) {
    if (active <= job.hoist_rows && active < 2 * kMaxRows) {
      s += run_hoisted(job, s, active, index, count, blocks);
    } else {
      step_from_inputs(job, s, active, blocks);
      finish_step(job, s, active, index, count);
      ++s;
    }
    active = active_rows(job, s, active);
  }
  store_state(job, rows);
  clear_padding(job, rows);
}
