// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/runner.hpp"

#include "core/verify/conformance/random.hpp"

#include <carousel/compare.hpp>
#include <carousel/network.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace carousel::conformance {
namespace {

constexpr float kUnwritten = std::numeric_limits<float>::quiet_NaN();
/// A tolerance above this says nothing about values of order 1, so it does not count as a check.
constexpr double kLooseTolerance = 1e-3;

/// Thrown to end a case at its first failure; the text is the report's.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void require(bool condition, const std::string& text) {
  if (!condition) throw Failure(text);
}

std::string describe_difference(const std::string& what, std::span<const float> actual,
                                const oracle::Quantity& expected, const Agreement& agreement) {
  std::ostringstream text;
  text.precision(9);
  const std::int64_t index = agreement.first_index;
  const auto k = static_cast<std::size_t>(index);
  text << what << ": " << agreement.outside << " of " << agreement.count
       << " outside tolerance, worst " << agreement.max_share << " times it; first at step "
       << index / expected.features / std::max<std::int64_t>(expected.batch, 1) << ", row "
       << index / expected.features % std::max<std::int64_t>(expected.batch, 1) << ", feature "
       << index % expected.features << ": " << actual[k] << " instead of " << expected.value[k]
       << " +- " << expected.tolerance[k];
  return text.str();
}

void check_tolerances(const std::string& what, const oracle::Quantity& expected) {
  for (std::size_t k = 0; k < expected.value.size(); ++k) {
    require(!std::isfinite(expected.value[k]) || expected.tolerance[k] <= kLooseTolerance,
            what + ": the case's tolerances are too loose to judge it; mark it chaotic");
  }
}

void check_values(const std::string& what, const std::vector<float>& actual,
                  const oracle::Quantity& expected, CaseReport& report) {
  const Agreement agreement = compare(actual, expected.value, expected.tolerance);
  require(actual.size() == expected.value.size(), what + ": wrong number of elements");
  report.worst_share = std::max(report.worst_share, agreement.max_share);
  report.elements += agreement.count;
  if (!agreement.ok) throw Failure(describe_difference(what, actual, expected, agreement));
}

/// Compares dense states [L*D, batch, features] layer by layer.
void check_state(const std::string& when, const std::vector<float>& h, const std::vector<float>& c,
                 const oracle::Result& expected, CaseReport& report) {
  auto next_h = h.begin();
  auto next_c = c.begin();
  const auto take = [](auto& next, const oracle::Quantity& q) {
    const auto first = next;
    next += static_cast<std::ptrdiff_t>(q.value.size());
    return std::vector<float>(first, next);
  };
  for (std::size_t layer = 0; layer < expected.layers.size(); ++layer) {
    for (const oracle::State& state : expected.layers[layer].state) {
      const std::string where = " of layer " + std::to_string(layer) + when;
      check_values("h_n" + where, take(next_h, state.h), state.h, report);
      check_values("c_n" + where, take(next_c, state.c), state.c, report);
    }
  }
  require(next_h == h.end() && next_c == c.end(), "the state has more elements than expected");
}

std::int64_t steps_per_run(const Case& c) {
  return c.chunk > 0 ? c.chunk : std::max<std::int64_t>(c.steps, 1);
}

Network prepare_forced(const Backend& backend, const Problem& problem) {
  const Case& c = problem.spec;
  Network network = prepare(problem.model, {.backend = backend.id(),
                                            .threads = c.threads,
                                            .exact_threads = true,
                                            .batch = c.batch,
                                            .steps = steps_per_run(c)});
  for (const LayerPlan& plan : network.layers()) {
    require(plan.backend == backend.id(), "a layer went to " + plan.backend);
  }
  return network;
}

/// Feeds x in pieces; `run(x, y, lengths)` is Stream::run or run_ids.
template <class T, class Run>
void run_pieces(const Problem& problem, const SequenceView<const T>& x,
                const SequenceView<float>& y, Run&& run) {
  const std::int64_t piece = steps_per_run(problem.spec);
  std::int64_t first = 0;
  do {
    const std::int64_t count = std::min(piece, x.steps - first);
    const Status status = run(x.slice(first, count), y.slice(first, count),
                              lengths_from(problem.lengths, first, count));
    require(static_cast<bool>(status), std::string("run failed: ") + status.message());
    first += count;
  } while (first < x.steps);
}

template <class T>
void run_stream_on(const Problem& problem, Stream& stream, const std::vector<T>& input,
                   std::int64_t features, CaseReport& report) {
  const Case& c = problem.spec;
  Guarded<T> x(c.x_layout, c.steps, c.batch, features);
  Guarded<float> y(c.y_layout, c.steps, c.batch, problem.expected.y.features);
  x.set(input);
  y.set(std::vector<float>(problem.expected.y.value.size(), kUnwritten));
  run_pieces<T>(problem, x.view(), y.view(), [&](auto in, auto out, const auto& lengths) {
    if constexpr (std::is_same_v<T, float>)
      return stream.run(in, out, lengths);
    else
      return stream.run_ids(in, out, lengths);
  });
  require(x.unchanged(), "run wrote to its input");
  require(y.guards_intact(), "run wrote outside the rows of y");
  check_values("y", y.dense(), problem.expected.y, report);
}

void set_state(Stream& stream, std::span<const float> h, std::span<const float> c) {
  assign(stream.state().h, h);
  assign(stream.state().c, c);
}

void run_stream(const Network& network, const Problem& problem, CaseReport& report) {
  const Case& c = problem.spec;
  Stream stream = network.stream(
      {.batch = c.batch, .max_steps = c.max_steps > 0 ? c.max_steps : steps_per_run(c)});
  set_state(stream, problem.h0, problem.c0);
  if (c.vocabulary > 0) {
    run_stream_on(problem, stream, problem.ids, 1, report);
  } else {
    run_stream_on(problem, stream, problem.x, c.input, report);
  }
  check_state(" (whole sequence)", dense(stream.state().h), dense(stream.state().c),
              problem.expected, report);
}

/// One step of a sequence, from a state that the backend itself arrived at.
void check_step(const Problem& problem, Stream& stream, std::int64_t step, bool judge,
                CaseReport& report) {
  const Case& c = problem.spec;
  const auto width = static_cast<std::size_t>(c.batch * c.input);
  std::vector<float> x(problem.x.begin() + step * c.batch * c.input, problem.x.end());
  x.resize(width);
  std::vector<float> y(static_cast<std::size_t>(c.batch * problem.expected.y.features), kUnwritten);
  const std::vector<std::int64_t> lengths = lengths_from(problem.lengths, step, 1);
  const std::vector<float> h = dense(stream.state().h);
  const std::vector<float> cell = dense(stream.state().c);
  const Status status =
      stream.run(steps_first<const float>(x.data(), 1, c.batch, c.input),
                 steps_first(y.data(), 1, c.batch, problem.expected.y.features), lengths);
  require(static_cast<bool>(status), std::string("run of one step failed: ") + status.message());
  if (!judge) return;
  const oracle::Options strict{.errors = {.independent = false}, .trace = false};
  const oracle::Result expected =
      oracle::run(problem.model, oracle::exact(x, 1, c.batch, c.input), lengths,
                  oracle_state(problem.model, c.batch, h, cell), strict);
  const std::string when = " (step " + std::to_string(step) + " alone)";
  check_values("y" + when, y, expected.y, report);
  check_state(when, dense(stream.state().h), dense(stream.state().c), expected, report);
}

void run_single_steps(const Network& network, const Problem& problem, CaseReport& report) {
  const Case& c = problem.spec;
  Stream stream = network.stream({.batch = c.batch, .max_steps = 1});
  set_state(stream, problem.h0, problem.c0);
  for (std::int64_t step = 0; step < c.steps; ++step) {
    const bool judge = step < 2 || step == c.steps / 2 || step == c.steps - 1;
    check_step(problem, stream, step, judge, report);
  }
}

WeightsView view(const DirectionWeights& w) {
  return {w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh, w.weight_hr, w.peephole};
}

/// h or c of both directions, each between guard words.
struct GuardedState {
  GuardedState(std::int64_t batch, std::int64_t features)
      : forward(Layout::steps_first, 1, batch, features),
        reverse(Layout::steps_first, 1, batch, features) {}

  void set(std::span<const float> both, std::int64_t directions) {
    const std::size_t half = both.size() / static_cast<std::size_t>(directions);
    forward.set(both.subspan(0, half));
    if (directions == 2) reverse.set(both.subspan(half));
  }
  [[nodiscard]] std::array<float*, 2> pointers(std::int64_t directions) const {
    return {forward.view().data, directions == 2 ? reverse.view().data : nullptr};
  }
  [[nodiscard]] std::vector<float> dense(std::int64_t directions) const {
    std::vector<float> both = forward.dense();
    const std::vector<float> second = reverse.dense();
    if (directions == 2) both.insert(both.end(), second.begin(), second.end());
    return both;
  }

  Guarded<float> forward;
  Guarded<float> reverse;
};

void run_layer_once(const Backend& backend, const Problem& problem, CaseReport& report) {
  const Case& c = problem.spec;
  const ModelLayer& model = problem.model.layers.front();
  const std::int64_t directions = model.spec.directions();
  const auto layer =
      backend.prepare(model.spec, {view(model.directions[0]), view(model.directions[1])},
                      {.threads = c.threads,
                       .exact_threads = true,
                       .batch = c.batch,
                       .steps = std::max<std::int64_t>(c.steps, 1)});
  const auto workspace =
      layer->workspace({.batch = c.batch, .max_steps = std::max<std::int64_t>(c.steps, 1)});
  Guarded<float> x(c.x_layout, c.steps, c.batch, c.input);
  Guarded<float> y(c.y_layout, c.steps, c.batch, model.spec.output_size());
  GuardedState h(c.batch, model.spec.state_size());
  const bool has_cell = model.spec.has_cell_state();
  GuardedState cell(c.batch, has_cell ? model.spec.hidden_size : 0);
  x.set(problem.x);
  y.set(std::vector<float>(problem.expected.y.value.size(), kUnwritten));
  h.set(problem.h0, directions);
  cell.set(problem.c0, directions);
  const Status status =
      layer->forward({.x = x.view(),
                      .y = y.view(),
                      .lengths = problem.lengths.empty() ? nullptr : problem.lengths.data(),
                      .h = h.pointers(directions),
                      .c = has_cell ? cell.pointers(directions) : std::array<float*, 2>{}},
                     *workspace);
  require(static_cast<bool>(status), std::string("forward failed: ") + status.message());
  require(x.unchanged(), "forward wrote to its input");
  require(y.guards_intact(), "forward wrote outside the rows of y");
  require(h.forward.guards_intact() && h.reverse.guards_intact(), "forward wrote outside h");
  require(cell.forward.guards_intact() && cell.reverse.guards_intact(), "forward wrote outside c");
  check_values("y (bare layer)", y.dense(), problem.expected.y, report);
  check_state(" (bare layer)", h.dense(directions), cell.dense(directions), problem.expected,
              report);
}

Support supports(const Backend& backend, const Case& c) {
  for (const LayerSpec& spec : layer_specs(c)) {
    if (Support support = backend.supports(spec); !support) return support;
  }
  return Support::yes();
}

/// The report of a case that the backend refuses; nothing if it does not.
std::optional<CaseReport> refusal(const Backend& backend, const Case& c) {
  const Support support = supports(backend, c);
  if (support) return std::nullopt;
  if (support.fault) return CaseReport{Outcome::failed, c.name() + ": " + support.reason};
  if (!support.reason.empty()) return CaseReport{Outcome::refused, support.reason};
  return CaseReport{Outcome::failed,
                    c.name() + " on " + backend.id() + ": refused without a reason"};
}

void run_all(const Backend& backend, const Problem& problem, CaseReport& report) {
  const Case& c = problem.spec;
  if (!c.chaotic) check_tolerances("y", problem.expected.y);
  const Network network = prepare_forced(backend, problem);
  run_stream(network, problem, report);
  if (c.direction == Direction::forward && c.vocabulary == 0) {
    run_single_steps(network, problem, report);
  }
  if (c.layers == 1 && c.head == 0 && c.vocabulary == 0 && c.chunk == 0) {
    run_layer_once(backend, problem, report);
  }
}

}  // namespace

CaseReport run_case(const Backend& backend, const Problem& problem) {
  if (const auto refused = refusal(backend, problem.spec)) return *refused;
  CaseReport report;
  try {
    run_all(backend, problem, report);
  } catch (const std::exception& error) {
    const std::string name = problem.spec.name();
    report.outcome = Outcome::failed;
    report.message = name + " on " + backend.id() + " (seed " + std::to_string(seed_of(name)) +
                     "): " + error.what();
  }
  return report;
}

CaseReport run_case(const Backend& backend, const Case& spec) {
  if (const auto refused = refusal(backend, spec)) return *refused;
  return run_case(backend, make_problem(spec));
}

}  // namespace carousel::conformance
