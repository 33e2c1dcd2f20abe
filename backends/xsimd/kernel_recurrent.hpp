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

/// Where the memory of a unit stands that a cell's `first` needs.
template <class AnyCell>
CAROUSEL_INLINE float* memory_of(const RecurrentJob& job, std::int64_t r, std::int64_t unit,
                                 std::int64_t s) {
  if constexpr (AnyCell::kMemory == Memory::cell) return job.cell + r * job.unit_stride + unit;
  return h_row(job, r, s) + unit;
}

/// Writes h of a block of units to the state (or, with a projection, to `hidden`) and, without one,
/// to y.
template <class AnyCell>
CAROUSEL_INLINE void store_units(const RecurrentJob& job, const Batch (&h)[AnyCell::kVectors],
                                 std::int64_t r, std::int64_t unit, std::int64_t s) {
  const PackedLayer& w = *job.weights;
  const bool projected = w.groups > 0;
  float* out = projected ? job.hidden + r * job.unit_stride : h_row(job, r, s + 1);
#pragma GCC unroll 4
  for (int v = 0; v < AnyCell::kVectors; ++v) h[v].store_aligned(out + unit + v * kWidth);
  if (!projected) store_units_to<AnyCell>(y_row(job, r, s) + unit, h, w.hidden_size - unit);
}

/// The new state of the tile's units from their accumulators.
template <bool kHalf, class AnyCell, int R, int B>
CAROUSEL_INLINE void update_units(const RecurrentJob& job, const AnyCell& cell, Tile<R, B>& tile,
                                  std::int64_t r0, std::int64_t block, std::int64_t s) {
  constexpr std::int64_t kUnits = AnyCell::kVectors * kWidth;
  if constexpr (kHalf) spread_half_block<AnyCell::kInput>(tile);
  Batch memory[R * B];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
      Batch& m = memory[r * B + b];
      float* at = memory_of<AnyCell>(job, r0 + r, (block + b) * kUnits, s);
      if constexpr (AnyCell::kMemory != Memory::none) m = Batch::load_aligned(at);
      cell.first(tile.acc[r][b], m, block + b);
      if constexpr (AnyCell::kMemory == Memory::cell) m.store_aligned(at);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
      Batch h[AnyCell::kVectors];
      cell.last(tile.acc[r][b], memory[r * B + b], h, block + b);
      store_units<AnyCell>(job, h, r0 + r, (block + b) * kUnits, s);
    }
  }
}

/// How fast the tiles of some rows fetch the weights that are worked on next: all have fetched them
/// in the end, and evenly, since the farther cache has no more to give.
struct Pace {
  static constexpr int kShift = 8;
  std::int64_t floats = 0;  ///< for each row and k, times 2^kShift
};

template <Lanes lanes>
CAROUSEL_INLINE Pace pace_of(std::int64_t rows) {
  return {((lanes.count * kWidth << Pace::kShift) + rows - 1) / rows};
}

/// Terms of a block's sums that are added for all rows before the next ones are.
struct Piece {
  std::int64_t first;  ///< k
  std::int64_t count;
  const float* weights;  ///< of the first k
  const float* next;     ///< what is worked on after them
  Pace pace;
  bool last;  ///< of the block
};

/// All sums of a block over a matrix [blocks][inputs][G][W]; `next` is the block that follows.
/// `lanes` are those of a whole block, here and below.
template <Lanes lanes>
CAROUSEL_INLINE Piece whole_block(const float* matrix, std::int64_t inputs, std::int64_t block,
                                  std::int64_t next, Pace pace) {
  const std::int64_t size = inputs * lanes.count * kWidth;
  return {0, inputs, matrix + block * size, matrix + next * size, pace, true};
}

/// Calls `body(piece)` for the pieces of `block`, which have at most `most` terms.
template <Lanes lanes, bool kHalf, class Body>
inline void for_each_piece(const Piece& block, std::int64_t most, Body&& body) {
  constexpr std::int64_t kTerm = lanes_of_block<kHalf>(lanes).count * kWidth;
  for (std::int64_t k = 0; k < block.count; k += most) {
    const std::int64_t count = smaller(most, block.count - k);
    const bool last = k + count == block.count;
    const float* weights = block.weights + k * kTerm;
    body(Piece{k, count, weights, last ? block.next : weights + count * kTerm, block.pace, last});
  }
}

/// What the tile of R rows from r0 on fetches meanwhile.
template <int R>
CAROUSEL_INLINE Ahead share_ahead(const Piece& piece, std::int64_t r0) {
  constexpr std::int64_t kRoundUp = (std::int64_t{1} << Pace::kShift) - 1;
  const std::int64_t step = (R * piece.pace.floats + kRoundUp) >> Pace::kShift;
  const std::int64_t before = (r0 * piece.count * piece.pace.floats) >> Pace::kShift;
  return {piece.next + before, smaller(step, 2 * kLineFloats)};
}

/// What the recurrent weights are multiplied with in a step, or in the first part of one.
struct States {
  const float* first;  ///< row
  std::int64_t stride;
};

inline States states_before(const RecurrentJob& job, std::int64_t s) {
  return {h_before(job, s), job.state_stride};
}

/// Adds a piece of the recurrent part to the tile.
template <Lanes kState, bool kHalf, int R>
CAROUSEL_INLINE void add_state(Tile<R, 1>& tile, const States& states, const Piece& piece,
                               std::int64_t r0) {
  const float* a[R];
  a[0] = states.first + r0 * states.stride + piece.first;
  for (int r = 1; r < R; ++r) a[r] = a[r - 1] + states.stride;
  multiply<kState, kHalf>(tile, a, piece.count, piece.weights, 0, share_ahead<R>(piece, r0));
}

/// Adds a piece of the input part to the tile.
template <Lanes kInput, bool kHalf, int R>
CAROUSEL_INLINE void add_inputs(Tile<R, 1>& tile, const float* const* inputs, const Piece& piece,
                                std::int64_t r0) {
  const float* x[R];
  for (int r = 0; r < R; ++r) x[r] = inputs[r0 + r] + piece.first;
  multiply<kInput, kHalf>(tile, x, piece.count, piece.weights, 0, share_ahead<R>(piece, r0));
}

/// h' = W_hr hidden for one step: the member's share of the groups of outputs.
inline void project_hidden(const RecurrentJob& job, std::int64_t s, std::int64_t active,
                           Range groups) {
  const PackedLayer& w = *job.weights;
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

/// Whether a range of blocks ends with the layer's half block.
inline bool ends_in_half(const PackedLayer& w, Range blocks) {
  return w.half && blocks.last == w.blocks && blocks.first < blocks.last;
}

/// Calls `body(Blocks, block, next)` for single blocks, upwards; the first one follows the last.
template <bool kHalves, class Body>
inline void for_each_block_and_next(const PackedLayer& w, Range blocks, Body&& body) {
  for_each_block<kMaxRows, kHalves>(
      blocks.first, blocks.last, ends_in_half(w, blocks), true, [&](auto one, std::int64_t block) {
        body(one, block, block + 1 < blocks.last ? block + 1 : blocks.first);
      });
}

/// The vectors of the bias that no inputs are added to.
template <Lanes kUsed, int R>
CAROUSEL_INLINE void copy_rest(float* sums, std::int64_t row_stride, const float* bias) {
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < 4; ++v) {
      if (kUsed.include(v)) continue;
      Batch::load_aligned(bias + v * kWidth).store_aligned(sums + r * row_stride + v * kWidth);
    }
  }
}

/// Projects the listed inputs of `count` (row, step) pairs for the given blocks.
template <Lanes kInput, bool kHalves>
void project_inputs(const RecurrentJob& job, const float* const* inputs, std::int64_t count,
                    Range blocks) {
  const PackedLayer& w = *job.weights;
  const std::int64_t stride = w.blocks * 4 * kWidth;
  const Pace pace = pace_of<kInput>(count);
  for_each_block_and_next<kHalves>(w, blocks, [&](auto one, std::int64_t block, std::int64_t next) {
    constexpr bool kHalf = decltype(one)::half;
    constexpr Lanes kUsed = lanes_of_block<kHalf>(kInput);
    const std::int64_t column = block * 4 * kWidth;
    const auto add = [&](const Piece& piece) {
      for_each_tile(count, [&](auto rows, std::int64_t m0) {
        constexpr int R = decltype(rows)::value;
        float* sums = job.gates + m0 * stride + column;
        Tile<R, 1> tile{};
        if (piece.first == 0) {
          load<kUsed>(tile, w.bias + column, 0);
          copy_rest<kUsed, R>(sums, stride, w.bias + column);
        } else {
          load<kUsed>(tile, sums, stride);
        }
        add_inputs<kInput, kHalf>(tile, inputs, piece, m0);
        store<kUsed>(tile, sums, stride);
      });
    };
    for_each_piece<kInput, kHalf>(whole_block<kInput>(w.weight_ih, w.input_size, block, next, pace),
                                  job.piece, add);
  });
}

/// Fewer rows use weights as fast as they come.
template <int R>
constexpr bool kTimeToFetch = 2 * R > kMaxRows;

/// Every other step goes through the blocks downwards: the weights used last are still in the
/// nearest cache.
inline bool goes_upwards(const RecurrentJob& job, std::int64_t s) {
  return ((job.walked + s) & 1) == 0;
}

/// Adds W a to the tile of all rows: the blocks from `block` on, of a matrix [blocks][count][G][W].
template <Lanes lanes, bool kHalf, int R, int B>
CAROUSEL_INLINE void add_product(const RecurrentJob& job, Tile<R, B>& tile,
                                 const float* const (&a)[R], std::int64_t count,
                                 const float* matrix, std::int64_t block) {
  constexpr std::int64_t kTerm = lanes.count * kWidth;
  const float* weights = matrix + block * count * kTerm;
  if (kTimeToFetch<R> && job.far_ahead > 0) {
    multiply<lanes, kHalf>(tile, a, count, weights, count * kTerm,
                           Ahead{weights + job.far_ahead, kTerm});
  } else {
    multiply<lanes, kHalf>(tile, a, count, weights, count * kTerm);
  }
}

/// The new state from the accumulators of a cell's blocks.
template <class AnyCell>
struct UpdateUnits {
  static constexpr Lanes kInput = AnyCell::kInput;
  static constexpr Lanes kState = AnyCell::kState;
  static constexpr Lanes kLoaded = kAllLanes;  // of the projected inputs
  static constexpr bool kHalves = AnyCell::kHalves;

  const RecurrentJob& job;
  const AnyCell& cell;
  std::int64_t s;

  template <bool kHalf, int R, int B>
  CAROUSEL_INLINE void operator()(Tile<R, B>& tile, std::int64_t r0, std::int64_t block) const {
    update_units<kHalf>(job, cell, tile, r0, block, s);
  }
};

/// The blocks of a step for a single tile of rows, from its inputs if they have not been projected
/// (`gates` is null). `finish(tile, first row, block)` is what its sums are for.
template <class Finish>
void step_one_tile(const RecurrentJob& job, const Finish& finish, const States& states,
                   const float* gates, std::int64_t s, std::int64_t active, Range blocks) {
  const PackedLayer& w = *job.weights;
  const std::int64_t stride = w.blocks * 4 * kWidth;
  call_with_rows(active, 0, [&](auto rows, std::int64_t) {
    constexpr int R = decltype(rows)::value;
    const float* x[R];
    const float* a[R];
    for (int r = 0; r < R; ++r) {
      x[r] = gates == nullptr ? x_row(job, r, s) : nullptr;
      a[r] = states.first + r * states.stride;
    }
    const auto step_blocks = [&](auto some, std::int64_t block) {
      constexpr bool kHalf = decltype(some)::half;
      Tile<R, decltype(some)::count> tile;
      if (gates == nullptr) {
        load(tile, w.bias + block * 4 * kWidth, 0);
        add_product<Finish::kInput, kHalf>(job, tile, x, w.input_size, w.weight_ih, block);
      } else {
        load<Finish::kLoaded>(tile, gates + block * 4 * kWidth, stride);
      }
      add_product<Finish::kState, kHalf>(job, tile, a, w.state_size, w.weight_hh, block);
      finish.template operator()<kHalf>(tile, 0, block);
    };
    for_each_block<R, Finish::kHalves>(blocks.first, blocks.last, ends_in_half(w, blocks),
                                       goes_upwards(job, s), step_blocks);
  });
}

/// Likewise for several tiles, whose inputs have been projected. Replaces `gates` by partial sums.
template <class Finish>
void step_tiles(const RecurrentJob& job, const Finish& finish, const States& states, float* gates,
                std::int64_t s, std::int64_t active, Range blocks) {
  constexpr Lanes kState = Finish::kState;
  const PackedLayer& w = *job.weights;
  const std::int64_t stride = w.blocks * 4 * kWidth;
  const Pace pace = pace_of<kState>(active);
  const bool upwards = goes_upwards(job, s);
  const auto step_block = [&](auto one, std::int64_t block) {
    constexpr bool kHalf = decltype(one)::half;
    const std::int64_t next = upwards ? block + 1 : block - 1;
    const bool turn = next < blocks.first || next >= blocks.last;
    const auto add = [&](const Piece& piece) {
      for_each_tile<kLeastOfSeveral>(active, [&](auto rows, std::int64_t r0) {
        constexpr int R = decltype(rows)::value;
        float* sums = gates + r0 * stride + block * 4 * kWidth;
        Tile<R, 1> tile;
        load<Finish::kLoaded>(tile, sums, stride);
        add_state<kState, kHalf>(tile, states, piece, r0);
        if (piece.last) {
          finish.template operator()<kHalf>(tile, r0, block);
        } else {
          store<Finish::kLoaded>(tile, sums, stride);
        }
      });
    };
    for_each_piece<kState, kHalf>(
        whole_block<kState>(w.weight_hh, w.state_size, block, turn ? block : next, pace), job.piece,
        add);
  };
  for_each_block<kMaxRows, Finish::kHalves>(blocks.first, blocks.last, ends_in_half(w, blocks),
                                            upwards, step_block);
}

/// Whether step s is the only one that is left: projecting inputs would serve no other.
inline bool is_single_step(const RecurrentJob& job, std::int64_t s, std::int64_t active) {
  return active <= kMaxRows && s + 1 == job.lengths[0];
}

template <class Finish>
inline void step_blocks(const RecurrentJob& job, const Finish& finish, const States& states,
                        float* gates, std::int64_t s, std::int64_t active, Range blocks) {
  if (active <= kMaxRows) {
    step_one_tile(job, finish, states, gates, s, active, blocks);
  } else {
    step_tiles(job, finish, states, gates, s, active, blocks);
  }
}

/// One step from x itself: worth it when there are enough rows to use each weight several times.
template <class Finish>
void step_from_inputs(const RecurrentJob& job, const Finish& finish, const States& states,
                      const float** inputs, std::int64_t s, std::int64_t active, Range blocks) {
  constexpr Lanes kInput = Finish::kInput;
  constexpr Lanes kState = Finish::kState;
  const PackedLayer& w = *job.weights;
  const Pace input_pace = pace_of<kInput>(active);
  const Pace state_pace = pace_of<kState>(active);
  for (std::int64_t r = 0; r < active; ++r) inputs[r] = x_row(job, r, s);
  const auto step_block = [&](auto one, std::int64_t block, std::int64_t next) {
    constexpr bool kHalf = decltype(one)::half;
    const Piece inputs_piece =
        whole_block<kInput>(w.weight_ih, w.input_size, block, next, input_pace);
    const Piece state_piece =
        whole_block<kState>(w.weight_hh, w.state_size, block, next, state_pace);
    for_each_tile(active, [&](auto rows, std::int64_t r0) {
      constexpr int R = decltype(rows)::value;
      Tile<R, 1> tile;
      load(tile, w.bias + block * 4 * kWidth, 0);
      add_inputs<kInput, kHalf>(tile, inputs, inputs_piece, r0);
      add_state<kState, kHalf>(tile, states, state_piece, r0);
      finish.template operator()<kHalf>(tile, r0, block);
    });
  };
  for_each_block_and_next<Finish::kHalves>(w, blocks, step_block);
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
