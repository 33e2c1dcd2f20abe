// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the kernels of one instruction set offer, in plain data: this header is seen by objects
// compiled for different CPUs, so it must define no function (panel.hpp says how it may).

#include <carousel/spec.hpp>
#include <carousel/view.hpp>

#include "backends/xsimd/panel.hpp"
#include "core/engine/crew.hpp"

#include <cstdint>

namespace carousel::simd {

/// The most states that a cell has besides h.
constexpr int kMaxMemories = 3;

/// One head of a recurrent layer in one direction, packed: most cells have one. A block is what one
/// set of four accumulators works on: W hidden units of an LSTM or GRU, 4W of a plain RNN; units
/// beyond hidden_size are padded with zeros. The two matrices have the same blocks. docs/kernels.md
/// draws them for each cell.
struct PackedLayer {
  Cell cell = Cell::lstm;
  bool plain = true;  ///< a usual cell: nothing from `peephole` on matters
  int memories = 0;   ///< states besides h: c in an LSTM; c, n, m in an sLSTM
  std::int64_t hidden_size = 0;
  std::int64_t state_size = 0;      ///< outputs: those of the projection, else hidden_size
  const float* bias = nullptr;      ///< [blocks][4][W], as the sums of one row
  Panel recurrent{};                ///< weight_hh
  Panel input{};                    ///< weight_ih
  Panel projection{};               ///< weight_hr, blocks of 4W outputs; no blocks: none
  const float* peephole = nullptr;  ///< [blocks][3][W], i, f, o; null: none
  GateCoupling coupling = GateCoupling::none;
  float clip = 0.0F;
  float cell_clip = 0.0F;
  ActivationSet activations{};
  /// With layer normalization, [blocks][4][W] as the sums of one row: what the normalized sums are
  /// multiplied with. Null: none.
  const float* norm_weight = nullptr;
  const float* norm_bias = nullptr;  ///< the same: what is added then, where `bias` is zeros
  float norm_epsilon = 0.0F;
};

/// A state of the caller's, one row per batch row. Rows may stand apart: a state may be some
/// columns of a wider array.
struct CallerState {
  float* data = nullptr;
  std::int64_t row_stride = 0;  ///< floats
};

/// Some rows of one head, or all of them, with the scratch of the threads that run them. What
/// every tile reads stands first, where instructions can address it in one byte.
struct RecurrentJob {
  const PackedLayer* weights = nullptr;
  const std::int64_t* rows = nullptr;     ///< [row_count] batch rows, longest sequence first
  const std::int64_t* lengths = nullptr;  ///< [row_count] their real steps, descending
  // Scratch. Rows stand state_stride or unit_stride floats apart, which are padded sizes.
  std::int64_t state_stride = 0;
  std::int64_t unit_stride = 0;
  float* h_even = nullptr;           ///< [row_count][state_stride]: h before even steps
  float* h_odd = nullptr;            ///< [row_count][state_stride]: h before odd steps
  float* memory[kMaxMemories] = {};  ///< [row_count][unit_stride], those that the cell has
  float* hidden = nullptr;  ///< [row_count][unit_stride]: h before the projection, or r ∘ h
  SequenceView<float> y;    ///< shifted to this head's features
  bool backwards = false;
  SequenceView<const float> x;
  float* sums = nullptr;  ///< [projected_rows][blocks][4][W]: inputs projected ahead of time
  std::int64_t projected_rows = 0;  ///< (row, step) pairs whose inputs `sums` has room for
  const float** inputs = nullptr;   ///< [members of the crew][input_rows]
  std::int64_t input_rows = 0;      ///< the greater one of projected_rows and row_count
  std::int64_t depth = 0;  ///< terms of a depth block: added for all rows before the next ones are
  std::int64_t prefetch_distance = 0;  ///< elements that a single tile fetches ahead; 0: nothing
  /// Steps of earlier runs. Their parity says in which direction this run begins to go through the
  /// blocks, so that the weights used last are met first.
  std::int64_t earlier_steps = 0;
  std::int64_t row_count = 0;
  Crew* crew = nullptr;                ///< null: one thread works alone
  CallerState h;                       ///< [batch][state_size]
  CallerState memories[kMaxMemories];  ///< [batch][hidden_size], those that the cell has
};

struct LinearJob {
  std::int64_t output_size = 0;
  Panel weight{};               ///< blocks of 4W outputs
  const float* bias = nullptr;  ///< [blocks][4][W]
  SequenceView<const float> x;
  SequenceView<float> y;
};

/// The table that each ISA object exports.
struct Kernels {
  std::int64_t width;     ///< floats in a vector
  std::int64_t max_rows;  ///< rows of the highest tile
  /// Runs a thread's part of a job: the leader's, with a new seat, or that of a member that was
  /// taken in.
  void (*recurrent)(const RecurrentJob& job, Seat seat);
  /// Runs part `index` of `count`.
  void (*linear)(const LinearJob& job, int index, int count);
  /// y[i] = tanh(x[i]), for the tests of the activation functions.
  void (*tanh)(const float* x, float* y, std::int64_t count);
  /// y[i] = σ(x[i]), for the tests of the activation functions.
  void (*sigmoid)(const float* x, float* y, std::int64_t count);
};

#if defined(__x86_64__)
extern const Kernels kernels_sse2;
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#elif defined(__aarch64__)
extern const Kernels kernels_neon;
#endif

}  // namespace carousel::simd
