// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

#include <cstddef>
#include <string>
#include <vector>

/// \file
/// Loops that are a recurrent layer, written out step by step.
namespace carousel::loading::onnx {

/// Gather of the network's tensor by the number of the step: what the step reads.
[[nodiscard]] Tensor element_of_step(const Call& call, const Tensor& index);
/// Makes `step` the element of a sequence along that axis; a loop may read one sequence only.
void take_element(const Call& call, const Tensor& sequence, std::size_t axis);

/// Something that goes from step to step.
struct Carried {
  std::string name;      ///< Of the body's input.
  const Value* initial;  ///< What it is before the first step.
  Tensor before;         ///< The state as the body reads it.
  Value after;           ///< What the body makes of it.
};

/// A tensor that stands for a state while the body is gone through.
[[nodiscard]] Tensor state_tensor(const Call& call, const Value& initial, const std::string& name);

/// The layer that a loop is.
struct LoopLayer {
  std::vector<Value> finals;  ///< Of each state.
  std::vector<Value> scans;   ///< Of each output that is collected step by step.
};
/// Throws Refusal unless the body is a step of an LSTM, GRU or RNN, and the outputs that are
/// collected are its h.
[[nodiscard]] LoopLayer make_layer(const Call& call, const StepOfLoop& step,
                                   const std::vector<Carried>& states,
                                   const std::vector<Value>& scans);

}  // namespace carousel::loading::onnx
