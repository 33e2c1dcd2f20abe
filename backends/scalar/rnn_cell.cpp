// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/cells.hpp"

#include <algorithm>

namespace carousel::scalar {

// Elman 1990: h' = tanh(W_i x + b_i + W_h h + b_h)
void rnn_step(const StepContext& s, const float* x, const States& states) noexcept {
  float* const h = states[0];
  const std::int64_t H = s.spec.hidden_size;
  const Operand input = s.input(x);
  const Operand state = s.state(h);
  for (std::int64_t j = 0; j < H; ++j) {
    s.hidden[j] = activate(s, 0, preactivation(s, j, input, state));
  }
  std::copy_n(s.hidden, H, h);
}

}  // namespace carousel::scalar
