// SPDX-License-Identifier: Apache-2.0
#include "conformance/runner.hpp"

#include <carousel/backend.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace carousel::conformance {
namespace {

/// Fewer executed cases than this mean that a backend refuses what it should run, or that the table
/// has shrunk. Refusals do not count. The scalar backend refuses nothing.
std::size_t minimum_executed(const Backend& backend) {
  if (backend.family() == "scalar") return cases().size();
  return backend.family() == "onednn" ? 980 : 400;
}

std::vector<const Backend*> runnable_backends() { return select_backends("auto"); }

/// Where a library that is not ours is known to differ: such cases are counted apart, with the
/// reason. Empty: nowhere.
std::string known_difference(const Backend& backend, const Case& c) {
  const bool not_finite = c.inputs == Inputs::nan_in_a_row || c.inputs == Inputs::inf_in_a_row;
  const bool relu = !c.functions.empty() && c.functions.front().kind == ActivationKind::relu;
  if (backend.family() == "onednn" && c.cell == Cell::rnn && relu && not_finite) {
    return "oneDNN's relu makes 0 of NaN";
  }
  return "";
}

/// CAROUSEL_CASE restricts the table to names that contain it, for debugging.
std::string case_filter() {
  const char* filter = std::getenv("CAROUSEL_CASE");
  return filter == nullptr ? "" : filter;
}

class Conformance : public testing::TestWithParam<const Backend*> {};

TEST_P(Conformance, AgreesWithTheOracle) {
  const Backend& backend = *GetParam();
  const std::string filter = case_filter();
  std::size_t executed = 0;
  std::size_t refused = 0;
  std::map<std::string, int> reasons;
  double worst_share = 0.0;
  long long elements = 0;
  for (const Case& c : cases()) {
    if (c.name().find(filter) == std::string::npos) continue;
    const std::string known = known_difference(backend, c);
    const CaseReport report =
        known.empty() ? run_case(backend, c) : CaseReport{Outcome::refused, known};
    worst_share = std::max(worst_share, report.worst_share);
    elements += report.elements;
    switch (report.outcome) {
      case Outcome::passed: ++executed; break;
      case Outcome::refused: ++refused, ++reasons[report.message]; break;
      case Outcome::failed: ++executed, ADD_FAILURE() << report.message; break;
    }
  }
  std::printf("%s: executed %zu cases, %zu refused, %lld values, largest error %.2f of tolerance\n",
              backend.id().c_str(), executed, refused, elements, worst_share);
  for (const auto& [reason, count] : reasons) {
    std::printf("  refused %d: %s\n", count, reason.c_str());
  }
  if (filter.empty()) {
    EXPECT_GE(executed, minimum_executed(backend)) << backend.id();
  }
}

std::string test_name(const testing::TestParamInfo<const Backend*>& info) {
  std::string name = info.param->id();
  for (char& letter : name) {
    if (letter == ':') letter = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Backends, Conformance, testing::ValuesIn(runnable_backends()), test_name);

/// Names seed the cases' numbers and tell a failure's reader which it was.
TEST(Cases, HaveNamesOfTheirOwn) {
  std::map<std::string, int> seen;
  for (const Case& c : cases()) ++seen[c.name()];
  for (const auto& [name, count] : seen) EXPECT_EQ(count, 1) << name;
}

}  // namespace
}  // namespace carousel::conformance
