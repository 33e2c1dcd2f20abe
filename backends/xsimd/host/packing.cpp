// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/packing.hpp"
#include "backends/xsimd/host/tiling.hpp"

#include <algorithm>

namespace carousel::simd {
namespace {

constexpr std::int64_t kTile = 16;  // columns at a time: one cache line of each source row

/// Copies `lanes` consecutive rows of a row-major matrix into the lanes of one vector per column:
/// to[k * stride + lane] = from[lane * columns + k].
void transpose_into(float* to, std::int64_t stride, const float* from, std::int64_t columns,
                    std::int64_t lanes) {
  for (std::int64_t k0 = 0; k0 < columns; k0 += kTile) {
    const std::int64_t k1 = std::min(columns, k0 + kTile);
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const float* row = from + lane * columns;
      for (std::int64_t k = k0; k < k1; ++k) to[k * stride + lane] = row[k];
    }
  }
}

/// weight [gates*units, columns] with the gates one after the other to [blocks][columns][gates][W],
/// or, for a half block at the end, [columns][ceil(gates / 2)][2][W/2].
AlignedFloats pack_gates(std::span<const float> weight, std::int64_t gates, std::int64_t units,
                         std::int64_t columns, std::int64_t width, bool half = false) {
  const std::int64_t blocks = ceil_div(units, width);
  const std::int64_t vectors_of_half = ceil_div(gates, 2);
  const std::int64_t saved = half ? gates - vectors_of_half : 0;
  AlignedFloats packed((blocks * gates - saved) * columns * width);
  for (std::int64_t block = 0; block < blocks; ++block) {
    const bool is_half = half && block == blocks - 1;
    const std::int64_t lanes = std::min(width, units - block * width);
    const std::int64_t stride = (is_half ? vectors_of_half : gates) * width;
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      const float* from = weight.data() + (gate * units + block * width) * columns;
      const std::int64_t lane = gate * (is_half ? width / 2 : width);
      transpose_into(packed.data() + block * columns * gates * width + lane, stride, from, columns,
                     lanes);
    }
  }
  return packed;
}

/// Rows of a row-major matrix to vectors of [blocks][columns][4][W], from the vector `first` on.
void pack_vectors(AlignedFloats& packed, std::int64_t first, std::span<const float> weight,
                  std::int64_t rows, std::int64_t columns, std::int64_t width) {
  for (std::int64_t row = 0; row < rows; row += width, ++first) {
    transpose_into(packed.data() + (first / 4 * columns * 4 + first % 4) * width, 4 * width,
                   weight.data() + row * columns, columns, std::min(width, rows - row));
  }
}

/// The rows of a GRU whose reset gate r is needed before the candidate n: those of r and z, then in
/// blocks of their own those of n (see PackedLayer).
AlignedFloats pack_reset_first(std::span<const float> rows, const LayerSpec& spec,
                               std::int64_t columns, std::int64_t width) {
  const std::int64_t vectors = ceil_div(spec.hidden_size, width);
  const std::int64_t first_of_n = 4 * reset_blocks(spec, width);
  AlignedFloats packed((first_of_n / 4 + ceil_div(vectors, 4)) * columns * 4 * width);
  for (const auto& [gate, first] : {std::pair{0, std::int64_t{0}}, {1, vectors}, {2, first_of_n}}) {
    const std::int64_t size = spec.hidden_size * columns;
    pack_vectors(packed, first, rows.subspan(static_cast<std::size_t>(gate * size)),
                 spec.hidden_size, columns, width);
  }
  return packed;
}

/// Where they can, the gates of a block of units are interleaved.
AlignedFloats pack_matrix(const LayerSpec& spec, std::span<const float> weight,
                          std::int64_t columns, std::int64_t width) {
  if (spec.cell == Cell::rnn) return pack_rows(weight, spec.hidden_size, columns, width);
  if (reset_blocks(spec, width) > 0) return pack_reset_first(weight, spec, columns, width);
  return pack_gates(weight, spec.gates(), spec.hidden_size, columns, width,
                    ends_in_half_block(spec, width));
}

/// Moves the lower half of the vector that follows to the upper half of this one.
void share_vector(float* vector, std::int64_t width) {
  std::copy_n(vector + width, width / 2, vector + width / 2);
}

/// The biases of input and state together; for a GRU that resets after the matrix those of its
/// candidate apart, as a fourth gate.
AlignedFloats pack_bias(const LayerSpec& spec, const WeightsView& weights, std::int64_t width) {
  const std::int64_t all = spec.gates() * spec.hidden_size;
  const bool apart = spec.cell == Cell::gru && spec.linear_before_reset;
  const std::int64_t together = apart ? 2 * spec.hidden_size : all;
  std::vector<float> sum(static_cast<std::size_t>(all + all - together), 0.0F);
  if (spec.bias) {
    const float* input = weights.bias_ih.data();
    const float* state = weights.bias_hh.data();
    float* rest = std::transform(input, input + together, state, sum.data(), std::plus{});
    rest = std::copy(input + together, input + all, rest);
    std::copy(state + together, state + all, rest);
  }
  if (spec.cell != Cell::lstm && !apart) return pack_matrix(spec, sum, 1, width);
  AlignedFloats packed = pack_gates(sum, 4, spec.hidden_size, 1, width);
  if (ends_in_half_block(spec, width)) {
    float* const block = packed.data() + (spec.hidden_size / width) * 4 * width;
    share_vector(block, width);
    if (spec.cell == Cell::lstm) share_vector(block + 2 * width, width);
  }
  return packed;
}

}  // namespace

RecurrentArrays pack_recurrent(const LayerSpec& spec, const WeightsView& weights,
                               std::int64_t width) {
  RecurrentArrays arrays;
  arrays.weight_ih = pack_matrix(spec, weights.weight_ih, spec.input_size, width);
  arrays.weight_hh = pack_matrix(spec, weights.weight_hh, spec.state_size(), width);
  arrays.bias = pack_bias(spec, weights, width);
  if (spec.proj_size > 0) {
    arrays.weight_hr = pack_rows(weights.weight_hr, spec.proj_size, spec.hidden_size, width);
  }
  if (spec.peephole) arrays.peephole = pack_gates(weights.peephole, 3, spec.hidden_size, 1, width);
  return arrays;
}

AlignedFloats pack_rows(std::span<const float> weight, std::int64_t rows, std::int64_t columns,
                        std::int64_t width) {
  AlignedFloats packed(ceil_div(rows, 4 * width) * columns * 4 * width);
  pack_vectors(packed, 0, weight, rows, columns, width);
  return packed;
}

}  // namespace carousel::simd
