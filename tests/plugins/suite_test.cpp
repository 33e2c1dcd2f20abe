// SPDX-License-Identifier: Apache-2.0
// The conformance suite as a library: what it counts.
#include "core/verify/conformance/suite.hpp"
#include "plugins/plugin_files.hpp"

#include <gtest/gtest.h>

namespace carousel::plugin_test {
namespace {

using conformance::run_suite;
using conformance::SuiteReport;

TEST(Suite, CountsWhatThePluginOfTheExampleRunsAndRefuses) {
  const SuiteReport report = run_suite(load_plugin(TEXTBOOK_PLUGIN));
  EXPECT_TRUE(report.conforms());
  for (const std::string& failure : report.failures) ADD_FAILURE() << failure;
  EXPECT_GE(report.passed, 330U);
  EXPECT_GE(report.refusals.at("only LSTM layers"), 700U);
  EXPECT_EQ(report.executed() + report.refused, conformance::cases().size() + 5) << "unknown ones";
  EXPECT_GT(report.elements, 1'000'000);
  EXPECT_GT(report.worst_share, 0.0);
  EXPECT_LT(report.worst_share, 1.0);
  EXPECT_FALSE(report.worst_case.empty());
}

TEST(Suite, RestrictedToCases) {
  const Backend& backend = *select_backends("scalar").front();
  std::size_t seen = 0;
  const SuiteReport report = run_suite(
      backend, {.filter = "lengths/", .progress = [&](const std::string&, double) { ++seen; }});
  EXPECT_EQ(seen, conformance::cases().size());
  EXPECT_TRUE(report.conforms());
  EXPECT_GT(report.passed, 20U);
  EXPECT_EQ(report.refused + report.set_apart + report.failed, 0U);
  EXPECT_FALSE(run_suite(backend, {.filter = "no such case"}).conforms()) << "nothing is no proof";
}

TEST(Suite, KindsThatDoNotExistHaveToBeRefused) {
  const Folder folder;
  const SuiteReport report =
      run_suite(load_plugin(folder.hostile("agreeable")), {.filter = "unknown/"});
  EXPECT_EQ(report.passed, 4U);
  ASSERT_EQ(report.failures.size(), 1U);
  EXPECT_NE(report.failures[0].find("unknown/cell"), std::string::npos) << report.failures[0];
}

TEST(Suite, FailsWhoeverFails) {
  const Folder folder;
  for (const char* crime : {"nan.2", "throws-forward.2", "throws-supports.2", "null-layer.2"}) {
    const Backend& backend = load_plugin(folder.hostile(crime));
    const SuiteReport report = run_suite(backend, {.filter = "direction/"});
    EXPECT_FALSE(report.conforms()) << crime;
    EXPECT_EQ(report.passed, 0U) << crime;
    EXPECT_GT(report.failed, 20U) << crime;
  }
}

}  // namespace
}  // namespace carousel::plugin_test
