// SPDX-License-Identifier: Apache-2.0
// The conformance suite as a library: what it counts.
#include "core/verify/conformance/suite.hpp"
#include "plugins/plugin_files.hpp"

#include <carousel/cpu.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

namespace carousel::plugin_test {
namespace {

using conformance::run_suite;
using conformance::run_suite_apart;
using conformance::SuiteReport;

TEST(Suite, CountsWhatThePluginOfTheExampleRunsAndRefuses) {
  const SuiteReport report = run_suite(load_plugin(TEXTBOOK_PLUGIN));
  EXPECT_TRUE(report.conforms());
  for (const std::string& failure : report.failures) ADD_FAILURE() << failure;
  EXPECT_GE(report.passed, 330U);
  EXPECT_GE(report.refusals.at("only LSTM layers"), 700U);
  EXPECT_EQ(report.executed() + report.refused, conformance::cases().size() + 5 + 3)
      << "layers that do not exist, streams at once";
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
  EXPECT_EQ(seen, report.executed());
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

/// What only shows where the suite goes beyond what callers usually do.
TEST(Suite, FindsWhoeverReliesOnMoreThanTheContractPromises) {
  const Folder folder;
  const std::pair<const char*, const char*> mistakes[] = {{"keeps-weights", "size/"},
                                                          {"limits-batch", "batch/"},
                                                          {"wants-alignment", "size/"},
                                                          {"shares-scratch", "at-once/"}};
  for (const auto& [mistake, cases] : mistakes) {
    const SuiteReport report = run_suite_apart(load_plugin(folder.hostile(mistake)),
                                               {.filter = cases}, std::chrono::seconds(60));
    EXPECT_GT(report.failed, 0U) << mistake;
  }
}

TEST(Suite, ACrashCostsOneCase) {
  const Folder folder;
  const Backend& backend = load_plugin(folder.hostile("crashes-forward"));
  const SuiteReport report =
      run_suite_apart(backend, {.filter = "size/I3_H3"}, std::chrono::seconds(60));
  ASSERT_FALSE(report.failures.empty());
  EXPECT_NE(report.failures[0].find("size/I3_H3"), std::string::npos) << report.failures[0];
  EXPECT_NE(report.failures[0].find("the process died: Aborted (signal 6)"), std::string::npos)
      << report.failures[0];
  EXPECT_GT(report.failed, 1U) << "the next case was run";
  EXPECT_LE(report.failed, 11U) << "and not all of them";
}

TEST(Suite, ApartIsTheSame) {
  const Backend& backend = *select_backends("scalar").front();
  const conformance::SuiteOptions options{.filter = "lengths/"};
  const SuiteReport here = run_suite(backend, options);
  const SuiteReport apart = run_suite_apart(backend, options, std::chrono::seconds(60));
  EXPECT_EQ(apart.passed, here.passed);
  EXPECT_EQ(apart.elements, here.elements);
  EXPECT_EQ(apart.digest, here.digest);
  EXPECT_EQ(apart.worst_case, here.worst_case);
}

TEST(Suite, RandomCasesFollowFromTheirSeed) {
  const auto names = [](std::uint64_t seed) {
    std::vector<std::string> list;
    for (const auto& c : conformance::random_cases(seed, 20)) list.push_back(c.name());
    return list;
  };
  EXPECT_EQ(names(1), names(1));
  EXPECT_NE(names(1), names(2));
}

/// The same cases in every run; `carousel conformance --random` draws others.
TEST(Suite, BuiltInBackendsAndRandomCases) {
  const conformance::RandomCases random{.seed = 1, .count = 300};
  for (const BackendEntry& entry : backends()) {
    if (entry.backend == nullptr || !entry.plugin.empty()) continue;
    if (!entry.backend->available(cpu())) continue;
    const SuiteReport report = run_suite(*entry.backend, {.random = random});
    EXPECT_GT(report.passed, 100U) << entry.backend->id();
    for (const std::string& failure : report.failures) ADD_FAILURE() << failure;
  }
}

}  // namespace
}  // namespace carousel::plugin_test
