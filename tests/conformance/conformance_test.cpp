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
/// has shrunk. Refusals do not count.
constexpr int kMinimumExecuted = 400;

std::vector<const Backend*> runnable_backends() { return select_backends("auto"); }

/// CAROUSEL_CASE restricts the table to names that contain it, for debugging.
std::string case_filter() {
  const char* filter = std::getenv("CAROUSEL_CASE");
  return filter == nullptr ? "" : filter;
}

class Conformance : public testing::TestWithParam<const Backend*> {};

TEST_P(Conformance, AgreesWithTheOracle) {
  const Backend& backend = *GetParam();
  const std::string filter = case_filter();
  int executed = 0;
  std::map<std::string, int> refusals;
  double worst_share = 0.0;
  long long elements = 0;
  for (const Case& c : cases()) {
    if (c.name().find(filter) == std::string::npos) continue;
    const CaseReport report = run_case(backend, make_problem(c));
    worst_share = std::max(worst_share, report.worst_share);
    elements += report.elements;
    switch (report.outcome) {
      case Outcome::passed: ++executed; break;
      case Outcome::refused: ++refusals[report.message]; break;
      case Outcome::failed: ++executed, ADD_FAILURE() << report.message; break;
    }
  }
  std::printf("%s: executed %d cases, %zu refused, %lld values, largest error %.2f of tolerance\n",
              backend.id().c_str(), executed, refusals.size(), elements, worst_share);
  for (const auto& [reason, count] : refusals) std::printf("  refused: %s\n", reason.c_str());
  if (filter.empty()) {
    EXPECT_GE(executed, kMinimumExecuted) << backend.id();
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
