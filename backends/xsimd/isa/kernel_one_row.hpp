// SPDX-License-Identifier: Apache-2.0
#pragma once

// Single rows with few units, whose states stay in registers from step to step; in float32 only, as
// such weights are in the L1 cache, where narrower ones would not be faster.

#include "backends/xsimd/isa/kernel_units.hpp"

namespace carousel::simd {
namespace {

/// Blocks of one vector that a single row may have to be run in registers: up to 48 units, whose
/// weights about fill the L1 cache; none with 4 floats a vector and 16 registers, where it is no
/// faster.
constexpr int kMaxOneRowBlocks = kWidth > 4 ? 48 / static_cast<int>(kWidth) : 0;

/// Limits of the input part that is computed while a step waits for its chain of dependent
/// operations. Half of the registers hold its sums, and there is time to multiply so many elements
/// of x with four vectors each (the elements of all blocks are counted).
constexpr int kHiddenInputBlocks = (kMaxRows + 1) / 2;
constexpr std::int64_t kHiddenInputProducts = 256 / kWidth;

template <class AnyCell>
inline bool fits_one_row(const RecurrentJob& job, std::int64_t active, int members) {
  const PackedLayer& w = *job.weights;
  return active == 1 && members == 1 && w.projection.blocks == 0 &&
         w.recurrent.blocks <= kMaxOneRowBlocks / AnyCell::kVectors;
}

/// Whether a step's input part is short enough to be computed while the recurrent one waits.
inline bool input_part_hides(const PanelShape& input) {
  return input.blocks <= kHiddenInputBlocks && input.blocks * input.terms <= kHiddenInputProducts;
}

/// Adds W a to all gates of one row: NB blocks, the last of which may be a half one, in groups that
/// the registers have room for. Calls `done(first block, last block)` after each group, with the
/// blocks as integral constants.
template <AccumulatorMap kMap, bool kHalf, int NB, int First = 0, class Done>
CAROUSEL_INLINE void multiply_row(Tile<1, NB>& gates, const float* a, const AnyPanel& any,
                                  const Done& done) {
  constexpr int kLeft = NB - First;
  constexpr int kGroups = (kLeft + kMaxRows - 1) / kMaxRows;
  constexpr int B = (kLeft + kGroups - 1) / kGroups;
  const auto panel = with_constants<kMap, Float32Weights>(any);
  const float* const row[1] = {a};
  Tile<1, B> tile;
  copy_blocks<B>(tile.acc[0], gates.acc[0] + First);
  multiply<kMap, kHalf && B == kLeft, Float32Weights>(tile, row, panel.terms, panel.at(First),
                                                      panel.block_stride());
  copy_blocks<B>(gates.acc[0] + First, tile.acc[0]);
  done(Int<First>{}, Int<First + B>{});
  if constexpr (B < kLeft) multiply_row<kMap, kHalf, NB, First + B>(gates, a, any, done);
}

/// Sets the gates' sums of one row to bias and input part.
template <class AnyCell, bool kHalf, int NB>
CAROUSEL_INLINE void start_row(Tile<1, NB>& gates, const PackedLayer& w, const float* x) {
  load(gates, w.bias, 0);
  multiply_row<AnyCell::kInput, kHalf>(gates, x, w.input, [](auto, auto) {});
}

/// Steps [s0, end) of a single row: memories stay in registers, h in one small buffer. Here a step
/// takes as long as its chain of dependent operations. So what is not on that chain is computed
/// while its end is waited for: an LSTM's o and, unless the inputs have been projected ahead, the
/// input part of the next step.
template <class AnyCell, int NB, bool kHalf, bool kProjected>
void run_one_row(const RecurrentJob& job, std::int64_t s0, std::int64_t end) {
  constexpr std::int64_t kUnits = AnyCell::kVectors * kWidth;
  const PackedLayer& w = *job.weights;
  const AnyCell cell(w);
  const std::int64_t direction = job.backwards ? -1 : 1;
  alignas(64) float h[NB * kUnits];
  Batch kept[NB][kKept<AnyCell>];
  copy(h, h_before(job, s0), NB * kUnits);
  for (int b = 0; b < NB; ++b) {
    for (int m = 0; m < AnyCell::kMemories; ++m) {
      kept[b][m] = Batch::load_aligned(job.memory[m] + b * kUnits);
    }
    if constexpr (AnyCell::kUsesOldHidden) {
      kept[b][AnyCell::kMemories] = Batch::load_aligned(h + b * kUnits);
    }
  }
  const float* x = x_row(job, 0, s0);
  float* y = y_row(job, 0, s0);
  Tile<1, NB> next;
  if constexpr (!kProjected) start_row<AnyCell, kHalf>(next, w, x);
  for (std::int64_t s = s0; s < end; ++s, y += direction * job.y.step_stride) {
    Tile<1, NB> gates;
    if constexpr (kProjected) {
      load(gates, job.sums + (s - s0) * sums_offset(NB), 0);
    } else {
      copy_blocks<NB>(gates.acc[0], next.acc[0]);
    }
    const auto update = [&](auto first, auto last) __attribute__((always_inline)) {
      constexpr int kLast = decltype(last)::value;
      if constexpr (kHalf && kLast == NB) spread_half_block<AnyCell::kInput>(gates);
#pragma GCC unroll 8
      for (int b = decltype(first)::value; b < kLast; ++b) {
        cell.update_memory(gates.acc[0][b], kept[b], b);
      }
    };
    if constexpr (NB == 1) {
      add_both_sums<AnyCell::kState, kHalf, Float32Weights>(gates, h, w.recurrent);
      update(Int<0>{}, Int<1>{});
    } else {
      multiply_row<AnyCell::kState, kHalf>(gates, h, w.recurrent, update);
    }
    if (!kProjected && s + 1 < end) {
      x += direction * job.x.step_stride;
      start_row<AnyCell, kHalf>(next, w, x);
    }
#pragma GCC unroll 8
    for (int b = 0; b < NB; ++b) {
      Batch state[AnyCell::kVectors];
      cell.emit_hidden(gates.acc[0][b], kept[b], state, b);
      for (int v = 0; v < AnyCell::kVectors; ++v) {
        state[v].store_aligned(h + b * kUnits + v * kWidth);
      }
      store_outputs<AnyCell>(y + b * kUnits, state, w.hidden_size - b * kUnits);
      if constexpr (AnyCell::kUsesOldHidden) kept[b][AnyCell::kMemories] = state[0];
    }
  }
  copy(h_before(job, end), h, NB * kUnits);
  for (int b = 0; b < NB; ++b) {
    for (int m = 0; m < AnyCell::kMemories; ++m) {
      kept[b][m].store_aligned(job.memory[m] + b * kUnits);
    }
  }
}

/// Calls run_one_row<AnyCell, blocks>.
template <class AnyCell, bool kProjected, int NB = kMaxOneRowBlocks / AnyCell::kVectors>
inline void call_one_row(const RecurrentJob& job, std::int64_t s0, std::int64_t end) {
  if constexpr (NB > 0) {
    const PanelShape& panel = job.weights->recurrent;
    if (panel.blocks != NB) return call_one_row<AnyCell, kProjected, NB - 1>(job, s0, end);
    if constexpr (AnyCell::kHalves) {
      if (panel.half) return run_one_row<AnyCell, NB, true, kProjected>(job, s0, end);
    }
    run_one_row<AnyCell, NB, false, kProjected>(job, s0, end);
  }
}

}  // namespace
}  // namespace carousel::simd
