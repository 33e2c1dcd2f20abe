// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/suite.hpp"

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
/// has shrunk. Refusals do not count. Our own backends refuse nothing.
std::size_t minimum_executed(const Backend& backend) {
  return backend.family().starts_with("onednn") ? 2900 : cases().size();
}

/// All of them, and that of the plug-in which is built for this test.
std::vector<const Backend*> runnable_backends() {
#if defined(CAROUSEL_TEST_PLUGIN)
  (void)load_plugin(CAROUSEL_TEST_PLUGIN);
#endif
  return select_backends("auto");
}

/// CAROUSEL_CASE restricts the table to names that contain it, for debugging.
std::string case_filter() {
  const char* filter = std::getenv("CAROUSEL_CASE");
  return filter == nullptr ? "" : filter;
}

void print(const std::map<std::string, std::size_t>& reasons) {
  for (const auto& [reason, count] : reasons) {
    std::printf("  refused %zu: %s\n", count, reason.c_str());
  }
}

class Conformance : public testing::TestWithParam<const Backend*> {};

TEST_P(Conformance, AgreesWithTheOracle) {
  const Backend& backend = *GetParam();
  const std::string filter = case_filter();
  const SuiteReport report = run_suite(backend, {.filter = filter});
  for (const std::string& failure : report.failures) ADD_FAILURE() << failure;
  std::printf("%s: executed %zu cases, %zu refused, %lld values, largest error %.2f of tolerance\n",
              backend.id().c_str(), report.executed(), report.refused + report.set_apart,
              static_cast<long long>(report.elements), report.worst_share);
  print(report.refusals);
  print(report.differences);
  if (filter.empty()) {
    EXPECT_GE(report.executed(), minimum_executed(backend)) << backend.id();
  }
}

std::string test_name(const testing::TestParamInfo<const Backend*>& info) {
  std::string name = info.param->id();
  for (char& letter : name) {
    if (letter == ':' || letter == '-') letter = '_';
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
