// SPDX-License-Identifier: Apache-2.0
// Planning where nothing is timed and no wisdom is kept: every plan is the fixed one.
#include "core/planning/choose.hpp"
#include "core/planning/planner.hpp"

#include <utility>

namespace carousel::planning {

World this_world(std::string_view choice) { return untimed_world(choice); }

Planner::Planner(World world, Plan plan, const PlanOptions& options)
    : world_(std::move(world)),
      plan_(plan),
      options_(options),
      wisdom_(std::make_shared<const Wisdom>()),
      estimator_(wisdom_) {
  if (plan_ == Plan::measure || plan_ == Plan::wisdom_only) {
    throw Error(
        ErrorCode::unsupported,
        "prepare: this build measures nothing and keeps no wisdom; Plan::fixed needs neither");
  }
}

LayerPlan Planner::choose(const Problem& problem, const Position& /*position*/) {
  return choose_fixed(world_, problem);
}

void Planner::keep() {}

}  // namespace carousel::planning
