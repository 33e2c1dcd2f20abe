// SPDX-License-Identifier: Apache-2.0
#include "plan_option.hpp"

#include <iostream>
#include <utility>
#include <vector>

namespace carousel::cli {

void add_plan_option(Parser& command, Plan& plan) {
  std::vector<std::pair<std::string, Plan>> choices;
  for (const Plan each : {Plan::fixed, Plan::estimate, Plan::measure, Plan::wisdom_only}) {
    choices.emplace_back(name(each), each);
  }
  command
      .add_choice("--plan", plan, std::move(choices),
                  "how to choose backends and threads: fixed (by priority), estimate\n"
                  "(wisdom, else a model; the default), measure, wisdom-only")
      .type_name("PLAN");
}

void warn(const std::string& text) { std::cerr << "carousel: warning: " << text << '\n'; }

PlanOptions planning_with_warnings() {
  PlanOptions options;
  options.report = warn;
  return options;
}

}  // namespace carousel::cli
