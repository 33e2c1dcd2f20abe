// SPDX-License-Identifier: Apache-2.0
// conformance [PRECISION...]: the conformance suite, compiled to WebAssembly, on every backend of
// this build in these precisions (all of them by default). Prints a line for each, "N passed, M
// failed" last.
#include "core/verify/conformance/suite.hpp"

#include <carousel/backend.hpp>

#include <cstdio>
#include <vector>

namespace {

using carousel::Backend;
using carousel::Precision;
using carousel::conformance::SuiteReport;

std::vector<const Backend*> available_backends() {
  std::vector<const Backend*> list;
  for (const carousel::BackendEntry& entry : carousel::backends()) {
    if (entry.backend != nullptr && entry.backend->available(carousel::cpu()).ok) {
      list.push_back(entry.backend);
    }
  }
  return list;
}

std::vector<Precision> asked_precisions(int count, char** names) {
  std::vector<Precision> list;
  for (int k = 1; k < count; ++k) list.push_back(carousel::precision_by_name(names[k]));
  if (list.empty()) list.assign(carousel::precisions().begin(), carousel::precisions().end());
  return list;
}

/// Cases that were refused have a reason, which is another precision's or layer's for each backend.
void print(const Backend& backend, Precision precision, const SuiteReport& report) {
  std::printf("%-10s %-8s %5zu passed, %zu failed, %zu refused, %zu set apart; digest %016llx\n",
              backend.id().c_str(), std::string(carousel::name(precision)).c_str(), report.passed,
              report.failed, report.refused, report.set_apart,
              static_cast<unsigned long long>(report.digest));
  for (const std::string& failure : report.failures) std::printf("  %s\n", failure.c_str());
  for (const auto& [reason, cases] : report.refusals) {
    std::printf("  refused: %zu, %s\n", cases, reason.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t passed = 0;
  std::size_t failed = 0;
  for (const Backend* backend : available_backends()) {
    for (const Precision precision : asked_precisions(argc, argv)) {
      const SuiteReport report =
          carousel::conformance::run_suite(*backend, {.precision = precision});
      print(*backend, precision, report);
      passed += report.passed;
      failed += report.failed;
      // A backend of which no case could run proves nothing.
      if (report.passed == 0 && report.refusals.empty()) ++failed;
    }
  }
  std::printf("%zu passed, %zu failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
