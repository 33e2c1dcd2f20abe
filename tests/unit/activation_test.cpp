// SPDX-License-Identifier: Apache-2.0
// The error that each backend's tanh and sigmoid add, measured over floats of every size through a
// whole layer, against the bounds that the oracle's tolerances allow for.
#include "core/verify/oracle/activations.hpp"
#include "core/verify/oracle/number.hpp"
#include "support/every_backend.hpp"

#include <carousel/compare.hpp>
#include <carousel/network.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>
#include <span>

namespace carousel::testing_support {
namespace {

constexpr std::int64_t kUnits = 64;
constexpr std::int64_t kRows = 64;
constexpr std::size_t kPerRun = kUnits * kRows;
constexpr float kOpen = 100.0F;   ///< a bias that makes a gate 1
constexpr float kShut = -100.0F;  ///< or 0

/// Every n-th float is tried. The vector kernels' functions are tried on all of them by
/// tests/xsimd.
constexpr std::uint64_t kStride = 4099;

/// A layer whose required weights are all zero.
ModelLayer layer_of_zeros(const LayerSpec& spec) {
  ModelLayer layer{.spec = spec};
  for (const WeightRole& role : weight_roles(spec)) {
    if (!role.required) continue;
    std::vector<std::byte> bytes(sizeof(float));
    for (const std::int64_t size : role.shape)
      bytes.resize(bytes.size() * static_cast<std::size_t>(size));
    layer.weights.emplace(role.name, Tensor(DType::float32, role.shape, std::move(bytes)));
  }
  return layer;
}

/// A plain RNN without memory: h' = function(x).
ModelLayer function_layer(const Activation& function) {
  RecurrentSpec spec = make_spec(Cell::rnn, kUnits, kUnits);
  spec.activations[0][0] = function;
  ModelLayer layer = layer_of_zeros(spec);
  const std::span<float> weight_ih = layer.weights.at("weight_ih").floats();
  const auto n = static_cast<std::size_t>(kUnits);
  for (std::size_t j = 0; j < n; ++j) weight_ih[j * n + j] = 1.0F;
  return layer;
}

/// h = o * tanh(c) with i = 0 and f = 1, so that c stays what it is. Output gates: open, or unit j
/// is sigmoid(x_j).
ModelLayer gate_layer(bool output_from_x) {
  ModelLayer layer = layer_of_zeros(make_spec(Cell::lstm, kUnits, kUnits));
  const std::span<float> weight_ih = layer.weights.at("weight_ih").floats();
  const std::span<float> bias_ih = layer.weights.at("bias_ih").floats();
  const auto n = static_cast<std::size_t>(kUnits);
  for (std::size_t j = 0; j < n; ++j) {
    bias_ih[j] = kShut;
    bias_ih[n + j] = kOpen;
    if (output_from_x) {
      weight_ih[(3 * n + j) * n + j] = 1.0F;
    } else {
      bias_ih[3 * n + j] = kOpen;
    }
  }
  return layer;
}

/// Applies `function(inputs)` to all floats of the sample and gives each result to `judge(x,
/// result)`.
template <class Function, class Judge>
void for_each_float(Function&& function, Judge&& judge) {
  std::vector<float> x;
  const auto flush = [&] {
    x.resize(kPerRun, 0.0F);
    const std::vector<float> y = function(x);
    for (std::size_t k = 0; k < y.size(); ++k) judge(x[k], y[k]);
    x.clear();
  };
  constexpr std::uint64_t kEnd = std::uint64_t{1} << 32U;
  for (std::uint64_t bits = 0; bits < kEnd; bits += kStride) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    // Denormals count as zero; what NaN and infinity do is in the conformance suite.
    if (std::isnormal(value)) x.push_back(value);
    if (x.size() == kPerRun) flush();
  }
  flush();
}

class Activations : public testing::TestWithParam<std::string> {
 protected:
  /// One step with inputs x [rows, units] from h = 0 and the given c.
  std::vector<float> step(Stream& stream, const std::vector<float>& x,
                          const std::vector<float>& c) {
    stream.reset();
    std::copy(c.begin(), c.end(), stream.state().c.data);
    std::vector<float> y(kPerRun);
    const Status status = stream.run(steps_first<const float>(x.data(), 1, kRows, kUnits),
                                     steps_first(y.data(), 1, kRows, kUnits));
    EXPECT_TRUE(static_cast<bool>(status)) << status.message();
    return y;
  }

  [[nodiscard]] Stream make(bool output_from_x) const {
    const Network network =
        prepare(gate_layer(output_from_x), {.backend = GetParam(), .batch = kRows, .steps = 1});
    return network.stream({.batch = kRows, .max_steps = 1});
  }

  const std::vector<float> zeros = std::vector<float>(kPerRun, 0.0F);
  const std::vector<float> large = std::vector<float>(kPerRun, 50.0F);  ///< tanh is 1
  const oracle::ErrorModel model{};
};

INSTANTIATE_TEST_SUITE_P(Backends, Activations, testing::ValuesIn(runnable_ids()), id_as_test_name);

TEST_P(Activations, TanhIsWithinItsBound) {
  Stream stream = make(false);
  double worst = 0.0;
  float where = 0.0F;
  for_each_float([&](const std::vector<float>& c) { return step(stream, zeros, c); },
                 [&](float x, float y) {
                   const double ulp = ulp_error(y, std::tanh(static_cast<double>(x)));
                   if (!(ulp <= worst)) worst = ulp, where = x;
                 });
  std::printf("%s: tanh within %.2f units in the last place, worst at %g\n", GetParam().c_str(),
              worst, static_cast<double>(where));
  EXPECT_LE(worst, model.activation_ulp) << "at " << where;
}

TEST_P(Activations, SigmoidIsWithinItsBound) {
  Stream stream = make(true);
  double worst = 0.0;
  float where = 0.0F;
  for_each_float([&](const std::vector<float>& x) { return step(stream, x, large); },
                 [&](float x, float y) {
                   const double exact = 1.0 / (1.0 + std::exp(-static_cast<double>(x)));
                   const double error = std::fabs(y - exact) / oracle::kUnit;
                   if (!(error <= worst)) worst = error, where = x;
                 });
  std::printf("%s: sigmoid within %.2f * 2^-24, worst at %g\n", GetParam().c_str(), worst,
              static_cast<double>(where));
  EXPECT_LE(worst, model.gate_ulp) << "at " << where;
}

/// Where the backend has the function at all; the scalar one has every one.
TEST_P(Activations, EveryFunctionIsWithinTheOraclesBound) {
  int tried = 0;
  for (int kind = 0; kind <= static_cast<int>(ActivationKind::softplus); ++kind) {
    const Activation function{static_cast<ActivationKind>(kind), 0.7F, 0.4F};
    const ModelLayer layer = function_layer(function);
    if (!select_backends(GetParam()).front()->supports(layer.spec, Precision::float32)) continue;
    ++tried;
    const Network network = prepare(layer, {.backend = GetParam(), .batch = kRows, .steps = 1});
    Stream stream = network.stream({.batch = kRows, .max_steps = 1});
    double worst = 0.0;
    float where = 0.0F;
    const auto run = [&](const std::vector<float>& x) {
      std::vector<float> y(kPerRun);
      const Status status = stream.run(steps_first<const float>(x.data(), 1, kRows, kUnits),
                                       steps_first(y.data(), 1, kRows, kUnits));
      EXPECT_TRUE(static_cast<bool>(status)) << status.message();
      return y;
    };
    for_each_float(run, [&](float x, float y) {
      const oracle::Number exact = oracle::apply(function, {x, 0.0}, model);
      const double share = std::fabs(y - exact.value) / exact.error;
      if (!(share <= worst)) worst = share, where = x;
    });
    EXPECT_LE(worst, 1.0) << name(function.kind) << " at " << where;
  }
  std::printf("%s: %d functions\n", GetParam().c_str(), tried);
  if (GetParam() == "scalar") {
    EXPECT_EQ(tried, 11);
  }
}

}  // namespace
}  // namespace carousel::testing_support
