// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/checks.hpp"
#include "core/verify/conformance/digest.hpp"
#include "core/verify/conformance/guarded_call.hpp"
#include "core/verify/conformance/runs.hpp"

#include <algorithm>

namespace carousel::conformance {
namespace {

/// One run, as an application would call it: without names where there is nothing to tell apart.
Status call(Stream& stream, std::span<const NamedInput> inputs,
            std::span<const NamedOutput> outputs, std::span<const std::int64_t> lengths) {
  if (inputs.size() > 1 || outputs.size() > 1) return stream.run(inputs, outputs, lengths);
  const NamedInput& input = inputs.front();
  return input.ids.features == 0 ? stream.run(input.x, outputs.front().y, lengths)
                                 : stream.run_ids(input.ids, outputs.front().y, lengths);
}

void run_chunks(const Problem& problem, Stream& stream, const GuardedCall& memory) {
  const std::int64_t chunk = steps_per_run(problem.spec);
  std::int64_t first = 0;
  do {
    const std::int64_t count = std::min(chunk, problem.spec.steps - first);
    const Status status = call(stream, memory.inputs(first, count), memory.outputs(first, count),
                               lengths_of_run(problem, first, count));
    require(static_cast<bool>(status), std::string("run failed: ") + status.message());
    first += count;
  } while (first < problem.spec.steps);
}

/// One step of the sequences of a case, dense: states go on from the step before, instead of being
/// set by inputs of one step. The names live as long as the network.
std::vector<NamedInput> step_inputs(const Network& network, const Problem& problem,
                                    std::int64_t step) {
  const std::int64_t batch = problem.spec.batch;
  std::vector<NamedInput> list;
  for (const ModelInput& input : network.inputs()) {
    if (input.one_step) continue;
    NamedInput& named = list.emplace_back(NamedInput{.name = input.name});
    if (input.ids) {
      named.ids = steps_first(problem.ids.data() + step * batch, 1, batch, std::int64_t{1});
    } else {
      const float* x = problem.x.data() + step * batch * input.size;
      named.x = steps_first(x, 1, batch, input.size);
    }
  }
  return list;
}

/// Views of `memory`, which gets the size of one step of all outputs.
std::vector<NamedOutput> step_outputs(const Network& network, std::int64_t batch,
                                      std::vector<std::vector<float>>& memory) {
  std::vector<NamedOutput> list;
  for (const NetworkOutput& output : network.outputs()) {
    memory.emplace_back(static_cast<std::size_t>(batch * output.size), kUnwritten);
    list.push_back({output.name, steps_first(memory.back().data(), 1, batch, output.size)});
  }
  return list;
}

/// One step of a sequence, from a state that the backend itself arrived at.
void check_step(const Network& network, const Problem& problem, Stream& stream, std::int64_t step,
                bool judge, CaseReport& report) {
  const std::vector<std::int64_t> lengths = lengths_from(problem.lengths, step, 1);
  const States before = get_states(stream);
  std::vector<std::vector<float>> y;
  const Status status = call(stream, step_inputs(network, problem, step),
                             step_outputs(network, problem.spec.batch, y), lengths);
  require(static_cast<bool>(status), std::string("run of one step failed: ") + status.message());
  if (!judge) return;
  oracle::Options strict{.errors = error_model(problem.precision)};
  strict.errors.independent = false;
  oracle::Inputs inputs = oracle_inputs(problem, step, 1);
  for (const auto& one : problem.single) inputs.erase(one.first);
  const oracle::Result expected =
      oracle::run(problem.model, inputs, lengths,
                  oracle_states(problem.model, problem.spec.batch, before), strict);
  const std::string when = " (step " + std::to_string(step) + " alone)";
  for (std::size_t k = 0; k < y.size(); ++k) {
    check_values(output_text(problem.model, k) + when, y[k], expected.y(k), report);
  }
  check_states(problem.model, get_states(stream), expected, when, report);
}

}  // namespace

std::int64_t steps_per_run(const Case& c) {
  return c.chunk > 0 ? c.chunk : std::max<std::int64_t>(c.steps, 1);
}

void run_stream(const Network& network, const Problem& problem, CaseReport& report) {
  const Case& c = problem.spec;
  Stream stream = network.stream(
      {.batch = c.batch, .max_steps = c.max_steps > 0 ? c.max_steps : steps_per_run(c)});
  set_states(stream, problem.states);
  const GuardedCall memory(problem);
  run_chunks(problem, stream, memory);
  memory.check_memory("run");
  Digest digest;
  for (std::size_t k = 0; k < problem.expected.outputs.size(); ++k) {
    const std::vector<float> y = memory.y(k);
    digest.add(y);
    check_values(output_text(problem.model, k), y, problem.expected.y(k), report);
  }
  const States states = get_states(stream);
  for (const std::vector<float>& state : states) digest.add(state);
  report.digest = digest.value();
  check_states(problem.model, states, problem.expected, " (whole sequence)", report);
}

void run_single_steps(const Network& network, const Problem& problem, CaseReport& report) {
  const Case& c = problem.spec;
  Stream stream = network.stream({.batch = c.batch, .max_steps = 1});
  set_states(stream, problem.states);
  for (std::int64_t step = 0; step < c.steps; ++step) {
    const bool judge = step < 2 || step == c.steps / 2 || step == c.steps - 1;
    check_step(network, problem, stream, step, judge, report);
  }
}

}  // namespace carousel::conformance
