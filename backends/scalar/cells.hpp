// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/scalar/cell_weights.hpp"
#include "core/engine/activations.hpp"

#include <carousel/spec.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>

namespace carousel::scalar {

/// What a step of one direction of a recurrent layer needs in addition to its input and states.
struct StepContext {
  const RecurrentSpec& spec;
  const ActivationSet& activations;
  const CellWeights& w;
  float* gates;              ///< Scratch [G*H].
  float* hidden;             ///< Scratch [H].
  std::int8_t* quantized_x;  ///< Scratch [I].
  std::int8_t* quantized_h;  ///< Scratch [H].

  /// x [input_size] and h [recurrent_size], or what stands in its place, as operands of the
  /// weights. There is one of each at a time.
  [[nodiscard]] Operand input(const float* x) const noexcept {
    return w.ih.operand(x, quantized_x);
  }
  [[nodiscard]] Operand state(const float* h) const noexcept {
    return w.hh.operand(h, quantized_h);
  }
};

/// The states of one batch row in one direction, in the order of the cell's traits: h
/// [state_size], the others [hidden_size].
using States = std::array<float*, std::tuple_size_v<decltype(CellTraits::states)>>;

/// One step: reads x [input_size] and replaces the states.
using Step = void (*)(const StepContext& context, const float* x, const States& states) noexcept;
void lstm_step(const StepContext& context, const float* x, const States& states) noexcept;
void gru_step(const StepContext& context, const float* x, const States& states) noexcept;
void rnn_step(const StepContext& context, const float* x, const States& states) noexcept;
void slstm_step(const StepContext& context, const float* x, const States& states) noexcept;

/// The step of each cell, in the order of `Cell`.
inline constexpr std::array kSteps{Step{lstm_step}, Step{gru_step}, Step{rnn_step},
                                   Step{slstm_step}};
static_assert(kSteps.size() == kCellCount);

/// Bounds `a` to [-limit, limit]; a limit of 0 means none. NaN stays NaN.
[[nodiscard]] inline float clipped(float a, float limit) noexcept {
  if (!(limit > 0.0F)) return a;
  return a > limit ? limit : a < -limit ? -limit : a;
}

/// W_i* x + b_i* + W_h* h + b_h* of one row of the gates.
[[nodiscard]] inline float preactivation(const StepContext& s, std::int64_t row, const Operand& x,
                                         const Operand& h) noexcept {
  return s.w.hh.add_product(from_input(s.w, row, x), row, h);
}

/// The pre-activations of all gates, each gate normalized over its units, scaled and biased.
void normalized_preactivations(const StepContext& context, const float* x, const float* h) noexcept;

/// The indices of activation functions in a cell's set: all of LSTM's, the first two of GRU's.
enum Function : std::size_t { kGate, kCandidate, kOutput };

/// Applies the function `which` of the cell's set to a pre-activation, which is clipped before.
[[nodiscard]] inline float activate(const StepContext& s, std::size_t which, float a) noexcept {
  return evaluate(s.activations[which], clipped(a, s.spec.clip));
}

}  // namespace carousel::scalar
