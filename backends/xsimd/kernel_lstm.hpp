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
CAROUSEL_INLINE std::int64_t time_of(const LstmJob& job, std::int64_t r, std::int64_t s) {
  return job.backwards ? job.lengths[r] - 1 - s : s;
}

CAROUSEL_INLINE const float* x_row(const LstmJob& job, std::int64_t r, std::int64_t s) {
  return job.x.data + time_of(job, r, s) * job.x.step_stride + job.rows[r] * job.x.batch_stride;
}

CAROUSEL_INLINE float* y_row(const LstmJob& job, std::int64_t r, std::int64_t s) {
  return job.y.data + time_of(job, r, s) * job.y.step_stride + job.rows[r] * job.y.batch_stride;
}

CAROUSEL_INLINE float* h_before(const LstmJob& job, std::int64_t s) {
  return (s & 1) == 0 ? job.h_even : job.h_odd;
}

inline void copy(float* to, const float* from, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = from[i];
}

/// c' = f ∘ c + i ∘ g, h' = o ∘ tanh(c') for the tile's units; h goes to the state (or, with a
/// projection, to `hidden`) and, without one, to y.
template <int R, int B>
CAROUSEL_INLINE void update_units(const LstmJob& job, Tile<R, B>& tile, std::int64_t r0,
                                  std::int64_t block, std::int64_t s) {
  constexpr Functions<4> kGates{
      {Function::sigmoid, Function::sigmoid, Function::tanh, Function::sigmoid}};
  const PackedLstm& w = *job.weights;
  Batch squashed[R * B];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
      auto& [i, f, g, o] = tile.acc[r][b];
      float* cell = job.cell + (r0 + r) * job.unit_stride + (block + b) * kWidth;
      activate<4, kGates>(tile.acc[r][b]);
      squashed[r * B + b] = xsimd::fma(f, Batch::load_aligned(cell), i * g);
      squashed[r * B + b].store_aligned(cell);
    }
  }
  tanh_all<R * B>(squashed);
  const bool projected = w.groups > 0;
  float* out = projected ? job.hidden : h_before(job, s + 1);
  const std::int64_t out_stride = projected ? job.unit_stride : job.state_stride;
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    float* y = projected ? nullptr : y_row(job, r0 + r, s);
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
      const std::int64_t unit = (block + b) * kWidth;
      const Batch h = tile.acc[r][b][3] * squashed[r * B + b];
      h.store_aligned(out + (r0 + r) * out_stride + unit);
      if (y != nullptr) store_some(y + unit, h, w.hidden_size - unit);
    }
  }
}

/// Adds the recurrent part to the tile and finishes the step for its units.
template <int R, int B>
CAROUSEL_INLINE void recur(const LstmJob& job, Tile<R, B>& tile, std::int64_t r0,
                           std::int64_t block, std::int64_t s) {
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

/// Projects the listed inputs of `count` (row, step) pairs for the given blocks.
inline void project_inputs(const LstmJob& job, const float* const* inputs, std::int64_t count,
                           Range blocks) {
  const PackedLstm& w = *job.weights;
  const std::int64_t stride = w.input_size * 4 * kWidth;
  const std::int64_t gates_stride = w.blocks * 4 * kWidth;
  for (std::int64_t block = blocks.first; block < blocks.last; ++block) {
    for_each_tile(count, [&](auto rows, std::int64_t m0) {
      constexpr int R = decltype(rows)::value;
      const float* x[R];
      for (int r = 0; r < R; ++r) x[r] = inputs[m0 + r];
      Tile<R, 1> tile;
      load(tile, w.bias + block * 4 * kWidth, 0);
      multiply(tile, x, w.input_size, w.weight_ih + block * stride, stride);
      store(tile, job.gates + m0 * gates_stride + block * 4 * kWidth, gates_stride);
    });
  }
}

/// One step whose input part stands in `gates`, one row of gates per active row. Every other step
/// goes through the blocks downwards: the weights used last are still in the nearest cache.
inline void step_from_gates(const LstmJob& job, const float* gates, std::int64_t s,
                            std::int64_t active, Range blocks) {
  const std::int64_t gates_stride = job.weights->blocks * 4 * kWidth;
  for_each_tile(active, [&](auto rows, std::int64_t r0) {
    constexpr int R = decltype(rows)::value;
    for_each_block<R>(blocks.first, blocks.last, (s & 1) == 0, [&](auto pair, std::int64_t block) {
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

/// Adds W h to all gates of one row: NB blocks, in groups that the registers have room for.
template <int NB, int First = 0>
CAROUSEL_INLINE void multiply_row(Tile<1, NB>& gates, const float* h, std::int64_t count,
                                  const float* w, std::int64_t block_stride) {
  constexpr int kLeft = NB - First;
  constexpr int kGroups = (kLeft + kMaxRows - 1) / kMaxRows;
  constexpr int B = (kLeft + kGroups - 1) / kGroups;
  const float* const row[1] = {h};
  Tile<1, B> tile;
  copy_blocks<B>(tile.acc[0], gates.acc[0] + First);
  multiply(tile, row, count, w + First * block_stride, block_stride);
  copy_blocks<B>(gates.acc[0] + First, tile.acc[0]);
  if constexpr (B < kLeft) multiply_row<NB, First + B>(gates, h, count, w, block_stride);
}

/// Bias and input part of all gates of one row.
template <int NB>
CAROUSEL_INLINE void start_row(Tile<1, NB>& gates, const PackedLstm& w, const float* x) {
  load(gates, w.bias, 0);
  multiply_row(gates, x, w.input_size, w.weight_ih, w.input_size * 4 * kWidth);
}

/// Steps [s0, end) of a single row with few units: c stays in registers, h in one small buffer.
/// Here a step takes as long as its chain of dependent operations. So what is not on that chain is
/// computed while tanh(c') is waited for: o and, unless the inputs have been projected ahead, the
/// input part of the next step.
template <int NB, bool kAhead>
void run_one_row(const LstmJob& job, std::int64_t s0, std::int64_t end) {
  constexpr Functions<3> kInputGates{{Function::sigmoid, Function::sigmoid, Function::tanh}};
  constexpr Functions<2> kOutput{{Function::sigmoid, Function::tanh}};
  const PackedLstm& w = *job.weights;
  const std::int64_t units = w.hidden_size;
  const std::int64_t direction = job.backwards ? -1 : 1;
  alignas(64) float h[NB * kWidth];
  Batch c[NB];
  for (int b = 0; b < NB; ++b) {
    Batch::load_aligned(h_before(job, s0) + b * kWidth).store_aligned(h + b * kWidth);
    c[b] = Batch::load_aligned(job.cell + b * kWidth);
  }
  const float* x = x_row(job, 0, s0);
  float* y = y_row(job, 0, s0);
  Tile<1, NB> next;
  if constexpr (!kAhead) start_row(next, w, x);
  for (std::int64_t s = s0; s < end; ++s, y += direction * job.y.step_stride) {
    Tile<1, NB> gates;
    if constexpr (kAhead) {
      load(gates, job.gates + (s - s0) * NB * 4 * kWidth, 0);
    } else {
      copy_blocks<NB>(gates.acc[0], next.acc[0]);
    }
    multiply_row(gates, h, units, w.weight_hh, units * 4 * kWidth);
#pragma GCC unroll 8
    for (int b = 0; b < NB; ++b) {
      const auto& gate = gates.acc[0][b];
      Batch ifg[3] = {gate[0], gate[1], gate[2]};
      activate<3, kInputGates>(ifg);
      c[b] = xsimd::fma(ifg[1], c[b], ifg[0] * ifg[2]);
    }
    if (!kAhead && s + 1 < end) {
      x += direction * job.x.step_stride;
      start_row(next, w, x);
    }
#pragma GCC unroll 8
    for (int b = 0; b < NB; ++b) {
      Batch out[2] = {gates.acc[0][b][3], c[b]};
      activate<2, kOutput>(out);
      const Batch state = out[0] * out[1];
      state.store_aligned(h + b * kWidth);
      store_some(y + b * kWidth, state, units - b * kWidth);
    }
  }
  for (int b = 0; b < NB; ++b) {
    Batch::load_aligned(h + b * kWidth).store_aligned(h_before(job, end) + b * kWidth);
    c[b].store_aligned(job.cell + b * kWidth);
  }
}

/// Calls run_one_row<blocks>.
template <bool kAhead, int NB = kMaxOneRowBlocks>
inline void call_one_row(const LstmJob& job, std::int64_t s0, std::int64_t end) {
  if constexpr (NB > 0) {
    if (job.weights->blocks == NB) {
      run_one_row<NB, kAhead>(job, s0, end);
    } else {
      call_one_row<kAhead, NB - 1>(job, s0, end);
    }
  }
}

inline bool fits_one_row(const LstmJob& job, std::int64_t active, int count) {
  const PackedLstm& w = *job.weights;
  return active == 1 && count == 1 && w.groups == 0 && w.blocks <= kMaxOneRowBlocks;
}

/// Whether a step's input part is short enough to hide behind the recurrent one.
inline bool inputs_fit_shadow(const PackedLstm& w) {
  return w.blocks <= kShadowBlocks && w.blocks * w.input_size <= kShadowProducts;
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
  // Every member writes the same pointers: cheaper than a barrier would be, but a race. So each has
  // a list of its own.
  const float** inputs = job.inputs + index * job.hoist_rows;
  std::int64_t listed = 0;
  std::int64_t end = s0;
  for (std::int64_t n = active; n > 0 && listed + n <= job.hoist_rows; ++end) {
    for (std::int64_t r = 0; r < n; ++r) inputs[listed + r] = x_row(job, r, end);
    listed += n;
    n = active_rows(job, end + 1, n);
  }
  project_inputs(job, inputs, listed, blocks);
  if (fits_one_row(job, active, count)) {
    call_one_row<true>(job, s0, end);
    return end - s0;
  }
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
    if (fits_one_row(job, active, count) && inputs_fit_shadow(*job.weights)) {
      call_one_row<false>(job, s, job.lengths[0]);
      s = job.lengths[0];
    } else if (active <= job.hoist_rows && active < 2 * kMaxRows) {
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
