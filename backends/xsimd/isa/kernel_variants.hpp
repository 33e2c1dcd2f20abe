// SPDX-License-Identifier: Apache-2.0
#pragma once

// Variants of the cells, sLSTM, and all cells with weights that are not float32. Their sums go
// through memory, into the scratch of inputs projected ahead, and a function of the cell computes
// the new states from there. So they share few instances of the walks, which would otherwise be
// compiled for each cell.
//
// A step may have several parts, with a barrier of the threads between two of them: a GRU whose
// reset gate comes before the matrix has two. A step may also end with a function of whole rows,
// which has no matrix (kernel_norm.hpp).

#include "backends/xsimd/isa/kernel_walk.hpp"

namespace carousel::simd {
namespace {

/// What the recurrent matrix of a part is multiplied with: h, or `RecurrentJob::hidden`.
enum class Operand { h, hidden };

/// A part of a step: blocks that need nothing of each other.
struct StepPart {
  Range range;
  FinishTile finish;
  Operand operand;
};

/// Steps of several parts, whose sums go through memory; see `CellSteps`.
template <class WeightPolicy, AccumulatorMap kInputMap, AccumulatorMap kStateMap>
struct PartedSteps {
  using Weights = WeightPolicy;
  static constexpr AccumulatorMap kInput = kInputMap;
  static constexpr bool kHalves = false;
  static constexpr bool kInRegisters = false;
  static constexpr bool kFinishesRows = true;
  /// Only if a tile stores all accumulators; otherwise the inputs' sums must be in memory already.
  /// Of float32 only: with other weights it saves little time for its size.
  static constexpr bool kFromInputs = kInput.count == kAccumulators &&
                                      kStateMap.count == kAccumulators &&
                                      sizeof(typename Weights::Element) == sizeof(float);

  const RecurrentJob& job;
  const StepPart* all;
  int count;
  FinishRows whole_rows = nullptr;  ///< called at the end of a step; may be null

  struct Finish {
    using Weights = WeightPolicy;
    static constexpr bool kFromInputs = PartedSteps::kFromInputs;
    static constexpr AccumulatorMap kInput = kInputMap;
    static constexpr AccumulatorMap kState = kStateMap;
    static constexpr AccumulatorMap kLoaded = kStateMap;  // the others stay where they are
    static constexpr bool kHalves = false;

    const RecurrentJob& job;
    float* sums;
    std::int64_t s;
    FinishTile finish;

    template <bool, int R, int B>
    CAROUSEL_INLINE void operator()(const Tile<R, B>& tile, std::int64_t r0,
                                    std::int64_t block) const {
      const std::int64_t stride = sums_stride(*job.weights);
      store<kState>(tile, sums + r0 * stride + sums_offset(block), stride);
      finish(job, sums, s, {r0, R, block, B});
    }
  };

  [[nodiscard]] int parts() const { return count; }
  [[nodiscard]] Range blocks(int part) const { return all[part].range; }
  [[nodiscard]] States states(int part, std::int64_t s) const {
    const bool hidden = all[part].operand == Operand::hidden;
    return hidden ? States{job.hidden, job.unit_stride} : states_before(job, s);
  }
  [[nodiscard]] Finish finish(int part, std::int64_t s, float* sums) const {
    return {job, sums, s, all[part].finish};
  }
  void after_part(std::int64_t, std::int64_t, Range) const {}
  void finish_rows(const Member& member, const float* sums, std::int64_t s,
                   std::int64_t active) const {
    if (whole_rows == nullptr) return;
    if (member.count > 1) job.step_group->barrier(member);
    whole_rows(job, member, sums, s, active);
  }
};

template <class AnyCell>
void finish_units(const RecurrentJob& job, float* sums, std::int64_t s, const TileRange& of) {
  const PackedLayer& w = *job.weights;
  const AnyCell cell(w);
  const std::int64_t stride = sums_stride(w);
  call_with_rows(of.rows, of.row, [&](auto rows, std::int64_t r0) {
    for (std::int64_t block = of.block; block < of.block + of.blocks; ++block) {
      Tile<decltype(rows)::value, 1> tile;
      load(tile, sums + r0 * stride + sums_offset(block), stride);
      update_units<false>(job, cell, tile, r0, block, s);
    }
  });
}

/// The same as `finish_units`, row by row: less code, for cells whose activation functions
/// dominate, and for plain cells with narrow weights.
template <class AnyCell>
void finish_each_row(const RecurrentJob& job, float* sums, std::int64_t s, const TileRange& of) {
  const PackedLayer& w = *job.weights;
  const AnyCell cell(w);
  for (std::int64_t r = of.row; r < of.row + of.rows; ++r) {
    for (std::int64_t block = of.block; block < of.block + of.blocks; ++block) {
      Tile<1, 1> tile;
      load(tile, sums + r * sums_stride(w) + sums_offset(block), 0);
      update_units<false>(job, cell, tile, r, block, s);
    }
  }
}

// A GRU whose reset gate comes before the matrix (Cho et al. 2014, the default of ONNX):
// n = tanh(W_in x + b_in + W_hn (r ∘ h) + b_hn). A step has two parts, since every n needs the
// reset gates of all units: the blocks of r and z, then those of n (see docs/kernels.md).

/// The number of vectors that hold all units.
inline std::int64_t unit_vectors(const PackedLayer& w) {
  return (w.hidden_size + kWidth - 1) / kWidth;
}

/// Applies an activation function to each vector of the tile's sums in one row and calls
/// `body(index of the vector, result)`. `sums` points to the row's sums; vectors from `end` on are
/// left out.
template <Function kFunction, int kWhich, class Body>
CAROUSEL_INLINE void for_each_sum(const PackedLayer& w, const float* sums, const TileRange& of,
                                  std::int64_t end, Body&& body) {
  constexpr int kAtOnce = 2;
  end = smaller(end, (of.block + of.blocks) * 4);
  for (std::int64_t first = of.block * 4; first < end; first += kAtOnce) {
    Batch x[kAtOnce];
    for (int v = 0; v < kAtOnce; ++v) x[v] = Batch::load_aligned(sums + (first + v) * kWidth);
    if (w.plain) {
      Batch a[kAtOnce];
      for (int v = 0; v < kAtOnce; ++v) a[v] = x[v];
      activate<kAtOnce, Functions<kAtOnce>{{kFunction, kFunction}}>(x);
      if constexpr (kFunction == Function::sigmoid) {
        for (int v = 0; v < kAtOnce; ++v) x[v] = shut_by_infinity(x[v], a[v]);
      }
    } else {
      for (Batch& value : x) value = evaluate(w.activations[kWhich], clipped(value, w.clip));
    }
    for (int v = 0; v < kAtOnce && first + v < end; ++v) body(first + v, x[v]);
  }
}

/// Computes r and z: stores r ∘ h in `hidden`, and z in the place of its sums.
inline void reset_and_update(const RecurrentJob& job, float* sums, std::int64_t s,
                             const TileRange& of) {
  const PackedLayer& w = *job.weights;
  const std::int64_t vectors = unit_vectors(w);
  for (std::int64_t r = of.row; r < of.row + of.rows; ++r) {
    const float* old = h_row(job, r, s);
    float* reset = job.hidden + r * job.unit_stride;
    float* row = sums + r * sums_stride(w);
    const auto put = [&](std::int64_t vector, Batch gate) {
      const std::int64_t at = vector * kWidth;
      if (vector < vectors) {
        (gate * Batch::load_aligned(old + at)).store_aligned(reset + at);
      } else {
        gate.store_aligned(row + at);
      }
    };
    for_each_sum<Function::sigmoid, 0>(w, row, of, 2 * vectors, put);
  }
}

/// (1 - z) ∘ n + z ∘ h
CAROUSEL_INLINE Batch blended(Batch z, Batch n, Batch h) { return xsimd::fma(z, h - n, n); }

/// The same where n may be infinite or so large that h - n is: an infinite n is then h', which
/// `blended` makes NaN.
inline Batch blended_without_bound(Batch z, Batch n, Batch h) {
  const Batch usual = blended(z, n, h);
  return xsimd::select(xsimd::isfinite(usual), usual, (Batch(1.0F) - z) * n + z * h);
}

/// Computes h' = (1 - z) ∘ n + z ∘ h.
inline void blend_states(const RecurrentJob& job, float* sums, std::int64_t s,
                         const TileRange& of) {
  const PackedLayer& w = *job.weights;
  const std::int64_t vectors = unit_vectors(w);
  const std::int64_t first = w.recurrent.reset_first_blocks * kAccumulators;
  for (std::int64_t r = of.row; r < of.row + of.rows; ++r) {
    const float* old = h_row(job, r, s);
    const float* row = sums + r * sums_stride(w);
    const float* update = row + vectors * kWidth;
    const auto blend = [&](std::int64_t vector, Batch n) {
      const std::int64_t unit = (vector - first) * kWidth;
      const Batch z = Batch::load_aligned(update + unit);
      const Batch before = Batch::load_aligned(old + unit);
      const Batch h[1] = {w.plain ? blended(z, n, before) : blended_without_bound(z, n, before)};
      store_units<Gru>(job, h, r, unit, s);
    };
    for_each_sum<Function::tanh, 1>(w, row, of, first + vectors, blend);
  }
}

inline void keep_sums(const RecurrentJob&, float*, std::int64_t, const TileRange&) {}

/// Runs a cell whose sums go through memory, in one part.
template <class Weights, class AnyCell>
void run_in_one_part(const RecurrentJob& job, Member member, FinishTile finish,
                     FinishRows whole_rows = nullptr) {
  const StepPart part{{0, job.weights->recurrent.blocks}, finish, Operand::h};
  run_steps(job, member,
            PartedSteps<Weights, AnyCell::kInput, AnyCell::kState>{job, &part, 1, whole_rows});
}

template <class Weights>
void run_reset_first(const RecurrentJob& job, Member member, const CellFunctions& cells) {
  const PanelShape& panel = job.weights->recurrent;
  const StepPart parts[] = {
      {{0, panel.reset_first_blocks}, cells.reset_and_update, Operand::h},
      {{panel.reset_first_blocks, panel.blocks}, cells.blend_states, Operand::hidden}};
  run_steps(job, member, PartedSteps<Weights, kEachItsOwn, kEachItsOwn>{job, parts, 2});
}

/// Runs any cell with its sums through memory.
template <class Weights>
void run_through_memory(const RecurrentJob& job, Member member, const CellFunctions& cells) {
  const PackedLayer& w = *job.weights;
  FinishTile finish = cells.slstm;
  switch (w.cell) {
    case Cell::lstm:
      if (w.norm_weight != nullptr) {
        return run_in_one_part<Weights, Lstm>(job, member, &keep_sums, cells.lstm_normalized);
      }
      finish = w.plain ? cells.lstm : cells.lstm_variant;
      break;
    case Cell::gru:
      if (w.recurrent.reset_first_blocks > 0) return run_reset_first<Weights>(job, member, cells);
      return run_in_one_part<Weights, Gru>(job, member, w.plain ? cells.gru : cells.gru_variant);
    case Cell::rnn: finish = w.plain ? cells.rnn : cells.rnn_variant; break;
    case Cell::slstm: break;
  }
  run_in_one_part<Weights, Lstm>(job, member, finish);  // the others' sums are like an LSTM's
}

}  // namespace
}  // namespace carousel::simd
