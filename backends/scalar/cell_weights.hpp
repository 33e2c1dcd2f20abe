// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/recurrent_weights.hpp"
#include "backends/scalar/matrix.hpp"

#include <carousel/spec.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace carousel::scalar {

/// A copy of the weights of one direction, in the canonical order of gates.
struct CellWeights {
  CellWeights(const RecurrentSpec& spec, const RecurrentWeights& weights, Precision precision);

  [[nodiscard]] std::size_t bytes() const noexcept;

  Matrix ih;                ///< [G*H, I]
  Matrix hh;                ///< [G*H, S / heads]
  std::vector<float> bias;  ///< [G*H]: bias_ih + bias_hh or zeros; see `bias_hn`.
  /// [H], for a GRU that is linear before its reset: the part of the candidate's bias that the
  /// reset gate multiplies; `bias` then has only the other part. Empty otherwise.
  std::vector<float> bias_hn;
  Matrix hr;                    ///< [P, H]; empty without projection.
  std::vector<float> peephole;  ///< [3*H] in the order i, f, o; empty without peepholes.
  std::vector<float> norm;      ///< [G*H]; empty without layer normalization.
};

/// W_i* x + b_* of one row of the gates.
[[nodiscard]] inline float from_input(const CellWeights& w, std::int64_t row,
                                      const Operand& x) noexcept {
  return w.ih.add_product(w.bias[static_cast<std::size_t>(row)], row, x);
}

}  // namespace carousel::scalar
