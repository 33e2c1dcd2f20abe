// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/number.hpp"

#include <carousel/spec.hpp>

#include <span>

namespace carousel::oracle {

/// An elementwise operation of two numbers, with error.
[[nodiscard]] Number operate(ElementwiseOperation operation, Number a, Number b,
                             const ErrorModel& model);

/// What becomes of at least one number, in any order, with error.
[[nodiscard]] Number reduce(ReduceOperation operation, std::span<const Number> numbers,
                            const ErrorModel& model);

}  // namespace carousel::oracle
