// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command_line.hpp"

#include <carousel/plan.hpp>

#include <string>

namespace carousel::cli {

/// Adds --plan to a command that prepares one network.
void add_plan_option(Parser& command, Plan& plan);

/// Says it on standard error; for `PlanOptions::report`.
void warn(const std::string& text);

/// What a command passes on to `prepare`: warnings are shown.
[[nodiscard]] PlanOptions planning_with_warnings();

}  // namespace carousel::cli
