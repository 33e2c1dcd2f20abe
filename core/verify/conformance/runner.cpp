// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/runner.hpp"

#include "core/verify/conformance/checks.hpp"
#include "core/verify/conformance/random.hpp"
#include "core/verify/conformance/runs.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <optional>

namespace carousel::conformance {
namespace {

/// The model with its weights as float64, which are exactly those of float32.
Model widened(Model model) {
  for (ModelLayer& layer : model.layers) {
    for (auto& [role, tensor] : layer.weights) {
      const std::vector<float> values = tensor.to_float32();
      std::vector<std::byte> bytes(values.size() * sizeof(double));
      for (std::size_t k = 0; k < values.size(); ++k) {
        const auto wide = static_cast<double>(values[k]);
        std::memcpy(bytes.data() + k * sizeof wide, &wide, sizeof wide);
      }
      tensor = Tensor(DType::float64, tensor.shape(), std::move(bytes));
    }
  }
  return model;
}

/// Backends whose results do not depend on batch, chunks and threads.
bool promises_same_bits(const Backend& backend) {
  return !is_plugin(backend) && (backend.family() == "scalar" || backend.family() == "xsimd");
}

/// The report of a case that the backend refuses; nothing if it does not.
std::optional<CaseReport> refusal(const Backend& backend, const Case& c, Precision precision) {
  const Support support = supports_all(backend, c, precision);
  if (support) return std::nullopt;
  if (support.fault) return report_of(Outcome::failed, c.name() + ": " + support.reason);
  if (!support.reason.empty()) return report_of(Outcome::refused, support.reason);
  return report_of(Outcome::failed,
                   c.name() + " on " + backend.id() + ": refused without a reason");
}

/// Layers on top of each other are run bare only where there is one: the others are like it.
bool runs_bare(const Problem& problem) {
  const Case& c = problem.spec;
  return c.chunk == 0 &&
         (problem.model.layers.size() == 1 || c.model || c.topology != Topology::chain);
}

void run_all(const Backend& backend, const Problem& problem, CaseReport& report) {
  for (std::size_t k = 0; !problem.spec.chaotic && k < problem.expected.outputs.size(); ++k) {
    check_tolerances(output_text(problem.model, k), problem.expected.y(k));
  }
  const Network network = prepare_forced(backend, problem);
  run_stream(network, problem, report);
  if (!network.whole_sequence()) run_single_steps(network, problem, report);
  if (runs_bare(problem)) run_bare_layers(backend, problem, report);
  if (problem.spec.same_bits && promises_same_bits(backend)) run_parts(backend, problem);
}

}  // namespace

CaseReport report_of(Outcome outcome, std::string message) {
  CaseReport report;
  report.outcome = outcome;
  report.message = std::move(message);
  return report;
}

bool is_plugin(const Backend& backend) {
  const auto all = backends();
  const auto entry = std::ranges::find(all, &backend, &BackendEntry::backend);
  return entry != all.end() && !entry->plugin.empty();
}

Support supports_all(const Backend& backend, const Case& c, Precision precision) {
  for (const LayerSpec& spec : layer_specs(c)) {
    if (Support support = backend.supports(spec, precision); !support) return support;
  }
  return Support::yes();
}

Network prepare_forced(const Backend& backend, const Problem& problem) {
  const Case& c = problem.spec;
  const bool expected = (seed_of(c.name()) & 1U) == 0;
  Network network = prepare(is_plugin(backend) ? widened(problem.model) : problem.model,
                            {.backend = backend.id(),
                             .threads = c.threads,
                             .exact_threads = true,
                             .batch = expected ? c.batch : 1,
                             .steps = expected ? steps_per_run(c) : 1,
                             .precision = problem.precision});
  for (const LayerPlan& plan : network.layers()) {
    require(plan.backend == backend.id(), "a layer went to " + plan.backend);
  }
  return network;
}

CaseReport run_case(const Backend& backend, const Problem& problem) {
  if (const auto refused = refusal(backend, problem.spec, problem.precision)) return *refused;
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

CaseReport run_case(const Backend& backend, const Case& spec, Precision precision) {
  if (const auto refused = refusal(backend, spec, precision)) return *refused;
  return run_case(backend, make_problem(spec, precision));
}

}  // namespace carousel::conformance
