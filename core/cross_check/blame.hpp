// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/spec.hpp>

#include <string>
#include <string_view>

namespace carousel::detail {

/// What to suspect where a step gives a wrong state, although it starts from the right ones.
struct Blame {
  /// The state that tells two parts of the equation apart: started from zero, only one is left.
  /// Empty: there is one suspect, `still_wrong`.
  std::string_view zeroed{};
  std::string still_wrong{};  ///< To blame when the result is wrong then as well.
  std::string right_then{};   ///< To blame when the result is right then.
};

/// What is known about the states of each cell; `state` without its direction. A state that
/// nothing is known about is blamed by its name.
[[nodiscard]] Blame blame_for_state(const LayerSpec& spec, std::string_view state);

/// What to suspect where a layer's output is wrong, but all its states are right.
[[nodiscard]] std::string blame_for_output(const LayerSpec& spec);

}  // namespace carousel::detail
