// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/number.hpp"

#include <carousel/model.hpp>

#include <span>
#include <vector>

namespace carousel::oracle {

/// The activation of a model's outputs, of all of one step of one row.
[[nodiscard]] std::vector<Number> apply(Tail tail, std::span<const Number> outputs,
                                        const ErrorModel& model);

}  // namespace carousel::oracle
