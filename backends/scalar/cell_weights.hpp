// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/recurrent_weights.hpp"
#include "backends/scalar/arithmetic.hpp"

#include <carousel/spec.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace carousel::scalar {

/// A copy of the weights of one direction, in the canonical order of gates.
struct CellWeights {
  CellWeights(const RecurrentSpec& spec, const RecurrentWeights& weights);

  [[nodiscard]] std::size_t bytes() const noexcept;

  std::vector<float> ih;    ///< [G*H, I]
  std::vector<float> hh;    ///< [G*H, S / heads]
  std::vector<float> bias;  ///< [G*H]: bias_ih + bias_hh or zeros; see `bias_hn`.
  /// [H], for a GRU that is linear before its reset: the part of the candidate's bias that the
  /// reset gate multiplies; `bias` then has only the other part. Empty otherwise.
  std::vector<float> bias_hn;
  std::vector<float> hr;        ///< [P, H]; empty without projection.
  std::vector<float> peephole;  ///< [3*H] in the order i, f, o; empty without peepholes.
  std::vector<float> norm;      ///< [G*H]; empty without layer normalization.
};

/// W_i* x + b_* of one row of the gates; `inputs`: the width of x.
[[nodiscard]] inline float from_input(const CellWeights& w, std::int64_t row, const float* x,
                                      std::int64_t inputs) noexcept {
  return dot(w.bias[static_cast<std::size_t>(row)], w.ih.data() + row * inputs, x, inputs);
}

/// sum + W_h* h of one row of the gates; `states`: the width of h.
[[nodiscard]] inline float add_state(float sum, const CellWeights& w, std::int64_t row,
                                     const float* h, std::int64_t states) noexcept {
  return dot(sum, w.hh.data() + row * states, h, states);
}

}  // namespace carousel::scalar
