// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/plan.hpp>

#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

namespace carousel::cli {

/// Adds --plan to a command that prepares one network.
void add_plan_option(CLI::App& command, Plan& plan);

/// Says it on standard error; for `PlanOptions::report`.
void warn(const std::string& text);

/// What a command passes on to `prepare`: warnings are shown.
[[nodiscard]] PlanOptions planning_with_warnings();

}  // namespace carousel::cli
