// SPDX-License-Identifier: Apache-2.0
#include "backends/onednn/rnn_weights.hpp"

#include <algorithm>
#include <cstddef>

namespace carousel::onednn {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Returns `[cols, rows]` at `to`, leading dimension `stride`, from `[rows, cols]` at `from`.
void transpose(const float* from, std::int64_t rows, std::int64_t cols, float* to,
               std::int64_t stride) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) to[c * stride + r] = from[r * cols + c];
  }
}

PackedTensor pack_projection(const RecurrentSpec& spec, std::span<const float> weight) {
  if (spec.proj_size == 0) return {};
  return {Desc({1, 1, spec.hidden_size, spec.proj_size}, kFloat, Tag::ldio),
          projection_matrix(weight, spec.hidden_size, spec.proj_size)};
}

PackedTensor pack_peephole(const RecurrentSpec& spec, std::span<const float> peephole) {
  if (!spec.peephole) return {};
  return {Desc({1, 1, 3, spec.hidden_size}, kFloat, Tag::ldgo), peephole};
}

std::vector<float> bias_of(const RecurrentSpec& spec, const RecurrentWeights& w) {
  if (spec.cell == Cell::gru && spec.linear_before_reset) {
    return lbr_gru_bias(w.bias_ih, w.bias_hh, spec.hidden_size);
  }
  return gate_bias(w.bias_ih, w.bias_hh, gate_order(spec.cell), spec.hidden_size);
}

}  // namespace

std::span<const std::int64_t> gate_order(Cell cell) noexcept {
  switch (cell) {
    case Cell::lstm: return kLstmGates;
    case Cell::gru: return kGruGates;
    case Cell::rnn: return kRnnGates;
    default: return {};
  }
}

std::int64_t bias_blocks(const RecurrentSpec& spec) noexcept {
  return spec.gates() + (spec.cell == Cell::gru && spec.linear_before_reset ? 1 : 0);
}

std::vector<float> gate_matrix(std::span<const float> weight, std::span<const std::int64_t> gates,
                               std::int64_t hidden, std::int64_t inputs) {
  std::vector<float> result(weight.size());
  const auto count = static_cast<std::int64_t>(gates.size());
  for (std::int64_t g = 0; g < count; ++g) {
    const float* block = weight.data() + gates[index(g)] * hidden * inputs;
    transpose(block, hidden, inputs, result.data() + g * hidden, count * hidden);
  }
  return result;
}

std::vector<float> gate_bias(std::span<const float> bias_ih, std::span<const float> bias_hh,
                             std::span<const std::int64_t> gates, std::int64_t hidden) {
  std::vector<float> result;
  result.reserve(gates.size() * index(hidden));
  for (const std::int64_t gate : gates) {
    for (std::int64_t u = gate * hidden; u < (gate + 1) * hidden; ++u) {
      result.push_back(bias_ih.empty() ? 0.0F : bias_ih[index(u)] + bias_hh[index(u)]);
    }
  }
  return result;
}

std::vector<float> lbr_gru_bias(std::span<const float> bias_ih, std::span<const float> bias_hh,
                                std::int64_t hidden) {
  std::vector<float> result(4 * index(hidden), 0.0F);
  if (bias_ih.empty()) return result;
  const std::vector<float> sums = gate_bias(bias_ih, bias_hh, kGruGates, hidden);
  std::copy_n(sums.begin(), 2 * hidden, result.begin());
  std::copy_n(bias_ih.begin() + 2 * hidden, hidden, result.begin() + 2 * hidden);
  std::copy_n(bias_hh.begin() + 2 * hidden, hidden, result.begin() + 3 * hidden);
  return result;
}

std::vector<float> projection_matrix(std::span<const float> weight, std::int64_t hidden,
                                     std::int64_t proj) {
  std::vector<float> result(weight.size());
  transpose(weight.data(), proj, hidden, result.data(), proj);
  return result;
}

RnnWeights::RnnWeights(const RecurrentSpec& s, const RecurrentWeights& w)
    : layer(Desc({1, 1, s.input_size, s.gates(), s.hidden_size}, kFloat, Tag::ldigo),
            gate_matrix(w.weight_ih, gate_order(s.cell), s.hidden_size, s.input_size)),
      iter(Desc({1, 1, s.state_size(), s.gates(), s.hidden_size}, kFloat, Tag::ldigo),
           gate_matrix(w.weight_hh, gate_order(s.cell), s.hidden_size, s.state_size())),
      projection(pack_projection(s, w.weight_hr)),
      peephole(pack_peephole(s, w.peephole)),
      bias(Desc({1, 1, bias_blocks(s), s.hidden_size}, kFloat, Tag::ldgo), bias_of(s, w)) {}

std::size_t RnnWeights::bytes() const noexcept {
  return layer.bytes() + iter.bytes() + projection.bytes() + peephole.bytes() + bias.bytes();
}

}  // namespace carousel::onednn
