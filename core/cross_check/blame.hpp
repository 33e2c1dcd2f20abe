// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/spec.hpp>

#include <string>
#include <string_view>

namespace carousel::detail {

/// Which part of the equations to suspect if a step gives a wrong state, although it starts from
/// the right ones.
struct Blame {
  /// The state that distinguishes two parts of the equation: if it starts from zero, only one part
  /// is left. Empty: there is one suspect, `still_wrong`.
  std::string_view zeroed{};
  std::string still_wrong{};  ///< To blame when the result is wrong then as well.
  std::string right_then{};   ///< To blame when the result is right then.
};

/// The suspects for a state of a cell, whose name is given without its direction. For a state that
/// nothing is known about, the suspect is its name.
[[nodiscard]] Blame blame_for_state(const LayerSpec& spec, std::string_view state);

/// What to suspect where a layer's output is wrong, but all its states are right.
[[nodiscard]] std::string blame_for_output(const LayerSpec& spec);

}  // namespace carousel::detail
