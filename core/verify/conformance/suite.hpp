// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/runner.hpp"

#include <carousel/backend.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace carousel::conformance {

/// Cases drawn at random instead of those of the table.
struct RandomCases {
  std::uint64_t seed = 0;
  std::size_t count = 0;
};

struct SuiteOptions {
  std::string filter{};                      ///< only cases whose names contain it
  Precision precision = Precision::float32;  ///< of all layers that have one
  std::size_t every = 1;                     ///< of so many cases the first one only
  std::optional<RandomCases> random{};
  /// Called before each trial, with its name and the share of trials that are done.
  std::function<void(const std::string& name, double done)> progress{};
};

/// One thing that a backend is tried with: a case or, of plug-ins, a question that no case asks.
struct Trial {
  std::string name;
  std::function<CaseReport()> run;  ///< Never throws for what the backend does.
};

/// What the suite is, for a backend that is registered.
[[nodiscard]] std::vector<Trial> trials(const Backend& backend, const SuiteOptions& options);

/// What became of all cases on one backend.
struct SuiteReport {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t refused = 0;                        ///< the backend said no, with a reason
  std::size_t set_apart = 0;                      ///< not run: a known difference
  std::map<std::string, std::size_t> refusals{};  ///< reason, and how many cases
  std::map<std::string, std::size_t> differences{};
  std::vector<std::string> failures{};  ///< which case, and how it failed
  double worst_share = 0.0;             ///< largest error, as a share of its tolerance
  std::string worst_case{};
  std::int64_t elements = 0;  ///< Values compared.
  /// Of the digests of all cases that were executed, in their order: equal for two builds of a
  /// backend that give the same bits.
  std::uint64_t digest = 0;

  void add(const std::string& name, const CaseReport& result);
  [[nodiscard]] std::size_t executed() const noexcept { return passed + failed; }
  /// Every case that the backend does not refuse passes, and values were compared.
  [[nodiscard]] bool conforms() const noexcept { return failed == 0 && passed > 0 && elements > 0; }
};

/// Runs all trials in this process.
[[nodiscard]] SuiteReport run_suite(const Backend& backend, const SuiteOptions& options = {});

/// Runs them in a child process. A trial in which it dies, or that takes longer than the limit, is
/// a failure that says so, and a new child goes on with the next one. To be called while the
/// process has one thread.
[[nodiscard]] SuiteReport run_suite_apart(const Backend& backend, const SuiteOptions& options,
                                          std::chrono::duration<double> limit);

}  // namespace carousel::conformance
