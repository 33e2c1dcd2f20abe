// SPDX-License-Identifier: Apache-2.0
#include "plan_option.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <map>

namespace carousel::cli {

void add_plan_option(CLI::App& command, Plan& plan) {
  std::map<std::string, Plan> names;
  for (const Plan each : {Plan::fixed, Plan::estimate, Plan::measure, Plan::wisdom_only}) {
    names.emplace(name(each), each);
  }
  command
      .add_option("--plan", plan,
                  "how to choose backends and threads: fixed (by priority), estimate\n"
                  "(wisdom, else a model; the default), measure, wisdom-only")
      ->transform(CLI::CheckedTransformer(names).description(""))
      ->type_name("PLAN");
}

void warn(const std::string& text) { std::cerr << "carousel: warning: " << text << '\n'; }

PlanOptions planning_with_warnings() {
  PlanOptions options;
  options.report = warn;
  return options;
}

}  // namespace carousel::cli
