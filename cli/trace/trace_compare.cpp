// SPDX-License-Identifier: Apache-2.0
// Two backends on the same sequence: where the outputs of a layer differ most.
#include "trace_data.hpp"
#include "workload_run.hpp"

#include <carousel/error.hpp>
#include <carousel/network.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace carousel::cli {
namespace {

constexpr std::size_t kMostListed = 8;

/// The network up to a layer, so that its outputs are those of the layer.
Workload up_to(const Workload& work, std::size_t layer) {
  Workload part = work;
  part.model.layers.resize(layer + 1);
  part.model.outputs.clear();
  return part;
}

std::vector<float> outputs(const Workload& work, const std::string& backend,
                           const PrecisionChoice& precision) {
  const Network network = prepare(work.model, {.backend = backend,
                                               .batch = 1,
                                               .steps = work.steps,
                                               .precision = precision.network,
                                               .layer_precisions = precision.layers,
                                               .plan = Plan::fixed});
  Stream stream = network.stream({.batch = 1, .max_steps = work.steps});
  WorkloadRun run(network, work, work.steps);
  const Status status = run(stream);
  if (!status)
    throw Error(ErrorCode::invalid_argument, backend + ": " + std::string(status.message()));
  return run.y();
}

/// Nothing between two NaNs; infinity between a NaN and a number.
double distance(float a, float b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0.0;
  const double found = std::abs(static_cast<double>(a) - b);
  return std::isnan(found) ? std::numeric_limits<double>::infinity() : found;
}

BackendDifference compare(const TracedLayer& layer, const Workload& part, const std::string& a,
                          const std::string& b, const PrecisionChoice& precision) {
  const std::vector<float> left = outputs(part, a, precision);
  const std::vector<float> right = outputs(part, b, precision);
  const auto width = static_cast<std::size_t>(layer.spec.output_size());
  const auto units = static_cast<std::size_t>(layer.spec.state_size());
  BackendDifference result{layer.name, a, b, {}, {}, 0, 0};
  for (std::int64_t t = 0; t < layer.steps; ++t) {
    double largest = 0.0;
    for (std::size_t unit = 0; unit < units; ++unit) {
      const std::size_t at = static_cast<std::size_t>(t) * width + layer.direction * units + unit;
      ++result.count;
      const double difference = distance(left[at], right[at]);
      if (difference == 0.0) continue;
      ++result.differing;
      largest = std::max(largest, difference);
      result.largest.push_back({t, unit, left[at], right[at]});
    }
    result.largest_by_step.push_back(largest);
  }
  std::ranges::stable_sort(result.largest, std::ranges::greater{},
                           [](const Difference& one) { return distance(one.a, one.b); });
  if (result.largest.size() > kMostListed) result.largest.resize(kMostListed);
  return result;
}

}  // namespace

std::vector<BackendDifference> compare_backends(const Workload& work, const NetworkTrace& trace,
                                                const std::string& a, const std::string& b,
                                                const PrecisionChoice& precision) {
  std::vector<BackendDifference> results;
  for (const TracedLayer& layer : trace.layers) {
    results.push_back(compare(layer, up_to(work, layer.layer), a, b, precision));
  }
  return results;
}

}  // namespace carousel::cli
