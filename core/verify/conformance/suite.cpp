// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/suite.hpp"

#include "core/verify/conformance/runner.hpp"

#include <algorithm>

namespace carousel::conformance {
namespace {

/// Where a library that is not ours is known to differ: such cases are counted apart, with the
/// reason. Empty: nowhere.
std::string known_difference(const Backend& backend, const Case& c) {
  const bool not_finite = c.inputs == Inputs::nan_in_a_row || c.inputs == Inputs::inf_in_a_row;
  const bool relu = !c.functions.empty() && c.functions.front().kind == ActivationKind::relu;
  if (backend.family().starts_with("onednn") && c.cell == Cell::rnn && relu && not_finite) {
    return "oneDNN's relu makes 0 of NaN";
  }
  return "";
}

void add(SuiteReport& report, const std::string& name, const CaseReport& result) {
  report.elements += result.elements;
  if (result.worst_share > report.worst_share) {
    report.worst_share = result.worst_share;
    report.worst_case = name;
  }
  switch (result.outcome) {
    case Outcome::passed: ++report.passed; break;
    case Outcome::refused: ++report.refused, ++report.refusals[result.message]; break;
    case Outcome::failed: ++report.failed, report.failures.push_back(result.message); break;
  }
}

/// A layer of a kind that no version of Carousel has, as a later one might.
struct Unknown {
  std::string name;
  LayerSpec spec;
};

std::vector<Unknown> unknown_layers() {
  constexpr std::uint8_t kUnknown = 100;
  std::vector<Unknown> list;
  const auto next = [&](const char* name) -> LayerSpec& {
    return list.emplace_back(Unknown{std::string("unknown/") + name, make_spec(Cell::lstm, 16, 16)})
        .spec;
  };
  next("cell").cell = static_cast<Cell>(kUnknown);
  next("direction").direction = static_cast<Direction>(kUnknown);
  next("coupling").coupling = static_cast<GateCoupling>(kUnknown);
  next("activation").activations[0][1].kind = static_cast<ActivationKind>(kUnknown);
  next("precision").precision = static_cast<Precision>(kUnknown);
  return list;
}

bool is_plugin(const Backend& backend) {
  const auto all = backends();
  const auto entry = std::ranges::find(all, &backend, &BackendEntry::backend);
  return entry != all.end() && !entry->plugin.empty();
}

/// plugin.h: `supports` refuses every value that the plug-in was not made for.
CaseReport try_unknown(const Backend& backend, const Unknown& layer) {
  const Support support = backend.supports(layer.spec);
  if (!support && !support.fault) return {};
  CaseReport report;
  report.outcome = Outcome::failed;
  report.message =
      layer.name + " on " + backend.id() + ": " +
      (support ? "says yes to a layer of a kind that does not exist (value 100)" : support.reason);
  return report;
}

}  // namespace

SuiteReport run_suite(const Backend& backend, const SuiteOptions& options) {
  SuiteReport report;
  const auto wanted = [&](const std::string& name) {
    return name.find(options.filter) != std::string::npos;
  };
  double done = 0;
  for (const Case& c : cases()) {
    const std::string name = c.name();
    if (options.progress) options.progress(name, done / static_cast<double>(cases().size()));
    ++done;
    if (!wanted(name)) continue;
    if (const std::string known = known_difference(backend, c); !known.empty()) {
      ++report.set_apart, ++report.differences[known];
      continue;
    }
    add(report, name, run_case(backend, c));
  }
  if (!is_plugin(backend)) return report;
  for (const Unknown& layer : unknown_layers()) {
    if (wanted(layer.name)) add(report, layer.name, try_unknown(backend, layer));
  }
  return report;
}

}  // namespace carousel::conformance
