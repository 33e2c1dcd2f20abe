// SPDX-License-Identifier: Apache-2.0
#pragma once

// The sums of a tile over inputs and state. They are added in the order bias, inputs, state, k
// ascending, whichever function does it; only in layers of a single block, the upper half of the
// states (`lower_states`) is a sum of its own, added last. Included by kernels.cpp only, inside its
// anonymous namespace.

/// What the recurrent weights are multiplied with in a step, or in the first part of one.
struct States {
  const float* first;  ///< row
  std::int64_t stride;
};

inline States states_before(const RecurrentJob& job, std::int64_t s) {
  return {h_before(job, s), job.state_stride};
}

/// Terms of the recurrent sums that come first. A single block has so few accumulators that one row
/// would wait for each of its additions; its other terms are a sum of their own.
inline std::int64_t lower_states(const PackedLayer& w) {
  return w.blocks == 1 ? w.state_size / 2 : w.state_size;
}

/// Adds the other terms, those from `first` on.
template <Lanes kState, bool kHalf, int R>
CAROUSEL_INLINE void add_upper_states(Tile<R, 1>& tile, const float* const (&a)[R],
                                      std::int64_t first, std::int64_t count, const float* w) {
  constexpr Lanes kIn = lanes_of_block<kHalf>(kState);
  const float* upper[R];
  for (int r = 0; r < R; ++r) upper[r] = a[r] + first;
  Tile<R, 1> sum;
  clear(sum);
  multiply<kState, kHalf>(sum, upper, count - first, w + first * kIn.count * kWidth, 0);
  add<kIn>(tile, sum);
}

/// Adds all terms to the tile of one row, those of the two sums side by side.
template <Lanes lanes, bool kHalf>
CAROUSEL_INLINE void add_both_sums(Tile<1, 1>& tile, const float* a, const PackedLayer& layer) {
  constexpr Lanes kIn = lanes_of_block<kHalf>(lanes);
  constexpr std::int64_t kTerm = kIn.count * kWidth;
  const std::int64_t half = lower_states(layer);
  const float* const w = layer.weight_hh;
  const float* const upper_w = w + half * kTerm;
  Tile<1, 1> lower = tile;
  Tile<1, 1> upper;
  clear(upper);
  for (std::int64_t k = 0; k < half; ++k) {
#pragma GCC unroll 4
    for (int v = 0; v < kIn.count; ++v) {
      const std::int64_t at = k * kTerm + v * kWidth;
      Batch& low = lower.acc[0][0][kIn.to[v]];
      Batch& high = upper.acc[0][0][kIn.to[v]];
      low = xsimd::fma(Batch(a[k]), Batch::load_aligned(w + at), low);
      high = xsimd::fma(Batch(a[half + k]), Batch::load_aligned(upper_w + at), high);
    }
  }
  const float* const rest[1] = {a + 2 * half};
  multiply<lanes, kHalf>(upper, rest, layer.state_size - 2 * half, w + 2 * half * kTerm, 0);
  add<kIn>(lower, upper);
  tile = lower;
}

/// Adds a piece of the recurrent part to the tile.
template <Lanes kState, bool kHalf, int R>
CAROUSEL_INLINE void add_state(const PackedLayer& w, Tile<R, 1>& tile, const States& states,
                               const Piece& piece, std::int64_t r0) {
  const float* a[R];
  a[0] = states.first + r0 * states.stride + piece.first;
  for (int r = 1; r < R; ++r) a[r] = a[r - 1] + states.stride;
  const std::int64_t lower = smaller(piece.count, lower_states(w));
  multiply<kState, kHalf>(tile, a, lower, piece.weights, 0, share_ahead<R>(piece, r0));
  if (lower < piece.count) {
    add_upper_states<kState, kHalf>(tile, a, lower, piece.count, piece.weights);
  }
}

/// Adds a piece of the input part to the tile.
template <Lanes kInput, bool kHalf, int R>
CAROUSEL_INLINE void add_inputs(Tile<R, 1>& tile, const float* const* inputs, const Piece& piece,
                                std::int64_t r0) {
  const float* x[R];
  for (int r = 0; r < R; ++r) x[r] = inputs[r0 + r] + piece.first;
  multiply<kInput, kHalf>(tile, x, piece.count, piece.weights, 0, share_ahead<R>(piece, r0));
}

/// Fewer rows use weights as fast as they come.
template <int R>
constexpr bool kTimeToFetch = 2 * R > kMaxRows;

/// Adds W a to the tile of all rows: the blocks from `block` on, of a matrix [blocks][count][G][W].
template <Lanes lanes, bool kHalf, int R, int B>
CAROUSEL_INLINE void add_product(const RecurrentJob& job, Tile<R, B>& tile,
                                 const float* const (&a)[R], std::int64_t count,
                                 const float* matrix, std::int64_t block) {
  constexpr std::int64_t kTerm = lanes.count * kWidth;
  const float* weights = matrix + block * count * kTerm;
  if (kTimeToFetch<R> && job.far_ahead > 0) {
    multiply<lanes, kHalf>(tile, a, count, weights, count * kTerm,
                           AllAhead<kTerm>{weights + job.far_ahead});
  } else {
    multiply<lanes, kHalf>(tile, a, count, weights, count * kTerm);
  }
}

/// Likewise the recurrent part.
template <Lanes kState, bool kHalf, int R, int B>
CAROUSEL_INLINE void add_states(const RecurrentJob& job, Tile<R, B>& tile,
                                const float* const (&a)[R], std::int64_t block) {
  const PackedLayer& w = *job.weights;
  const std::int64_t lower = lower_states(w);
  if constexpr (R == 1 && B == 1) {
    if (lower < w.state_size) return add_both_sums<kState, kHalf>(tile, a[0], w);
  }
  add_product<kState, kHalf>(job, tile, a, lower, w.weight_hh, block);
  if constexpr (R > 1 && B == 1) {
    if (lower < w.state_size) {
      add_upper_states<kState, kHalf>(tile, a, lower, w.state_size, w.weight_hh);
    }
  }
}
