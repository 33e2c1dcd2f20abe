// SPDX-License-Identifier: Apache-2.0
#pragma once

// The interface between host/ and the kernels of one instruction set, in plain data. Objects
// compiled for different CPUs include this header, so it must not define functions that the linker
// could share among them (panel.hpp says how functions are possible).

#include <carousel/precision.hpp>
#include <carousel/spec.hpp>
#include <carousel/view.hpp>

#include "backends/xsimd/int8_dot.hpp"
#include "backends/xsimd/panel.hpp"
#include "core/engine/step_group.hpp"

#include <cstdint>

namespace carousel::simd {

/// The most states that a cell has besides h.
constexpr int kMaxMemories = 3;

/// A matrix of an int8 layer.
struct Int8Matrix {
  const Int8Dot* dot = nullptr;
  Int8Panel panel{};
  std::int64_t columns = 0;
  const float* scales = nullptr;        ///< [blocks][vectors][W], of the rows of the matrix
  const std::int32_t* start = nullptr;  ///< [blocks][vectors][W]; see `Int8Dot::has_start`
};

/// The matrices of a recurrent layer in int8.
struct Int8Matrices {
  Int8Matrix input, recurrent, projection;
};

/// Scratch of a thread: quantized rows and their scales.
struct QuantizedRows {
  std::int8_t* bytes = nullptr;
  std::int64_t stride = 0;  ///< bytes from a row to the next
  float* scales = nullptr;
};

/// The packed weights of one head of a recurrent layer in one direction (most layers have one
/// head). A block is what one set of four accumulators computes: W hidden units of an LSTM or GRU,
/// 4W of a plain RNN; units beyond hidden_size are padded with zeros. The two matrices have the
/// same blocks. docs/kernels.md draws them for each cell.
struct PackedLayer {
  Cell cell = Cell::lstm;
  Precision precision = Precision::float32;  ///< of the panels: it says which policy they have
  bool plain = true;  ///< a cell without variants: the fields from `peephole` on are not used
  int memories = 0;   ///< states besides h: c in an LSTM; c, n, m in an sLSTM
  std::int64_t hidden_size = 0;
  std::int64_t state_size = 0;         ///< outputs: those of the projection, else hidden_size
  const float* bias = nullptr;         ///< [blocks][4][W], as the sums of one row
  AnyPanel recurrent{};                ///< weight_hh
  AnyPanel input{};                    ///< weight_ih
  AnyPanel projection{};               ///< weight_hr, blocks of 4W outputs; no blocks: none
  const Int8Matrices* int8 = nullptr;  ///< in int8, instead of the data of these three panels
  const float* peephole = nullptr;     ///< [blocks][3][W], i, f, o; null: none
  GateCoupling coupling = GateCoupling::none;
  float clip = 0.0F;
  float cell_clip = 0.0F;
  ActivationSet activations{};
  /// The factors of layer normalization, [blocks][4][W] as the sums of one row; null: the layer has
  /// no normalization.
  const float* norm_weight = nullptr;
  /// The biases that are added to the normalized sums, in the same layout; `bias` is zeros then.
  const float* norm_bias = nullptr;
  float norm_epsilon = 0.0F;
};

/// A state in the caller's memory, one row per batch row. It may be some columns of a wider array,
/// so that there is a gap between two rows.
struct CallerState {
  float* data = nullptr;
  std::int64_t row_stride = 0;  ///< floats
};

/// Some rows of one head, or all of them, with the scratch of the threads that run them. The
/// members that every tile reads come first, where an instruction needs only one byte for their
/// offset.
struct RecurrentJob {
  const PackedLayer* weights = nullptr;
  const std::int64_t* rows = nullptr;     ///< [row_count] batch rows, longest sequence first
  const std::int64_t* lengths = nullptr;  ///< [row_count] their real steps, descending
  // Scratch. From a row to the next there are state_stride or unit_stride floats (padded sizes).
  std::int64_t state_stride = 0;
  std::int64_t unit_stride = 0;
  float* h_even = nullptr;           ///< [row_count][state_stride]: h before even steps
  float* h_odd = nullptr;            ///< [row_count][state_stride]: h before odd steps
  float* memory[kMaxMemories] = {};  ///< [row_count][unit_stride], those that the cell has
  float* hidden = nullptr;  ///< [row_count][unit_stride]: h before the projection, or r ∘ h
  SequenceView<float> y;    ///< shifted to this head's features
  bool backwards = false;
  SequenceView<const float> x;
  float* sums = nullptr;            ///< [projected_rows][blocks][4][W]: inputs projected ahead
  std::int64_t projected_rows = 0;  ///< (row, step) pairs whose inputs `sums` has room for
  const float** inputs = nullptr;   ///< [members of the step group][input_rows]: rows of x
  std::int64_t input_rows = 0;      ///< the greater one of projected_rows and row_count
  QuantizedRows quantized{};        ///< in int8: [members][input_rows] rows
  std::int64_t depth = 0;           ///< terms of a depth block
  /// How many elements ahead a single tile prefetches weights; 0: it does not prefetch.
  std::int64_t prefetch_distance = 0;
  /// Whether a tile that has all rows may have more of them than registers for their sums.
  bool passes = false;
  /// Whether such a tile adds terms to two of its rows at a time: for weights that are read from
  /// L3.
  bool pairs = false;
  /// The number of steps in earlier runs. If it is odd, the first step goes through the blocks in
  /// descending order, so that it begins with the weights that were used last.
  std::int64_t earlier_steps = 0;
  std::int64_t row_count = 0;
  StepGroup* step_group = nullptr;     ///< null: one thread works alone
  CallerState h;                       ///< [batch][state_size]
  CallerState memories[kMaxMemories];  ///< [batch][hidden_size], those that the cell has
};

/// y[i] = function(x[i]), for the functions that `has_vector_activation` names. x and y may be the
/// same.
using Activate = void (*)(const Activation& function, const float* x, float* y, std::int64_t count);

struct DenseJob {
  std::int64_t output_size = 0;
  AnyPanel weight{};                 ///< blocks of 4W outputs
  const float* bias = nullptr;       ///< [blocks][4][W]
  const Int8Matrix* int8 = nullptr;  ///< in int8, instead of the data of the panel
  QuantizedRows quantized{};         ///< in int8, of the thread: `Kernels::dense_rows` rows
  /// Applied to the outputs, one that `has_vector_activation` names; null: none.
  const Activation* activation = nullptr;
  Activate activate = nullptr;  ///< of the ISA's table
  SequenceView<const float> x;
  SequenceView<float> y;
};

/// The rows and blocks of a tile.
struct TileRange {
  std::int64_t row, rows, block, blocks;
};

/// Computes the new states of a tile from its sums in memory. `sums` points to the sums of the
/// step's first row.
using FinishTile = void (*)(const RecurrentJob& job, float* sums, std::int64_t s, const TileRange&);

/// Computes the new states of whole rows, once the sums of all blocks are in memory. `sums` points
/// to the sums of the step's first row.
using FinishRows = void (*)(const RecurrentJob& job, const Member& member, const float* sums,
                            std::int64_t s, std::int64_t active);

/// What each cell makes of sums in memory: it needs no weight, so that the kernels of all
/// precisions share it.
struct CellFunctions {
  FinishTile lstm, lstm_variant;
  FinishRows lstm_normalized;
  FinishTile gru, gru_variant;
  FinishTile reset_and_update, blend_states;  ///< a GRU that resets first: r and z, then h
  FinishTile rnn, rnn_variant;
  FinishTile slstm;
};

/// The kernels that read weights, of one precision.
struct MatrixKernels {
  /// Runs a thread's part of a job. The leader passes a new `Member`, other threads the one that
  /// `StepGroup::wait_to_join` filled.
  void (*recurrent)(const RecurrentJob& job, Member member);
  /// Runs part `index` of `count`.
  void (*dense)(const DenseJob& job, int index, int count);
};

/// The table that each ISA object exports.
struct Kernels {
  std::int64_t width;       ///< floats in a vector
  std::int64_t max_rows;    ///< the most rows that a tile has
  std::int64_t dense_rows;  ///< the most rows that a dense layer computes together
  MatrixKernels float32;
  const MatrixKernels* float16;
  const MatrixKernels* bfloat16;
  const MatrixKernels* int8;
  Activate activate;
};

#if defined(__x86_64__)
extern const Kernels kernels_sse2;
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#elif defined(__aarch64__)
extern const Kernels kernels_neon;
extern const Kernels kernels_sve256;
extern const Kernels kernels_sve512;
#elif defined(__wasm__)
extern const Kernels kernels_wasm;
#endif

}  // namespace carousel::simd
