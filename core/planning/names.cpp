// SPDX-License-Identifier: Apache-2.0
#include <carousel/plan.hpp>

namespace carousel {

std::string_view name(Plan plan) noexcept {
  switch (plan) {
    case Plan::fixed: return "fixed";
    case Plan::estimate: return "estimate";
    case Plan::measure: return "measure";
    case Plan::wisdom_only: return "wisdom-only";
  }
  return "?";
}

std::string_view name(PlanSource source) noexcept {
  switch (source) {
    case PlanSource::fixed: return "fixed";
    case PlanSource::model: return "cost model";
    case PlanSource::wisdom: return "wisdom";
    case PlanSource::measured: return "measured";
  }
  return "?";
}

}  // namespace carousel
