// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/cells.hpp>

#include <string_view>
#include <vector>

namespace carousel::cli {

/// What is said of one of a cell's quantities.
struct SignalText {
  std::string_view key;      ///< Its name in the oracle's trace.
  std::string_view title;    ///< "forget gate"
  std::string_view caption;  ///< What to see in its heat map; may be empty.
  bool gate = false;         ///< Whether it has the gates' function, which is usually a sigmoid.
  bool keeps = false;        ///< Whether it decides how much of a unit's state is kept.
};

/// All quantities of a cell in the order of its equations. Of a cell that nobody wrote captions
/// for, the gates and states of its traits.
[[nodiscard]] std::vector<SignalText> signal_texts(Cell cell);

}  // namespace carousel::cli
