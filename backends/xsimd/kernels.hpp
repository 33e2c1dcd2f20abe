// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the kernels of one instruction set offer, in plain data: this header is seen by objects
// compiled for different CPUs, so it must not define any function.

#include <carousel/spec.hpp>
#include <carousel/view.hpp>

#include "core/engine/crew.hpp"

#include <cstdint>

namespace carousel::simd {

/// Narrower vectors have no half blocks.
constexpr std::int64_t kLeastHalvedWidth = 16;

/// One direction of a recurrent layer, packed. W is the vector width. A block is what one set of
/// four accumulators works on: W hidden units of an LSTM or GRU, 4W of a plain RNN; units beyond
/// hidden_size are padded with zeros. The vectors of a block:
///
///             weight_ih, G    weight_hh, G    bias
///   LSTM      i f g o         i f g o         i f g o
///   GRU       r z n           r z n           r z n of the input, n of the state
///   RNN       4 neighbours    4 neighbours    4 neighbours
///
/// A GRU whose reset gate comes before the matrix has blocks of 4 neighbours too: first all vectors
/// of r, then those of z; after them, in blocks of their own, those of n. Vectors that fill the
/// last block of either are zeros.
///
/// A last block of at most W/2 units may be a half block, whose vectors hold two gates each, one in
/// the lower half and one in the upper:
///
///   LSTM      if go           if go           if - go -
///   GRU       rz n            rz n            rz - n of the input, n of the state
struct PackedLayer {
  Cell cell = Cell::lstm;
  std::int64_t input_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t state_size = 0;
  std::int64_t blocks = 0;  ///< of hidden units
  bool half = false;        ///< the last one is a half block
  std::int64_t groups = 0;  ///< of projected outputs, ceil(state_size / 4W); 0: no projection
  const float* weight_ih = nullptr;  ///< [blocks][input_size][G][W]
  const float* weight_hh = nullptr;  ///< [blocks][state_size][G][W]
  const float* bias = nullptr;       ///< [blocks][4][W]
  const float* weight_hr = nullptr;  ///< [groups][hidden_size][4][W]
  std::int64_t reset_blocks = 0;     ///< of r and z, where r comes first; 0: not such a GRU
  // What only the variants use.
  bool plain = true;                ///< none of what follows, and the default activations
  const float* peephole = nullptr;  ///< [blocks][3][W], i, f, o; null: none
  GateCoupling coupling = GateCoupling::none;
  float clip = 0.0F;
  float cell_clip = 0.0F;
  ActivationSet activations{};
};

/// Some rows of one direction, or all of them, with the scratch of those who work them off.
struct RecurrentJob {
  const PackedLayer* weights = nullptr;
  SequenceView<const float> x;
  SequenceView<float> y;  ///< shifted to this direction's features
  bool backwards = false;
  const std::int64_t* rows = nullptr;     ///< [row_count] batch rows, longest sequence first
  const std::int64_t* lengths = nullptr;  ///< [row_count] their real steps, descending
  std::int64_t row_count = 0;
  std::int64_t walked = 0;  ///< steps of earlier runs: the walk through the weights goes on
  float* h = nullptr;       ///< the caller's state, [batch, state_size]
  float* c = nullptr;       ///< [batch, hidden_size]
  // Scratch. Row strides are padded sizes: state_stride and unit_stride floats.
  std::int64_t state_stride = 0;
  std::int64_t unit_stride = 0;
  float* h_even = nullptr;  ///< [row_count][state_stride]: h before even steps
  float* h_odd = nullptr;   ///< likewise before odd steps
  float* cell = nullptr;    ///< [row_count][unit_stride]
  float* hidden = nullptr;  ///< [row_count][unit_stride]: h before the projection, or r ∘ h
  float* gates = nullptr;   ///< [hoist_rows][blocks][4][W]: inputs projected ahead of time
  const float** inputs = nullptr;  ///< [members of the crew][input_rows]
  std::int64_t input_rows = 0;     ///< the greater one of hoist_rows and row_count
  std::int64_t hoist_rows = 0;
  std::int64_t piece = 0;  ///< terms of a sum that are added for all rows before the next ones are
  std::int64_t far_ahead = 0;  ///< floats that a single tile fetches ahead of itself; 0: nothing
  Crew* crew = nullptr;        ///< null: one thread works alone
};

struct LinearJob {
  std::int64_t input_size = 0;
  std::int64_t output_size = 0;
  std::int64_t groups = 0;        ///< ceil(output_size / 4W)
  const float* weight = nullptr;  ///< [groups][input_size][4][W]
  const float* bias = nullptr;    ///< [groups][4][W]
  SequenceView<const float> x;
  SequenceView<float> y;
  const std::int64_t* lengths = nullptr;  ///< [batch], or null
};

/// The table that each ISA object exports.
struct Kernels {
  std::int64_t width;     ///< floats in a vector
  std::int64_t max_rows;  ///< rows that the widest tile works on at once
  /// The leader's part of a job, with a new seat, or that of a member that was taken in.
  void (*recurrent)(const RecurrentJob& job, Seat seat);
  /// Part `index` of `count`.
  void (*linear)(const LinearJob& job, int index, int count);
  /// y[i] = tanh(x[i]), σ(x[i]): for the tests of the activation functions.
  void (*tanh)(const float* x, float* y, std::int64_t count);
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
