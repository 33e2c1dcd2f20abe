// SPDX-License-Identifier: Apache-2.0
#include "check_core.hpp"

#include <algorithm>
#include <utility>

namespace carousel::cli {
namespace {

/// Values and tolerances of everything a run leaves behind, in the order of `collect`.
struct Expected {
  std::vector<double> value;
  std::vector<double> tolerance;

  void add(const oracle::Quantity& quantity) {
    value.insert(value.end(), quantity.value.begin(), quantity.value.end());
    tolerance.insert(tolerance.end(), quantity.tolerance.begin(), quantity.tolerance.end());
  }
};

Expected expected_values(const Model& model, const oracle::Result& reference) {
  Expected expected;
  expected.add(reference.y);
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const LayerSpec& spec = model.layers[l].spec;
    for (std::size_t d = 0; std::cmp_less(d, spec.directions()); ++d) {
      expected.add(reference.layers[l].state.at(d).h);
      if (spec.has_cell_state()) expected.add(reference.layers[l].state.at(d).c);
    }
  }
  return expected;
}

void append(std::vector<float>& values, const SequenceView<float>& view) {
  values.insert(values.end(), view.data, view.data + view.batch * view.features);
}

/// Outputs and final states of one run from zero state.
std::vector<float> collect(const Network& network, const Workload& work) {
  const std::int64_t steps = std::max<std::int64_t>(work.steps, 1);
  Stream stream = network.stream({.batch = work.batch, .max_steps = steps});
  std::vector<float> values(work.output_count());
  if (const Status status = run_workload(stream, work, values); !status) {
    throw Error(status.message());
  }
  for (std::size_t l = 0; l < work.model.layers.size(); ++l) {
    const LayerSpec& spec = work.model.layers[l].spec;
    for (std::int64_t d = 0; d < spec.directions(); ++d) {
      const StateView state = stream.layer_state(static_cast<std::int64_t>(l), d);
      append(values, state.h);
      if (spec.has_cell_state()) append(values, state.c);
    }
  }
  return values;
}

CandidateResult check_one(const Workload& work, const Candidate& candidate,
                          const oracle::Result& reference, const Expected& expected) {
  CandidateResult result{
      .name = candidate.name, .refusal = {}, .values = {}, .agreement = {}, .divergence = {}};
  std::optional<Network> network;
  try {
    network = candidate.prepare(work.model);
  } catch (const Error& error) {
    result.refusal = error.what();
    return result;
  }
  result.values = collect(*network, work);
  result.agreement = compare(result.values, expected.value, expected.tolerance);
  if (!result.agreement.ok) result.divergence = locate(candidate, work, reference);
  return result;
}

std::vector<PairResult> compare_pairs(const std::vector<CandidateResult>& results,
                                      const Expected& expected) {
  std::vector<double> both(expected.tolerance);
  for (double& tolerance : both) tolerance *= 2;
  std::vector<PairResult> pairs;
  for (std::size_t a = 0; a < results.size(); ++a) {
    for (std::size_t b = a + 1; b < results.size(); ++b) {
      if (!results[a].ran() || !results[b].ran()) continue;
      const std::span<const float> first = results[a].values;
      const std::span<const float> second = results[b].values;
      pairs.push_back({.first = a,
                       .second = b,
                       .agreement = compare(second, first, both),
                       .same_bits = first_different_bit(first, second) < 0});
    }
  }
  return pairs;
}

}  // namespace

std::vector<Candidate> candidates(std::string_view choice) {
  std::vector<Candidate> list;
  for (const Backend* backend : select_backends(choice)) {
    const std::string id = backend->id();
    list.push_back({.name = id, .backend = backend, .prepare = [id](const Model& model) {
                      return prepare(model, {.backend = id});
                    }});
  }
  return list;
}

std::size_t CheckReport::ran() const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(results, [](const CandidateResult& result) { return result.ran(); }));
}

bool CheckReport::ok() const noexcept {
  const auto agrees = [](const auto& item) { return item.agreement.ok; };
  return ran() > 0 && std::ranges::all_of(results, agrees) && std::ranges::all_of(pairs, agrees);
}

oracle::Quantity oracle_input(const Workload& work) {
  if (work.model.embedding) return oracle::embed(work.model, work.ids, work.steps, work.batch);
  return oracle::exact(work.x, work.steps, work.batch, work.model.input_size());
}

CheckReport check(const Workload& work, std::span<const Candidate> candidates,
                  const std::function<void(double)>& progress) {
  const oracle::Result reference =
      oracle::run(work.model, oracle_input(work), {}, {}, {.errors = {}, .trace = true});
  const Expected expected = expected_values(work.model, reference);
  CheckReport report;
  const auto parts = static_cast<double>(candidates.size() + 1);
  for (const Candidate& candidate : candidates) {
    if (progress) progress(static_cast<double>(report.results.size() + 1) / parts);
    report.results.push_back(check_one(work, candidate, reference, expected));
  }
  report.pairs = compare_pairs(report.results, expected);
  return report;
}

}  // namespace carousel::cli
