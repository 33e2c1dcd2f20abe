// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/scalar/activations.hpp"
#include "backends/scalar/weights.hpp"

#include <carousel/spec.hpp>

#include <cstddef>
#include <cstdint>

namespace carousel::scalar {

/// What a step of one direction of a recurrent layer needs besides its input and state.
struct StepContext {
  const LayerSpec& spec;
  const ActivationSet& activations;
  const Weights& w;
  float* gates;   ///< scratch [G*H]
  float* hidden;  ///< scratch [H]
};

/// One step: reads x [input_size] and replaces h [state_size] and c [hidden_size].
void lstm_step(const StepContext& context, const float* x, float* h, float* c) noexcept;
void gru_step(const StepContext& context, const float* x, float* h) noexcept;
void rnn_step(const StepContext& context, const float* x, float* h) noexcept;

/// Bounds `a` to [-limit, limit]; a limit of 0 means none. NaN stays NaN.
[[nodiscard]] inline float clipped(float a, float limit) noexcept {
  if (!(limit > 0.0F)) return a;
  return a > limit ? limit : a < -limit ? -limit : a;
}

/// W_i* x + b_i* + W_h* h + b_h* of one row of the gates.
[[nodiscard]] inline float preactivation(const StepContext& s, std::int64_t row, const float* x,
                                         const float* h) noexcept {
  return add_state(from_input(s.w, row, x, s.spec.input_size), s.w, row, h, s.spec.state_size());
}

/// The places of functions in a cell's set: all of LSTM's, the first two of GRU's.
enum Function : std::size_t { kGate, kCandidate, kOutput };

/// The function `which` of the cell's set, of a clipped pre-activation.
[[nodiscard]] inline float activate(const StepContext& s, std::size_t which, float a) noexcept {
  return evaluate(s.activations[which], clipped(a, s.spec.clip));
}

}  // namespace carousel::scalar
