// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/cells.hpp"

namespace carousel::scalar {
namespace {

/// n = tanh(W_in x + b_in + r ∘ (W_hn h + b_hn)): PyTorch, cuDNN
void candidate_of_linear(const StepContext& s, const Operand& x, const Operand& h, const float* r,
                         float* n) {
  const std::int64_t H = s.spec.hidden_size;
  for (std::int64_t j = 0; j < H; ++j) {
    const float bias = s.w.bias_hn[static_cast<std::size_t>(j)];
    const float input = from_input(s.w, 2 * H + j, x);
    const float state = s.w.hh.add_product(bias, 2 * H + j, h);
    n[j] = activate(s, kCandidate, input + r[j] * state);
  }
}

/// n = tanh(W_in x + b_in + W_hn (r ∘ h) + b_hn): the paper, the default of ONNX
void candidate_of_reset(const StepContext& s, const Operand& x, const float* h, const float* r,
                        float* n) {
  const std::int64_t H = s.spec.hidden_size;
  for (std::int64_t j = 0; j < H; ++j) s.hidden[j] = r[j] * h[j];
  const Operand reset = s.state(s.hidden);
  for (std::int64_t j = 0; j < H; ++j) {
    n[j] = activate(s, kCandidate, preactivation(s, 2 * H + j, x, reset));
  }
}

}  // namespace

// Cho et al. 2014, in PyTorch's notation:
//   r = σ(W_ir x + b_ir + W_hr h + b_hr)    z = σ(W_iz x + b_iz + W_hz h + b_hz)
//   n: one of the two above                 h' = (1 - z) ∘ n + z ∘ h
void gru_step(const StepContext& s, const float* x, const States& states) noexcept {
  float* const h = states[0];
  const std::int64_t H = s.spec.hidden_size;
  const Operand input = s.input(x);
  const Operand state = s.state(h);
  for (std::int64_t row = 0; row < 2 * H; ++row) {
    s.gates[row] = activate(s, kGate, preactivation(s, row, input, state));
  }
  const float* r = s.gates;
  const float* z = s.gates + H;
  float* n = s.gates + 2 * H;
  if (s.spec.linear_before_reset) {
    candidate_of_linear(s, input, state, r, n);
  } else {
    candidate_of_reset(s, input, h, r, n);
  }
  for (std::int64_t j = 0; j < H; ++j) h[j] = (1.0F - z[j]) * n[j] + z[j] * h[j];
}

}  // namespace carousel::scalar
