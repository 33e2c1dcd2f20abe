// SPDX-License-Identifier: Apache-2.0
#pragma once

// Single rows with few units. Included by kernels.cpp only, inside its anonymous namespace.

/// Adds W a to all gates of one row: NB blocks, the last of which may be a half one, in groups that
/// the registers have room for.
template <Lanes lanes, bool kHalf, int NB, int First = 0>
CAROUSEL_INLINE void multiply_row(Tile<1, NB>& gates, const float* a, std::int64_t count,
                                  const float* w) {
  constexpr int kLeft = NB - First;
  constexpr int kGroups = (kLeft + kMaxRows - 1) / kMaxRows;
  constexpr int B = (kLeft + kGroups - 1) / kGroups;
  const std::int64_t stride = count * lanes.count * kWidth;
  const float* const row[1] = {a};
  Tile<1, B> tile;
  copy_blocks<B>(tile.acc[0], gates.acc[0] + First);
  multiply<lanes, kHalf && B == kLeft>(tile, row, count, w + First * stride, stride);
  copy_blocks<B>(gates.acc[0] + First, tile.acc[0]);
  if constexpr (B < kLeft) multiply_row<lanes, kHalf, NB, First + B>(gates, a, count, w);
}

/// Bias and input part of all gates of one row.
template <class AnyCell, bool kHalf, int NB>
CAROUSEL_INLINE void start_row(Tile<1, NB>& gates, const PackedLayer& w, const float* x) {
  load(gates, w.bias, 0);
  multiply_row<AnyCell::kInput, kHalf>(gates, x, w.input_size, w.weight_ih);
}

/// Steps [s0, end) of a single row: c stays in registers, h in one small buffer. Here a step takes
/// as long as its chain of dependent operations. So what is not on that chain is computed while its
/// end is waited for: an LSTM's o and, unless the inputs have been projected ahead, the input part
/// of the next step.
template <class AnyCell, int NB, bool kHalf, bool kAhead>
void run_one_row(const RecurrentJob& job, std::int64_t s0, std::int64_t end) {
  constexpr std::int64_t kUnits = AnyCell::kVectors * kWidth;
  const PackedLayer& w = *job.weights;
  const AnyCell cell(w);
  const std::int64_t direction = job.backwards ? -1 : 1;
  alignas(64) float h[NB * kUnits];
  Batch memory[NB];
  copy(h, h_before(job, s0), NB * kUnits);
  for (int b = 0; b < NB; ++b) {
    if constexpr (AnyCell::kMemory == Memory::cell)
      memory[b] = Batch::load_aligned(job.cell + b * kWidth);
    if constexpr (AnyCell::kMemory == Memory::hidden)
      memory[b] = Batch::load_aligned(h + b * kWidth);
  }
  const float* x = x_row(job, 0, s0);
  float* y = y_row(job, 0, s0);
  Tile<1, NB> next;
  if constexpr (!kAhead) start_row<AnyCell, kHalf>(next, w, x);
  for (std::int64_t s = s0; s < end; ++s, y += direction * job.y.step_stride) {
    Tile<1, NB> gates;
    if constexpr (kAhead) {
      load(gates, job.gates + (s - s0) * NB * 4 * kWidth, 0);
    } else {
      copy_blocks<NB>(gates.acc[0], next.acc[0]);
    }
    if constexpr (NB == 1) {
      add_both_sums<AnyCell::kState, kHalf>(gates, h, w);
    } else {
      multiply_row<AnyCell::kState, kHalf>(gates, h, w.state_size, w.weight_hh);
    }
    if constexpr (kHalf) spread_half_block<AnyCell::kInput>(gates);
#pragma GCC unroll 8
    for (int b = 0; b < NB; ++b) cell.first(gates.acc[0][b], memory[b], b);
    if (!kAhead && s + 1 < end) {
      x += direction * job.x.step_stride;
      start_row<AnyCell, kHalf>(next, w, x);
    }
#pragma GCC unroll 8
    for (int b = 0; b < NB; ++b) {
      Batch state[AnyCell::kVectors];
      cell.last(gates.acc[0][b], memory[b], state, b);
      for (int v = 0; v < AnyCell::kVectors; ++v)
        state[v].store_aligned(h + b * kUnits + v * kWidth);
      store_units_to<AnyCell>(y + b * kUnits, state, w.hidden_size - b * kUnits);
      if constexpr (AnyCell::kMemory == Memory::hidden) memory[b] = state[0];
    }
  }
  copy(h_before(job, end), h, NB * kUnits);
  if constexpr (AnyCell::kMemory == Memory::cell) {
    for (int b = 0; b < NB; ++b) memory[b].store_aligned(job.cell + b * kWidth);
  }
}

/// Calls run_one_row<AnyCell, blocks>.
template <class AnyCell, bool kAhead, int NB = kMaxOneRowBlocks / AnyCell::kVectors>
inline void call_one_row(const RecurrentJob& job, std::int64_t s0, std::int64_t end) {
  if constexpr (NB > 0) {
    if (job.weights->blocks != NB) return call_one_row<AnyCell, kAhead, NB - 1>(job, s0, end);
    if constexpr (AnyCell::kHalves) {
      if (job.weights->half) return run_one_row<AnyCell, NB, true, kAhead>(job, s0, end);
    }
    run_one_row<AnyCell, NB, false, kAhead>(job, s0, end);
  }
}

template <class AnyCell>
inline bool fits_one_row(const RecurrentJob& job, std::int64_t active, int count) {
  const PackedLayer& w = *job.weights;
  return active == 1 && count == 1 && w.groups == 0 &&
         w.blocks <= kMaxOneRowBlocks / AnyCell::kVectors;
}

/// Whether a step's input part is short enough to hide behind the recurrent one.
inline bool inputs_fit_shadow(const PackedLayer& w) {
  return w.blocks <= kShadowBlocks && w.blocks * w.input_size <= kShadowProducts;
}
