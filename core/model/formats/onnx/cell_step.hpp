// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network.hpp"

#include <carousel/model.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace carousel::loading::onnx {

/// One step of a loop: flows that it reads and makes.
struct LoopStep {
  std::size_t x = 0;
  std::vector<std::size_t> before;  ///< The states.
  std::vector<std::size_t> after;   ///< What becomes of each.
};

/// A step that is one of an LSTM, GRU or RNN.
struct CellStep {
  ModelLayer layer;
  std::vector<std::size_t> states;  ///< Which of the loop's states are h and c.
};

/// Recognizes a step by its equations; nothing unless it is exactly that of a cell.
[[nodiscard]] std::optional<CellStep> recognize_cell(const Network& network, const LoopStep& step);

}  // namespace carousel::loading::onnx
