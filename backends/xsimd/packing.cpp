// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/packing.hpp"
#include "backends/xsimd/tiling.hpp"

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

/// The matrices of all cells but the plain RNN have their gates interleaved by block of units.
AlignedFloats pack_matrix(const LayerSpec& spec, std::span<const float> weight,
                          std::int64_t columns, std::int64_t width) {
  if (spec.cell == Cell::rnn) return pack_rows(weight, spec.hidden_size, columns, width);
  return pack_gates(weight, spec.gates(), spec.hidden_size, columns, width,
                    ends_in_half_block(spec, width));
}

/// Moves the lower half of the vector that follows to the upper half of this one.
void share_vector(float* vector, std::int64_t width) {
  std::copy_n(vector + width, width / 2, vector + width / 2);
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
  AlignedFloats packed = pack_gates(sum, 4, spec.hidden_size, 1, width);
  if (ends_in_half_block(spec, width)) {
    float* const block = packed.data() + (spec.hidden_size / width) * 4 * width;
    share_vector(block, width);
    if (spec.cell == Cell::lstm) share_vector(block + 2 * width, width);
  }
  return packed;
}

/// Rows of the gates [first, last) of a matrix whose gates stand one after the other.
std::span<const float> gate_rows(std::span<const float> weight, const LayerSpec& spec,
                                 std::int64_t columns, std::int64_t first, std::int64_t last) {
  const std::int64_t gate = spec.hidden_size * columns;
  return weight.subspan(static_cast<std::size_t>(first * gate),
                        static_cast<std::size_t>((last - first) * gate));
}

/// A GRU whose reset gate r is needed before the update gate z and the candidate n.
RecurrentArrays pack_reset_first(const LayerSpec& spec, const WeightsView& weights,
                                 std::int64_t width) {
  const std::int64_t units = spec.hidden_size;
  const std::int64_t inputs = spec.input_size;
  const auto input = [&](int first, int last) {
    return gate_rows(weights.weight_ih, spec, inputs, first, last);
  };
  const auto state = [&](int first, int last) {
    return gate_rows(weights.weight_hh, spec, units, first, last);
  };
  std::vector<float> bias(static_cast<std::size_t>(5 * units), 0.0F);  // r, z, n, two empty ones
  if (spec.bias)
    std::ranges::transform(weights.bias_ih, weights.bias_hh, bias.begin(), std::plus{});
  RecurrentArrays arrays;
  arrays.reset_ih = pack_rows(input(0, 1), units, inputs, width);
  arrays.reset_hh = pack_rows(state(0, 1), units, units, width);
  arrays.reset_bias = pack_rows(bias, units, 1, width);
  arrays.weight_ih = pack_gates(input(1, 3), 2, units, inputs, width);
  arrays.weight_hh = pack_gates(state(1, 2), 1, units, units, width);
  arrays.candidate_hh = pack_gates(state(2, 3), 1, units, units, width);
  arrays.bias = pack_gates(gate_rows(bias, spec, 1, 1, 5), 4, units, 1, width);
  return arrays;
}

}  // namespace

RecurrentArrays pack_recurrent(const LayerSpec& spec, const WeightsView& weights,
                               std::int64_t width) {
  if (spec.cell == Cell::gru && !spec.linear_before_reset) {
    return pack_reset_first(spec, weights, width);
  }
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
