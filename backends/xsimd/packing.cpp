// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/packing.hpp"

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

/// weight [gates*units, columns] with the gates one after the other to [blocks][columns][gates][W].
AlignedFloats pack_gates(std::span<const float> weight, std::int64_t gates, std::int64_t units,
                         std::int64_t columns, std::int64_t width) {
  const std::int64_t blocks = (units + width - 1) / width;
  AlignedFloats packed(blocks * columns * gates * width);
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t lanes = std::min(width, units - block * width);
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      const float* from = weight.data() + (gate * units + block * width) * columns;
      transpose_into(packed.data() + (block * columns * gates + gate) * width, gates * width, from,
                     columns, lanes);
    }
  }
  return packed;
}

/// The matrices of all cells but the plain RNN have their gates interleaved by block of units.
AlignedFloats pack_matrix(const LayerSpec& spec, std::span<const float> weight,
                          std::int64_t columns, std::int64_t width) {
  if (spec.cell == Cell::rnn) return pack_rows(weight, spec.hidden_size, columns, width);
  return pack_gates(weight, spec.gates(), spec.hidden_size, columns, width);
}

/// The biases of input and state together; for a GRU those of its candidate apart, as a fourth
/// gate.
AlignedFloats pack_bias(const LayerSpec& spec, const WeightsView& weights, std::int64_t width) {
  const std::int64_t all = spec.gates() * spec.hidden_size;
  const std::int64_t together = spec.cell == Cell::gru ? 2 * spec.hidden_size : all;
  std::vector<float> sum(static_cast<std::size_t>(all + all - together), 0.0F);
  if (spec.bias) {
    const float* input = weights.bias_ih.data();
    const float* state = weights.bias_hh.data();
    float* rest = std::transform(input, input + together, state, sum.data(), std::plus{});
    rest = std::copy(input + together, input + all, rest);
    std::copy(state + together, state + all, rest);
  }
  if (spec.cell == Cell::rnn) return pack_rows(sum, spec.hidden_size, 1, width);
  return pack_gates(sum, 4, spec.hidden_size, 1, width);
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
  const std::int64_t groups = (rows + 4 * width - 1) / (4 * width);
  AlignedFloats packed(groups * columns * 4 * width);
  for (std::int64_t first = 0; first < rows; first += width) {
    const std::int64_t group = first / (4 * width);
    const std::int64_t vector = first / width % 4;
    transpose_into(packed.data() + (group * columns * 4 + vector) * width, 4 * width,
                   weight.data() + first * columns, columns, std::min(width, rows - first));
  }
  return packed;
}

}  // namespace carousel::simd
