// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/runner.hpp"
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

/// With sanitizers the whole table takes minutes for each backend and precision. Races are in what
/// all cases have in common.
std::size_t every(Precision precision) {
#if defined(CAROUSEL_TEST_TSAN)
  return precision == Precision::float32 ? 8 : 64;
#elif defined(CAROUSEL_TEST_ASAN)
  return precision == Precision::float32 ? 1 : 8;
#else
  static_cast<void>(precision);
  return 1;
#endif
}

void expect_conformance(const Backend& backend, Precision precision) {
  const std::string filter = case_filter();
  const SuiteReport report =
      run_suite(backend, {.filter = filter, .precision = precision, .every = every(precision)});
  for (const std::string& failure : report.failures) ADD_FAILURE() << failure;
  std::printf(
      "%s, %s: executed %zu cases, %zu refused, %lld values, largest error %.2f of tolerance\n",
      backend.id().c_str(), std::string(name(precision)).c_str(), report.executed(),
      report.refused + report.set_apart, static_cast<long long>(report.elements),
      report.worst_share);
  print(report.refusals);
  print(report.differences);
  if (filter.empty()) {
    EXPECT_GE(report.executed(), minimum_executed(backend) / every(precision)) << backend.id();
  }
}

class Conformance : public testing::TestWithParam<const Backend*> {};

TEST_P(Conformance, AgreesWithTheOracle) { expect_conformance(*GetParam(), Precision::float32); }

/// Backends with weights in 16 bits.
class Conformance16Bit : public Conformance {};

TEST_P(Conformance16Bit, InFloat16) { expect_conformance(*GetParam(), Precision::float16); }

TEST_P(Conformance16Bit, InBfloat16) { expect_conformance(*GetParam(), Precision::bfloat16); }

class ConformanceInt8 : public Conformance {};

TEST_P(ConformanceInt8, AgreesWithTheOracle) { expect_conformance(*GetParam(), Precision::int8); }

/// A network in float16 computes what one in float32 does that has the same numbers.
TEST_P(Conformance16Bit, GivesTheBitsOfTheStoredNumbersInFloat32) {
  const std::size_t each = 7 * every(Precision::float32);
  for (const Precision precision : {Precision::float16, Precision::bfloat16}) {
    for (std::size_t k = 0; k < cases().size(); k += each) {
      Problem problem = make_problem(cases()[k], precision);
      const CaseReport stored = run_case(*GetParam(), problem);
      problem.precision = Precision::float32;
      EXPECT_EQ(stored.digest, run_case(*GetParam(), problem).digest)
          << cases()[k].name() << ", " << name(precision);
    }
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

std::vector<const Backend*> own_backends() {
  std::vector<const Backend*> list = select_backends("xsimd");
  list.push_back(select_backends("scalar").front());
  return list;
}

INSTANTIATE_TEST_SUITE_P(Backends, Conformance16Bit, testing::ValuesIn(own_backends()), test_name);

INSTANTIATE_TEST_SUITE_P(Backends, ConformanceInt8, testing::ValuesIn(own_backends()), test_name);

/// Names seed the cases' numbers and tell a failure's reader which it was.
TEST(Cases, HaveNamesOfTheirOwn) {
  std::map<std::string, int> seen;
  for (const Case& c : cases()) ++seen[c.name()];
  for (const auto& [name, count] : seen) EXPECT_EQ(count, 1) << name;
}

}  // namespace
}  // namespace carousel::conformance
