// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/problem.hpp"

#include <carousel/backend.hpp>
#include <carousel/network.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

/// Small networks with fixed random weights for the unit tests.
namespace carousel::testing_support {

using conformance::Case;
using conformance::Problem;

/// A case's network and numbers; deterministic, see conformance::Case.
inline Problem sample(Case spec) {
  spec.group = "unit";
  return conformance::make_problem(spec);
}

/// What one run gives back, dense: y [steps, batch, outputs] and all states.
struct Answer {
  std::vector<float> y;
  conformance::States states;
  friend bool operator==(const Answer&, const Answer&) = default;
};

/// Whether a backend runs all layers of a case. The scalar one has to.
inline bool runs(const std::string& id, const Case& spec) {
  const Backend& backend = *select_backends(id).front();
  for (const LayerSpec& layer : conformance::layer_specs(spec)) {
    const Support support = backend.supports(layer, Precision::float32);
    if (support) continue;
    if (id == "scalar") throw std::runtime_error("scalar refuses: " + support.reason);
    return false;
  }
  return true;
}

/// A layer whose required weights are various numbers between -1 and 1.
inline ModelLayer named_layer(LayerSpec spec, std::string name,
                              std::vector<std::string> inputs = {}) {
  ModelLayer layer{std::move(spec)};
  layer.name = std::move(name);
  layer.inputs = std::move(inputs);
  float next = -0.5F;
  for (const WeightRole& role : weight_roles(layer.spec)) {
    if (!role.required) continue;
    std::vector<float> values(1);
    for (const std::int64_t size : role.shape) {
      values.resize(values.size() * static_cast<std::size_t>(size));
    }
    for (float& value : values) {
      value = next;
      next = next > 0.5F ? next - 1.0F : next + 0.137F;
    }
    layer.weights[role.name] = Tensor(role.shape, values);
  }
  return layer;
}

inline constexpr float kUntouched = 12345.0F;

/// Runs `stream` once over dense x; y starts out as kUntouched.
inline Answer run_dense(Stream& stream, const std::vector<float>& x, std::int64_t steps,
                        std::int64_t batch, const Network& network,
                        const std::vector<std::int64_t>& lengths = {}) {
  Answer answer;
  answer.y.assign(static_cast<std::size_t>(steps * batch * network.output_size()), kUntouched);
  const Status status =
      stream.run(steps_first<const float>(x.data(), steps, batch, network.input_size()),
                 steps_first(answer.y.data(), steps, batch, network.output_size()), lengths);
  if (!status) throw std::runtime_error(status.message());
  answer.states = conformance::get_states(stream);
  return answer;
}

}  // namespace carousel::testing_support
