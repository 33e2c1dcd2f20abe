// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/cells.hpp"

#include <cmath>

namespace carousel::scalar {
namespace {

/// W x + b + R h of all gates, where R has weights for a unit's own head only.
void head_preactivations(const StepContext& s, const float* x, const float* h) {
  const std::int64_t D = s.spec.recurrent_size();
  const Operand input = s.input(x);
  for (std::int64_t first = 0; first < s.spec.hidden_size; first += D) {
    const Operand state = s.state(h + first);
    for (std::int64_t gate = 0; gate < 4; ++gate) {
      const std::int64_t row = gate * s.spec.hidden_size + first;
      for (std::int64_t j = row; j < row + D; ++j) s.gates[j] = preactivation(s, j, input, state);
    }
  }
}

float sigmoid(float a) { return evaluate(detail::kSigmoid, a); }

/// log(σ(a)) = -log(1 + exp(-a)), without overflow and accurate where it is small.
float log_sigmoid(float a) { return -evaluate({ActivationKind::softplus}, -a); }

/// NaN if one of them is.
float larger(float a, float b) { return a > b || std::isnan(a) ? a : b; }

/// min(1, exp(a)); of NaN, NaN.
float exp_up_to_one(float a) { return a > 0.0F ? 1.0F : std::exp(a); }

}  // namespace

// Beck et al. 2024, xLSTM, with the stabilizer m as in the authors' code:
//   a_* = W_* x + R_* h + b_*        l = m + log(σ(a_f))
//   m' = a_i where n = 0 (the first step), else max(a_i, l)
//   i = min(1, exp(a_i - m'))        f = min(1, exp(l - m'))
//   c' = f ∘ c + i ∘ tanh(a_z)       n' = f ∘ n + i
//   h' = σ(a_o) ∘ c' / n'
void slstm_step(const StepContext& s, const float* x, const States& states) noexcept {
  const auto [h, c, n, m] = states;
  const std::int64_t H = s.spec.hidden_size;
  head_preactivations(s, x, h);
  for (std::int64_t j = 0; j < H; ++j) {
    const float a_i = s.gates[j];
    const float z = std::tanh(s.gates[2 * H + j]);
    const float o = sigmoid(s.gates[3 * H + j]);
    const float l = m[j] + log_sigmoid(s.gates[H + j]);
    m[j] = n[j] == 0.0F ? a_i : larger(a_i, l);
    const float i = exp_up_to_one(a_i - m[j]);
    const float f = exp_up_to_one(l - m[j]);
    c[j] = f * c[j] + i * z;
    n[j] = f * n[j] + i;
    h[j] = o * c[j] / n[j];
  }
}

}  // namespace carousel::scalar
