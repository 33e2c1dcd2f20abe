// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the sums of a tile to the new states of its units and the outputs.

#include "backends/xsimd/isa/kernel_cells.hpp"
#include "backends/xsimd/isa/kernel_sums.hpp"

namespace carousel::simd {
namespace {

/// Whether y gets the h of a step once all units have theirs, row by row, rather than with each
/// block: one vector at a time, the lines of y, which are in no near cache, would hold up the
/// stores behind them.
template <class AnyCell>
#if defined(__x86_64__) && !defined(__AVX512F__)
constexpr bool kOutputsAfterwards = AnyCell::kVectors == 1;
#else
constexpr bool kOutputsAfterwards = false;
#endif

/// Writes h of a block of units to y. `count` is the number of units from the block's first to the
/// layer's last.
template <class AnyCell>
CAROUSEL_INLINE void store_outputs(float* y, const Batch (&h)[AnyCell::kVectors],
                                   std::int64_t count) {
#pragma GCC unroll 4
  for (int v = 0; v < AnyCell::kVectors; ++v) {
    if (v == 0 || v * kWidth < count) store_some(y + v * kWidth, h[v], count - v * kWidth);
  }
}

/// Writes h of a block of units to the state (or, with a projection, to `hidden`) and, without one,
/// to y if `kOutputs`.
template <class AnyCell, bool kOutputs = true>
CAROUSEL_INLINE void store_units(const RecurrentJob& job, const Batch (&h)[AnyCell::kVectors],
                                 std::int64_t r, std::int64_t unit, std::int64_t s) {
  const PackedLayer& w = *job.weights;
  const bool projected = w.projection.blocks > 0;
  float* out = projected ? job.hidden + r * job.unit_stride : h_row(job, r, s + 1);
#pragma GCC unroll 4
  for (int v = 0; v < AnyCell::kVectors; ++v) h[v].store_aligned(out + unit + v * kWidth);
  if (!kOutputs || projected) return;
  store_outputs<AnyCell>(y_row(job, r, s) + unit, h, w.hidden_size - unit);
}

/// Copies h of some blocks of all rows, which the step s has computed, from the state to y.
template <class AnyCell>
inline void copy_outputs(const RecurrentJob& job, std::int64_t s, std::int64_t active,
                         Range blocks) {
  const PackedLayer& w = *job.weights;
  if (w.projection.blocks > 0) return;  // `store_projected` writes y
  constexpr std::int64_t kUnits = AnyCell::kVectors * kWidth;
  const std::int64_t last = smaller(w.hidden_size, blocks.last * kUnits);
  for (std::int64_t r = 0; r < active; ++r) {
    const float* h = h_row(job, r, s + 1);
    float* y = y_row(job, r, s);
    for (std::int64_t unit = blocks.first * kUnits; unit < last; unit += kWidth) {
      store_some(y + unit, Batch::load_aligned(h + unit), last - unit);
    }
  }
}

/// Updates the memories of a vector of units. `kept` returns those that `emit_hidden` needs.
template <class AnyCell>
CAROUSEL_INLINE void update_memories(const RecurrentJob& job, const AnyCell& cell, Batch (&gate)[4],
                                     Batch (&kept)[kKept<AnyCell>], std::int64_t r,
                                     std::int64_t block, std::int64_t s) {
  const std::int64_t unit = block * AnyCell::kVectors * kWidth;
  const std::int64_t at = r * job.unit_stride + unit;
#pragma GCC unroll 4
  for (int m = 0; m < AnyCell::kMemories; ++m) kept[m] = Batch::load_aligned(job.memory[m] + at);
  if constexpr (AnyCell::kUsesOldHidden) {
    kept[AnyCell::kMemories] = Batch::load_aligned(h_row(job, r, s) + unit);
  }
  cell.update_memory(gate, kept, block);
#pragma GCC unroll 4
  for (int m = 0; m < AnyCell::kMemories; ++m) kept[m].store_aligned(job.memory[m] + at);
}

/// The new states of the tile's units from their accumulators; with `kOutputs` their
/// outputs too.
template <bool kHalf, bool kOutputs = true, class AnyCell, int R, int B>
CAROUSEL_INLINE void update_units(const RecurrentJob& job, const AnyCell& cell, Tile<R, B>& tile,
                                  std::int64_t r0, std::int64_t block, std::int64_t s) {
  if constexpr (kHalf) spread_half_block<AnyCell::kInput>(tile);
  Batch kept[R * B][kKept<AnyCell>];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
      update_memories(job, cell, tile.acc[r][b], kept[r * B + b], r0 + r, block + b, s);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
      Batch h[AnyCell::kVectors];
      cell.emit_hidden(tile.acc[r][b], kept[r * B + b], h, block + b);
      const std::int64_t unit = (block + b) * AnyCell::kVectors * kWidth;
      store_units<AnyCell, kOutputs>(job, h, r0 + r, unit, s);
    }
  }
}

/// Writes a block of h' to the state and to y.
template <int R>
CAROUSEL_INLINE void store_projected(const RecurrentJob& job, const Tile<R, 1>& tile,
                                     std::int64_t r0, std::int64_t block, std::int64_t s) {
  const std::int64_t column = sums_offset(block);
  float* row = h_row(job, r0, s + 1) + column;
  store(tile, row, job.state_stride);
  for (int r = 0; r < R; ++r, row += job.state_stride) {
    copy(y_row(job, r0 + r, s) + column, row,
         smaller(sums_offset(1), job.weights->state_size - column));
  }
}

/// Computes h' = W_hr hidden of one step for some blocks of outputs.
template <class Weights>
inline void project_hidden(const RecurrentJob& job, std::int64_t s, std::int64_t active,
                           Range blocks) {
  const PackedLayer& w = *job.weights;
  const auto panel = with_constants<kEachItsOwn, Weights>(w.projection);
  for (std::int64_t block = blocks.first; block < blocks.last; ++block) {
    for_each_tile(active, [&](auto rows, std::int64_t r0) {
      constexpr int R = decltype(rows)::value;
      const float* hidden[R];
      for (int r = 0; r < R; ++r) hidden[r] = job.hidden + (r0 + r) * job.unit_stride;
      Tile<R, 1> tile;
      clear(tile);
      multiply<kEachItsOwn, false, Weights>(tile, hidden, panel.terms, panel.at(block), 0);
      store_projected(job, tile, r0, block, s);
    });
  }
}

}  // namespace
}  // namespace carousel::simd
