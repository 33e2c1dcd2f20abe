// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/run.hpp"

namespace carousel::detail {

/// Refuses arguments of a run, whose views stand in `data` and have been checked one by one, where
/// what the run writes (outputs, and the stream's states) overlaps what it reads or writes besides.
/// The text names both. Reads no element of them.
[[nodiscard]] Status check_overlaps(const NetworkData& network, const StreamData& data,
                                    Lengths lengths) noexcept;

}  // namespace carousel::detail
