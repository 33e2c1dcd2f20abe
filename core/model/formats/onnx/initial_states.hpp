// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

#include <cstdint>
#include <map>
#include <string>

/// \file
/// What a recurrent operator reads and gives beside its weights.
namespace carousel::loading::onnx {

/// Which axis of X, and of Y without its directions, is what.
struct RecurrentAxes {
  bool batch_first = false;
  [[nodiscard]] std::size_t steps() const { return batch_first ? 1 : 0; }
  [[nodiscard]] std::size_t batch() const { return batch_first ? 0 : 1; }
  /// The directions of a state.
  [[nodiscard]] std::size_t slots() const { return batch_first ? 1 : 0; }
};

/// A state that a layer has in each direction.
struct InitialInput {
  std::string state;  ///< "h"; the operator calls its input "initial_h".
  std::int64_t width = 0;
  std::int64_t directions = 1;
};

/// A tensor as what a recurrent layer reads: the meanings of its axes fixed, frames in their order.
[[nodiscard]] Tensor recurrent_input(const Call& call, const Tensor& given,
                                     const RecurrentAxes& axes, std::int64_t size);

/// initial_h or initial_c. What it is where that is known becomes a weight of the layer; else it is
/// a flow for each direction. `x`: what the layer reads.
void read_initial_state(const Call& call, const Value& value, const InitialInput& input,
                        const RecurrentAxes& axes, const Tensor& x, ModelLayer& layer,
                        std::map<std::string, std::size_t>& initial);

/// The final states of that name of all directions of a layer, side by side.
[[nodiscard]] std::size_t final_states(const Call& call, std::size_t flow, const std::string& name);

}  // namespace carousel::loading::onnx
