// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/suite.hpp"

#include "core/verify/conformance/digest.hpp"
#include "core/verify/conformance/random.hpp"
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
  if (result.digest != 0) {
    Digest all;
    all.add(report.digest);
    all.add(seed_of(name));
    all.add(result.digest);
    report.digest = all.value();
  }
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

/// The value of any enumeration that no version of Carousel has.
constexpr std::uint8_t kUnknown = 100;

/// A layer with a value that no version of Carousel has, as a later one might.
struct Unknown {
  std::string name;
  RecurrentSpec spec;
};

std::vector<Unknown> unknown_layers() {
  std::vector<Unknown> list;
  const auto next = [&](const char* name) -> RecurrentSpec& {
    return list.emplace_back(Unknown{std::string("unknown/") + name, make_spec(Cell::lstm, 16, 16)})
        .spec;
  };
  next("cell").cell = static_cast<Cell>(kUnknown);
  next("direction").direction = static_cast<Direction>(kUnknown);
  next("coupling").coupling = static_cast<GateCoupling>(kUnknown);
  next("activation").activations[0][1].kind = static_cast<ActivationKind>(kUnknown);
  return list;
}

bool is_plugin(const Backend& backend) {
  const auto all = backends();
  const auto entry = std::ranges::find(all, &backend, &BackendEntry::backend);
  return entry != all.end() && !entry->plugin.empty();
}

CaseReport refusal_report(const Backend& backend, const std::string& name, bool refused,
                          const std::string& what) {
  CaseReport report;
  if (refused) return report;
  report.outcome = Outcome::failed;
  report.message = name + " on " + backend.id() + ": " + what;
  return report;
}

/// plugin.h: `supports` refuses every value that the plug-in was not made for.
CaseReport try_unknown(const Backend& backend, const Unknown& layer) {
  const Support support = backend.supports(layer.spec, Precision::float32);
  return refusal_report(
      backend, layer.name, !support && !support.fault,
      support ? "says yes to a layer of a kind that does not exist (value 100)" : support.reason);
}

constexpr const char* kUnknownPrecision = "unknown/precision";

/// plugin.h: so does `prepare`, of precisions.
CaseReport try_unknown_precision(const Backend& backend) {
  const LayerSpec spec = make_spec(Cell::rnn, 1, 1);
  carousel::Weights weights;
  const std::vector<float> zero(1);
  for (const WeightRole& role : weight_roles(spec)) {
    if (role.required) weights.emplace(role.name, Tensor(role.shape, zero));
  }
  bool refused = false;
  try {
    (void)backend.prepare(spec, weights, {.precision = static_cast<Precision>(kUnknown)});
  } catch (const Error&) {
    refused = true;
  }
  return refusal_report(backend, kUnknownPrecision, refused,
                        "takes a precision that does not exist (value 100)");
}

/// What plug-ins are asked besides the cases.
void add_unknown(const Backend& backend, const std::function<bool(const std::string&)>& wanted,
                 SuiteReport& report) {
  for (const Unknown& layer : unknown_layers()) {
    if (wanted(layer.name)) add(report, layer.name, try_unknown(backend, layer));
  }
  if (wanted(kUnknownPrecision)) {
    add(report, kUnknownPrecision, try_unknown_precision(backend));
  }
}

}  // namespace

SuiteReport run_suite(const Backend& backend, const SuiteOptions& options) {
  SuiteReport report;
  const auto wanted = [&](const std::string& name) {
    return name.find(options.filter) != std::string::npos;
  };
  std::size_t done = 0;
  for (const Case& c : cases()) {
    const std::string name = c.name();
    const double share = static_cast<double>(done) / static_cast<double>(cases().size());
    if (options.progress) options.progress(name, share);
    if (done++ % options.every != 0 || !wanted(name)) continue;
    if (const std::string known = known_difference(backend, c); !known.empty()) {
      ++report.set_apart, ++report.differences[known];
      continue;
    }
    add(report, name, run_case(backend, c, options.precision));
  }
  if (is_plugin(backend)) add_unknown(backend, wanted, report);
  return report;
}

}  // namespace carousel::conformance
