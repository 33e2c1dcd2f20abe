// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/onednn/packed_tensor.hpp"
#include "backends/recurrent_weights.hpp"

#include <carousel/spec.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

/// Converts the weights of a recurrent layer from PyTorch's layout to oneDNN's. No other file knows
/// both layouts.
namespace carousel::onednn {

/// For each gate in oneDNN's order, its place in PyTorch's.
/// LSTM: PyTorch i, f, g, o; oneDNN i, f, c~, o: the same under another name.
inline constexpr std::array<std::int64_t, 4> kLstmGates{0, 1, 2, 3};
/// GRU: PyTorch r, z, n; oneDNN u, r, o, where u is z: both keep the part z of the old state.
inline constexpr std::array<std::int64_t, 3> kGruGates{1, 0, 2};
inline constexpr std::array<std::int64_t, 1> kRnnGates{0};

/// The gates of `cell`, each as its place in PyTorch's order; empty: oneDNN has no such cell.
[[nodiscard]] std::span<const std::int64_t> gate_order(Cell cell) noexcept;

/// `weight_ih [G*H, K]` or `weight_hh` to oneDNN's "ldigo" `[1, 1, K, G, H]`: gate blocks in the
/// order `gates`, transposed.
[[nodiscard]] std::vector<float> gate_matrix(std::span<const float> weight,
                                             std::span<const std::int64_t> gates,
                                             std::int64_t hidden, std::int64_t inputs);

/// `bias_ih + bias_hh [G*H]` to oneDNN's "ldgo" `[1, 1, G, H]`; zeros if the layer has no bias.
[[nodiscard]] std::vector<float> gate_bias(std::span<const float> bias_ih,
                                           std::span<const float> bias_hh,
                                           std::span<const std::int64_t> gates,
                                           std::int64_t hidden);

/// The same for a GRU that is linear before its reset, where the candidate has two biases, of which
/// the reset gate multiplies the second: "ldgo" `[1, 1, 4, H]` of u, r, o (bias_ih), o (bias_hh).
[[nodiscard]] std::vector<float> lbr_gru_bias(std::span<const float> bias_ih,
                                              std::span<const float> bias_hh, std::int64_t hidden);

/// How many blocks of `hidden_size` oneDNN's bias has: 4 for an LSTM and for a GRU that is linear
/// before its reset, 3 for another GRU, 1 for a plain RNN.
[[nodiscard]] std::int64_t bias_blocks(const RecurrentSpec& spec) noexcept;

/// `weight_hr [P, H]` to oneDNN's "ldio" `[1, 1, H, P]`.
[[nodiscard]] std::vector<float> projection_matrix(std::span<const float> weight,
                                                   std::int64_t hidden, std::int64_t proj);

/// The weights of one direction of a layer.
struct RnnWeights {
  RnnWeights(const RecurrentSpec& spec, const RecurrentWeights& weights);

  [[nodiscard]] std::size_t bytes() const noexcept;

  PackedTensor layer;
  PackedTensor iter;
  PackedTensor projection;  ///< Empty without projection.
  PackedTensor peephole;    ///< In the order i, f, o; empty without peepholes.
  PackedTensor bias;
};

}  // namespace carousel::onednn
