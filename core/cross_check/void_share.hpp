// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/cross_check.hpp>

#include <cstddef>
#include <span>

namespace carousel::detail {

/// CrossCheckReport::void_share: of the first values, which are those of the outputs, one output of
/// `counts[k]` values after the other.
[[nodiscard]] double void_share(const Expected& expected, std::span<const std::size_t> counts);

}  // namespace carousel::detail
