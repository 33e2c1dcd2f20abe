// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/stream_data.hpp"

#include <cstdint>
#include <span>

namespace carousel::detail {

using Lengths = std::span<const std::int64_t>;

/// The steps of what an input is given.
[[nodiscard]] inline std::int64_t given_steps(const InputViews& input, bool ids) noexcept {
  return ids ? input.ids.steps : input.x.steps;
}

/// Checks the arguments of a run that stand in `data`, and counts the steps of all sequences.
[[nodiscard]] Status check_run(const NetworkData& network, StreamData& data,
                               Lengths lengths) noexcept;

/// Checks and runs the arguments that stand in `data`.
[[nodiscard]] Status run_arguments(const NetworkData& network, StreamData& data,
                                   Lengths lengths) noexcept;

}  // namespace carousel::detail
