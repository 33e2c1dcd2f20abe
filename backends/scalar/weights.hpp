// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace carousel::scalar {

/// A copy of the weights of one direction, in the canonical order of gates.
struct Weights {
  Weights() = default;
  Weights(const LayerSpec& spec, const WeightsView& view);

  [[nodiscard]] std::size_t bytes() const noexcept;

  std::vector<float> ih;    ///< [G*H, I]
  std::vector<float> hh;    ///< [G*H, S]
  std::vector<float> bias;  ///< [G*H]: bias_ih + bias_hh or zeros; see `bias_hn`
  /// [H], for a GRU that is linear before its reset: the part of the candidate's bias that the
  /// reset gate multiplies; `bias` then has only the other part. Empty otherwise.
  std::vector<float> bias_hn;
  std::vector<float> hr;        ///< [P, H]; empty without projection
  std::vector<float> peephole;  ///< [3*H]: i, f, o; empty without peepholes
};

/// sum + w · v, accumulated in the order of the elements, in double: products of floats are exact
/// there, so what is left is the error of one rounding.
[[nodiscard]] inline float dot(float sum, const float* w, const float* v,
                               std::int64_t count) noexcept {
  double total = sum;
  for (std::int64_t k = 0; k < count; ++k) total += static_cast<double>(w[k]) * v[k];
  return static_cast<float>(total);
}

/// W_i* x + b_* of one row of the gates; `inputs`: the width of x.
[[nodiscard]] inline float from_input(const Weights& w, std::int64_t row, const float* x,
                                      std::int64_t inputs) noexcept {
  return dot(w.bias[static_cast<std::size_t>(row)], w.ih.data() + row * inputs, x, inputs);
}

/// sum + W_h* h of one row of the gates; `states`: the width of h.
[[nodiscard]] inline float add_state(float sum, const Weights& w, std::int64_t row, const float* h,
                                     std::int64_t states) noexcept {
  return dot(sum, w.hh.data() + row * states, h, states);
}

}  // namespace carousel::scalar
