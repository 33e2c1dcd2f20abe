// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/network_data.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace carousel::detail {

/// How many steps a sequence has, where `inputs` and `flows` count those of each input of the
/// network and those that each layer puts out.
[[nodiscard]] std::int64_t steps_of(const Source& source, std::span<const std::int64_t> inputs,
                                    std::span<const std::int64_t> flows) noexcept;

/// Counts the steps that each layer puts out, into `flows`, from those of each input. False if the
/// inputs of some layer have neither equally many steps nor one.
bool count_steps(const NetworkData& network, std::span<const std::int64_t> inputs,
                 std::span<std::int64_t> flows) noexcept;

/// The steps of each input in a run of `steps`: those of a single step have 1.
[[nodiscard]] std::vector<std::int64_t> input_steps(const NetworkData& network, std::int64_t steps);

}  // namespace carousel::detail
