// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/oracle.hpp"

#include <cmath>
#include <string_view>
#include <variant>
#include <vector>

/// Layers so small that their results can be worked out by hand.
namespace carousel::oracle {

inline constexpr double kX = 0.5;
inline constexpr double kH = -0.25;
inline constexpr double kC = 0.75;

inline double sigmoid(double a) { return 1.0 / (1.0 + std::exp(-a)); }

inline RecurrentSpec& recurrent(ModelLayer& layer) { return std::get<RecurrentSpec>(layer.spec); }

inline double weight(const ModelLayer& layer, std::string_view role, std::size_t k) {
  return find_weight(layer.weights, role)->floats()[k];
}

/// One unit, one input: gate k has weights k+1 and 0.1 (k+1), biases 0.01 (k+1) and 0.02 (k+1).
inline ModelLayer one_unit(Cell cell) {
  ModelLayer layer{make_spec(cell, 1, 1)};
  const auto set = [&](const char* role, float factor) {
    std::vector<float> values;
    for (std::int64_t k = 0; k < recurrent(layer).gates(); ++k) {
      values.push_back(factor * static_cast<float>(k + 1));
    }
    for (const WeightRole& known : weight_roles(layer.spec)) {
      if (known.name == role) layer.weights[role] = Tensor(known.shape, values);
    }
  };
  set("weight_ih", 1.0F);
  set("weight_hh", 0.1F);
  set("bias_ih", 0.01F);
  set("bias_hh", 0.02F);
  return layer;
}

inline double gate_input(const ModelLayer& layer, std::size_t k) {
  return weight(layer, "weight_ih", k) * kX + weight(layer, "bias_ih", k);
}

inline double gate_state(const ModelLayer& layer, std::size_t k, double h = kH) {
  return weight(layer, "weight_hh", k) * h + weight(layer, "bias_hh", k);
}

inline double gate(const ModelLayer& layer, std::size_t k) {
  return gate_input(layer, k) + gate_state(layer, k);
}

/// h and c are states 0 and 1 of an LSTM.
inline LayerResult step(const ModelLayer& layer, const Options& options = {}) {
  LayerState state = zero_state(layer.spec, 1);
  state[0].value[0] = kH;
  if (state.size() > 1) state[1].value[0] = kC;
  const std::vector<double> x{kX};
  return run_layer(layer, exact(x, 1, 1, 1), {}, state, options);
}

inline constexpr double kExact = 1e-15;

/// A float that differs from x by `share` of its error, and by no more than the error.
inline float moved(Number x, double share) {
  const auto v = static_cast<float>(x.value + share * x.error);
  const bool too_far = std::fabs(v - x.value) > x.error;
  return too_far ? std::nextafter(v, static_cast<float>(x.value)) : v;
}

}  // namespace carousel::oracle
