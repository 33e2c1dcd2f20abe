// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/cases.hpp"

#include <carousel/backend.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace carousel::conformance {

struct SuiteOptions {
  std::string filter{};                      ///< only cases whose names contain it
  Precision precision = Precision::float32;  ///< of all layers that have one
  std::size_t every = 1;                     ///< of so many cases the first one only
  /// Called before each case, with its name and the share of cases that are done.
  std::function<void(const std::string& name, double done)> progress{};
};

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

  [[nodiscard]] std::size_t executed() const noexcept { return passed + failed; }
  /// Every case that the backend does not refuse passes, and there is one.
  [[nodiscard]] bool conforms() const noexcept { return failed == 0 && passed > 0; }
};

/// Runs all cases on a registered backend; of a plug-in, also whether it refuses layers of kinds
/// that do not exist. Never throws for what the backend does.
[[nodiscard]] SuiteReport run_suite(const Backend& backend, const SuiteOptions& options = {});

}  // namespace carousel::conformance
