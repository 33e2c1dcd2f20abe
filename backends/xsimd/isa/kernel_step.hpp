// SPDX-License-Identifier: Apache-2.0
#pragma once

// One step of all rows: some blocks' sums, and what they are for. Included by kernels.cpp only,
// inside its anonymous namespace.

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

/// Every other step goes through the blocks downwards: the weights used last are still in the
/// nearest cache.
inline bool goes_upwards(const RecurrentJob& job, std::int64_t s) {
  return ((job.walked + s) & 1) == 0;
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
    const auto step_some = [&](auto some, std::int64_t block) {
      constexpr bool kHalf = decltype(some)::half;
      Tile<R, decltype(some)::count> tile;
      if (gates == nullptr) {
        load(tile, w.bias + block * 4 * kWidth, 0);
        add_product<Finish::kInput, kHalf>(job, tile, x, w.input_size, w.weight_ih, block);
      } else {
        load<Finish::kLoaded>(tile, gates + block * 4 * kWidth, stride);
      }
      add_states<Finish::kState, kHalf>(job, tile, a, block);
      finish.template operator()<kHalf>(tile, 0, block);
    };
    for_each_block<R, Finish::kHalves>(w, blocks, goes_upwards(job, s), step_some);
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
        add_state<kState, kHalf>(w, tile, states, piece, r0);
        if (piece.last) {
          finish.template operator()<kHalf>(tile, r0, block);
        } else {
          store<Finish::kLoaded>(tile, sums, stride);
        }
      });
    };
    const std::int64_t most = w.blocks == 1 ? w.state_size : job.piece;  // see `lower_states`
    for_each_piece<kState, kHalf>(
        whole_block<kState>(w.weight_hh, w.state_size, block, turn ? block : next, pace), most,
        add);
  };
  for_each_block<kMaxRows, Finish::kHalves>(w, blocks, upwards, step_block);
}

/// The blocks of a step whose inputs have been projected.
template <class Finish>
inline void step_blocks(const RecurrentJob& job, const Finish& finish, const States& states,
                        float* gates, std::int64_t s, std::int64_t active, Range blocks) {
  if (active <= kMaxRows) {
    step_one_tile(job, finish, states, gates, s, active, blocks);
  } else {
    step_tiles(job, finish, states, gates, s, active, blocks);
  }
}

/// The inputs of the next step, where a step's are too many for the caches to have fetched them by
/// themselves. Each block's tiles fetch a share of their rows', which may be behind the end: it is
/// not read.
struct NextInputs {
  static constexpr std::int64_t kMany = 4096;  ///< floats of a step
  std::int64_t step;                           ///< floats from a step to the next
  std::int64_t share;                          ///< floats of a row

  NextInputs(const RecurrentJob& job, std::int64_t active)
      : step(job.backwards ? -job.x.step_stride : job.x.step_stride), share(0) {
    const PackedLayer& w = *job.weights;
    if (active * w.input_size <= kMany) return;
    const std::int64_t lines = (w.input_size + kLineFloats - 1) / kLineFloats;
    share = (lines + w.blocks - 1) / w.blocks * kLineFloats;
  }

  template <int R>
  CAROUSEL_INLINE void fetch(const float* const* inputs, std::int64_t r0,
                             std::int64_t block) const {
    for (int r = 0; r < R; ++r) {
      const float* next = inputs[r0 + r] + step + block * share;
      for (std::int64_t i = 0; i < share; i += kLineFloats) __builtin_prefetch(next + i, 0, 2);
    }
  }
};

/// One step from x itself: worth it when there are enough rows to use each weight several times.
template <class Finish>
void step_from_inputs(const RecurrentJob& job, const Finish& finish, const States& states,
                      const float** inputs, std::int64_t s, std::int64_t active, Range blocks) {
  constexpr Lanes kInput = Finish::kInput;
  constexpr Lanes kState = Finish::kState;
  const PackedLayer& w = *job.weights;
  const Pace input_pace = pace_of<kInput>(active);
  const Pace state_pace = pace_of<kState>(active);
  const NextInputs next_inputs(job, active);
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
      next_inputs.template fetch<R>(inputs, r0, block);
      add_inputs<kInput, kHalf>(tile, inputs, inputs_piece, r0);
      add_state<kState, kHalf>(w, tile, states, state_piece, r0);
      finish.template operator()<kHalf>(tile, r0, block);
    });
  };
  for_each_block_and_next<Finish::kHalves>(w, blocks, step_block);
}
