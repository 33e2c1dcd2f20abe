// SPDX-License-Identifier: Apache-2.0
// What plug-ins are asked besides the cases: whether they refuse what they cannot know, and whether
// their streams may run at once.
#include "core/verify/conformance/plugin_trials.hpp"

#include "core/verify/conformance/checks.hpp"
#include "core/verify/conformance/runs.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <numeric>
#include <thread>

namespace carousel::conformance {
namespace {

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

CaseReport refusal_report(const Backend& backend, const std::string& name, bool refused,
                          const std::string& what) {
  if (refused) return {};
  return report_of(Outcome::failed, name + " on " + backend.id() + ": " + what);
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

std::string at_once_name(const Case& c) { return "at-once/" + c.name(); }

/// Multiply-adds of the recurrent layers of a case, about.
std::int64_t work_of(const Case& c) { return c.batch * c.steps * c.hidden * (c.hidden + c.input); }

/// The cases of the table with the most work, among those that the backend runs.
std::vector<Case> longest_cases(const Backend& backend, std::size_t count) {
  std::vector<const Case*> usual;
  for (const Case& c : cases()) {
    if (c.inputs == Inputs::usual && c.threads == 1 && !c.model) usual.push_back(&c);
  }
  std::ranges::stable_sort(usual, std::ranges::greater(),
                           [](const Case* c) { return work_of(*c); });
  std::vector<Case> list;
  for (const Case* c : usual) {
    if (list.size() == count) break;
    if (supports_all(backend, *c, Precision::float32)) list.push_back(*c);
  }
  return list;
}

/// Runs the case so often on a stream of its own, once `begin` is reached by all.
void run_again_and_again(const Network& network, const Problem& problem, std::atomic<int>& begin,
                         CaseReport& report) {
  constexpr int kTimes = 40;
  constexpr int kStreams = 2;
  begin.fetch_add(1);
  while (begin.load() < kStreams) std::this_thread::yield();
  try {
    for (int k = 0; k < kTimes; ++k) run_stream(network, problem, report);
  } catch (const std::exception& error) {
    report.outcome = Outcome::failed;
    report.message = error.what();
  }
}

/// plugin.h: calls with different workspaces may be made at the same time.
CaseReport run_at_once(const Backend& backend, const Case& c) {
  const std::string name = at_once_name(c);
  CaseReport mine;
  try {
    const Problem problem = make_problem(c);
    const Network network = prepare_forced(backend, problem);
    std::atomic<int> begin = 0;
    CaseReport other;
    std::jthread thread([&] { run_again_and_again(network, problem, begin, other); });
    run_again_and_again(network, problem, begin, mine);
    thread.join();
    if (other.outcome == Outcome::failed) mine = other;
  } catch (const std::exception& error) {
    mine.outcome = Outcome::failed;
    mine.message = error.what();
  }
  mine.digest = 0;  // that of the case itself counts already
  if (mine.outcome == Outcome::failed) {
    mine.message = name + " on " + backend.id() + ", two streams at the same time: " + mine.message;
  }
  return mine;
}

}  // namespace

std::vector<Trial> plugin_trials(const Backend& backend) {
  constexpr std::size_t kAtOnce = 3;
  std::vector<Trial> list;
  for (const Unknown& layer : unknown_layers()) {
    list.push_back({layer.name, [&backend, layer] { return try_unknown(backend, layer); }});
  }
  list.push_back({kUnknownPrecision, [&backend] { return try_unknown_precision(backend); }});
  for (const Case& c : longest_cases(backend, kAtOnce)) {
    list.push_back({at_once_name(c), [&backend, c] { return run_at_once(backend, c); }});
  }
  return list;
}

}  // namespace carousel::conformance
