// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a step walks through the blocks of the weights, in pieces, and what it fetches ahead.
// Included by kernels.cpp only, inside its anonymous namespace.

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

/// Lower tiles use the weights in the nearest cache so fast that others must not take their place.
template <int R>
constexpr bool kFetchesNear = 4 * R > 3 * kMaxRows;

/// What the tile of R rows from r0 on fetches meanwhile.
template <int R>
CAROUSEL_INLINE Ahead<kFetchesNear<R>> share_ahead(const Piece& piece, std::int64_t r0) {
  constexpr std::int64_t kRoundUp = (std::int64_t{1} << Pace::kShift) - 1;
  const std::int64_t step = (R * piece.pace.floats + kRoundUp) >> Pace::kShift;
  const std::int64_t before = (r0 * piece.count * piece.pace.floats) >> Pace::kShift;
  return {piece.next + before, smaller(step, 2 * kLineFloats)};
}

/// Calls `body(Blocks, first block)` over some of a layer's blocks, upwards or downwards: two at
/// once where R rows leave room for them in the registers, else single ones. A half block, which is
/// the layer's last one, goes with the one before it: alone it has too few sums to keep the
/// multipliers busy.
template <int R, bool kHalves, class Body>
inline void for_each_block(const PackedLayer& w, Range blocks, bool upwards, Body&& body) {
  constexpr int B = 2 * R <= kMaxRows ? 2 : 1;
  std::int64_t first = blocks.first;
  std::int64_t last = blocks.last;
  if constexpr (kHalves) {
    if (w.half && last == w.blocks && first < last) {
      const bool alone = B == 1 || last - first == 1;
      const Range whole{first, last - (alone ? 1 : B)};
      if (upwards) for_each_block<R, false>(w, whole, upwards, body);
      if (alone) {
        body(Blocks<1, true>{}, whole.last);
      } else {
        body(Blocks<B, true>{}, whole.last);
      }
      if (!upwards) for_each_block<R, false>(w, whole, upwards, body);
      return;
    }
  }
  const std::int64_t rest = (last - first) % B;
  if (upwards) {
    for (; first + B <= last; first += B) body(Blocks<B>{}, first);
  }
  if constexpr (B > 1) {
    for (std::int64_t i = 0; i < rest; ++i) body(Blocks<1>{}, last - 1 - i);
  }
  if (!upwards) {
    for (last -= rest; last > first; last -= B) body(Blocks<B>{}, last - B);
  }
}

/// Calls `body(Blocks, block, next)` for single blocks, upwards; the first one follows the last.
template <bool kHalves, class Body>
inline void for_each_block_and_next(const PackedLayer& w, Range blocks, Body&& body) {
  for_each_block<kMaxRows, kHalves>(w, blocks, true, [&](auto one, std::int64_t block) {
    body(one, block, block + 1 < blocks.last ? block + 1 : blocks.first);
  });
}
