// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/suite.hpp"

#include "core/verify/conformance/digest.hpp"
#include "core/verify/conformance/plugin_trials.hpp"
#include "core/verify/conformance/random.hpp"
#include "core/verify/conformance/runs.hpp"

#include <utility>

namespace carousel::conformance {
namespace {

/// Why the backend sets the case apart, if it runs all its layers; empty: it does not.
std::string set_apart(const Backend& backend, const Case& c, Precision precision) {
  if (are_finite(c.inputs) || !supports_all(backend, c, precision)) return "";
  for (const LayerSpec& spec : layer_specs(c)) {
    const SetApart apart = backend.sets_apart(spec);
    if (apart.not_finite) return apart.reason;
  }
  return "";
}

CaseReport try_case(const Backend& backend, const Case& c, Precision precision) {
  try {
    const std::string reason = set_apart(backend, c, precision);
    if (!reason.empty()) return report_of(Outcome::set_apart, reason);
  } catch (const Error& error) {
    return report_of(Outcome::failed, c.name() + " on " + backend.id() + ": " + error.what());
  }
  return run_case(backend, c, precision);
}

}  // namespace

void SuiteReport::add(const std::string& name, const CaseReport& result) {
  elements += result.elements;
  if (result.digest != 0) {
    Digest all;
    all.add(digest);
    all.add(seed_of(name));
    all.add(result.digest);
    digest = all.value();
  }
  if (result.worst_share > worst_share) {
    worst_share = result.worst_share;
    worst_case = name;
  }
  switch (result.outcome) {
    case Outcome::passed: ++passed; break;
    case Outcome::refused: ++refused, ++refusals[result.message]; break;
    case Outcome::set_apart: ++set_apart, ++differences[result.message]; break;
    case Outcome::failed: ++failed, failures.push_back(result.message); break;
  }
}

std::vector<Trial> trials(const Backend& backend, const SuiteOptions& options) {
  std::vector<Trial> list;
  const auto add = [&](Trial trial) {
    if (trial.name.find(options.filter) != std::string::npos) list.push_back(std::move(trial));
  };
  const std::vector<Case> drawn = options.random
                                      ? random_cases(options.random->seed, options.random->count)
                                      : std::vector<Case>{};
  std::size_t index = 0;
  for (const Case& c : options.random ? drawn : cases()) {
    if (index++ % options.every != 0) continue;
    add({c.name(),
         [&backend, c, precision = options.precision] { return try_case(backend, c, precision); }});
  }
  if (is_plugin(backend) && !options.random) {
    for (Trial& trial : plugin_trials(backend)) add(std::move(trial));
  }
  return list;
}

SuiteReport run_suite(const Backend& backend, const SuiteOptions& options) {
  SuiteReport report;
  const std::vector<Trial> list = trials(backend, options);
  std::size_t done = 0;
  for (const Trial& trial : list) {
    const double share = static_cast<double>(done++) / static_cast<double>(list.size());
    if (options.progress) options.progress(trial.name, share);
    report.add(trial.name, trial.run());
  }
  return report;
}

}  // namespace carousel::conformance
