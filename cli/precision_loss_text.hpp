// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "precision_loss.hpp"
#include "table.hpp"

/// What a precision costs, for people and for programs.
namespace carousel::cli {

[[nodiscard]] Json loss_json(const PrecisionLoss& loss);
void print_loss(const PrecisionLoss& loss);

}  // namespace carousel::cli
