// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/number.hpp"

#include <span>
#include <vector>

namespace carousel::oracle {

/// (p - mean(p)) / sqrt(variance(p) + epsilon) of all units of a row, with error. Implementations
/// are expected to sum the squares of what is left after the mean: E[p^2] - E[p]^2 cancels. Without
/// `center` the mean counts as 0.
[[nodiscard]] std::vector<Number> layer_normalized(std::span<const Number> p, double epsilon,
                                                   const ErrorModel& model, bool center = true);

}  // namespace carousel::oracle
