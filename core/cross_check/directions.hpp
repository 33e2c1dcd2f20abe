// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/spec.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace carousel::detail {

/// The states of a layer that belong to the same direction.
struct DirectionStates {
  std::size_t first = 0;  ///< Index of `states(spec)`.
  std::size_t count = 0;
  Direction direction = Direction::forward;  ///< forward or reverse
};

/// The states of each direction of a layer; empty for a layer without states.
[[nodiscard]] std::vector<DirectionStates> directions_of(const LayerSpec& spec);

/// The direction and the unit that a feature of a layer's output comes from.
struct OutputUnit {
  Direction direction = Direction::forward;
  std::int64_t unit = 0;
};

[[nodiscard]] OutputUnit output_unit(const LayerSpec& spec, std::int64_t feature) noexcept;

/// The name of a state without its direction: "c" of "c_reverse".
[[nodiscard]] std::string_view base_name(std::string_view state) noexcept;

}  // namespace carousel::detail
