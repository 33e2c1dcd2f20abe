// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/cells.hpp"

#include <algorithm>

namespace carousel::scalar {
namespace {

enum Peephole : std::int64_t { kInput, kForget, kOutputGate };

/// a + p ∘ c of one unit, or a without peepholes.
float peeped(const StepContext& s, float a, Peephole gate, std::int64_t unit, float c) {
  if (!s.spec.peephole) return a;
  return a + s.w.peephole[static_cast<std::size_t>(gate * s.spec.hidden_size + unit)] * c;
}

/// c' of one unit; `a` are the gates' pre-activations without peepholes.
float next_cell(const StepContext& s, const float* a, std::int64_t unit, float c) {
  const std::int64_t H = s.spec.hidden_size;
  float i = activate(s, kGate, peeped(s, a[unit], kInput, unit, c));
  float f = activate(s, kGate, peeped(s, a[H + unit], kForget, unit, c));
  const float g = activate(s, kCandidate, a[2 * H + unit]);
  if (s.spec.coupling == GateCoupling::forget_from_input) f = 1.0F - i;
  if (s.spec.coupling == GateCoupling::input_from_forget) i = 1.0F - f;
  return clipped(f * c + i * g, s.spec.cell_clip);
}

}  // namespace

// Hochreiter & Schmidhuber 1997 with forget gates (Gers et al. 2000), peepholes (Gers & Schmidhuber
// 2000), coupled gates (Greff et al. 2017) and projection (Sak et al. 2014), in PyTorch's notation:
//   i = σ(W_ii x + b_ii + W_hi h + b_hi [+ p_i ∘ c])
//   f = σ(W_if x + b_if + W_hf h + b_hf [+ p_f ∘ c])
//   g = tanh(W_ig x + b_ig + W_hg h + b_hg)
//   c' = f ∘ c + i ∘ g
//   o = σ(W_io x + b_io + W_ho h + b_ho [+ p_o ∘ c'])
//   h' = o ∘ tanh(c')  [h' = W_hr h']
// With layer normalization, what σ and tanh are given comes from layer_norm.cpp.
void lstm_step(const StepContext& s, const float* x, const States& states) noexcept {
  float* const h = states[0];
  float* const c = states[1];
  const std::int64_t H = s.spec.hidden_size;
  const std::int64_t P = s.spec.proj_size;
  if (s.spec.layer_norm) {
    normalized_preactivations(s, x, h);
  } else {
    const Operand input = s.input(x);
    const Operand state = s.state(h);
    for (std::int64_t row = 0; row < 4 * H; ++row) {
      s.gates[row] = preactivation(s, row, input, state);
    }
  }
  for (std::int64_t j = 0; j < H; ++j) {
    c[j] = next_cell(s, s.gates, j, c[j]);
    const float o = activate(s, kGate, peeped(s, s.gates[3 * H + j], kOutputGate, j, c[j]));
    s.hidden[j] = o * evaluate(s.activations[kOutput], c[j]);
  }
  if (P == 0) {
    std::copy_n(s.hidden, H, h);
    return;
  }
  const Operand hidden = s.w.hr.operand(s.hidden, s.quantized_h);
  for (std::int64_t p = 0; p < P; ++p) h[p] = s.w.hr.add_product(0.0F, p, hidden);
}

}  // namespace carousel::scalar
