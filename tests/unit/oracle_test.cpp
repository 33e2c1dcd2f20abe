// SPDX-License-Identifier: Apache-2.0
// The oracle itself, against numbers worked out by hand; PyTorch's are in tests/real.
#include "oracle/oracle.hpp"
#include "oracle/activations.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace carousel::oracle {
namespace {

constexpr double kX = 0.5;
constexpr double kH = -0.25;
constexpr double kC = 0.75;

double sigmoid(double a) { return 1.0 / (1.0 + std::exp(-a)); }

/// One unit, one input: gate k has weights k+1 and 0.1 (k+1), biases 0.01 (k+1) and 0.02 (k+1).
ModelLayer one_unit(Cell cell) {
  ModelLayer layer{make_spec(cell, 1, 1), {}};
  DirectionWeights& w = layer.directions[0];
  for (std::int64_t k = 0; k < layer.spec.gates(); ++k) {
    const auto n = static_cast<float>(k + 1);
    w.weight_ih.push_back(n);
    w.weight_hh.push_back(0.1F * n);
    w.bias_ih.push_back(0.01F * n);
    w.bias_hh.push_back(0.02F * n);
  }
  return layer;
}

double gate_input(const ModelLayer& layer, std::size_t k) {
  const DirectionWeights& w = layer.directions[0];
  return w.weight_ih[k] * kX + static_cast<double>(w.bias_ih[k]);
}

double gate_state(const ModelLayer& layer, std::size_t k, double h = kH) {
  const DirectionWeights& w = layer.directions[0];
  return w.weight_hh[k] * h + static_cast<double>(w.bias_hh[k]);
}

double gate(const ModelLayer& layer, std::size_t k) {
  return gate_input(layer, k) + gate_state(layer, k);
}

LayerResult step(const ModelLayer& layer, const Options& options = {}) {
  LayerState state = zero_state(layer.spec, 1);
  state[0].h.value[0] = kH;
  if (layer.spec.has_cell_state()) state[0].c.value[0] = kC;
  const std::vector<double> x{kX};
  return run_layer(layer, exact(x, 1, 1, 1), {}, state, options);
}

constexpr double kExact = 1e-15;

TEST(Oracle, Lstm) {
  const ModelLayer layer = one_unit(Cell::lstm);
  const double c =
      sigmoid(gate(layer, 1)) * kC + sigmoid(gate(layer, 0)) * std::tanh(gate(layer, 2));
  const double h = sigmoid(gate(layer, 3)) * std::tanh(c);
  const LayerResult result = step(layer, {.errors = {}, .trace = true});
  EXPECT_NEAR(result.state[0].c.value[0], c, kExact);
  EXPECT_NEAR(result.state[0].h.value[0], h, kExact);
  EXPECT_EQ(result.y.value[0], result.state[0].h.value[0]);
  EXPECT_NEAR(result.trace[0].f.value[0], sigmoid(gate(layer, 1)), kExact);
  EXPECT_NEAR(result.trace[0].g.value[0], std::tanh(gate(layer, 2)), kExact);
}

TEST(Oracle, PeepholesLookAtTheOldAndTheNewCell) {
  ModelLayer layer = one_unit(Cell::lstm);
  layer.spec.peephole = true;
  layer.directions[0].peephole = {0.5F, -0.25F, 2.0F};
  const double i = sigmoid(gate(layer, 0) + 0.5 * kC);
  const double f = sigmoid(gate(layer, 1) - 0.25 * kC);
  const double c = f * kC + i * std::tanh(gate(layer, 2));
  const LayerResult result = step(layer);
  EXPECT_NEAR(result.state[0].c.value[0], c, kExact);
  EXPECT_NEAR(result.y.value[0], sigmoid(gate(layer, 3) + 2.0 * c) * std::tanh(c), kExact);
}

TEST(Oracle, CoupledGates) {
  ModelLayer layer = one_unit(Cell::lstm);
  const double i = sigmoid(gate(layer, 0));
  const double f = sigmoid(gate(layer, 1));
  const double g = std::tanh(gate(layer, 2));
  layer.spec.coupling = GateCoupling::forget_from_input;
  EXPECT_NEAR(step(layer).state[0].c.value[0], (1.0 - i) * kC + i * g, kExact);
  layer.spec.coupling = GateCoupling::input_from_forget;
  EXPECT_NEAR(step(layer).state[0].c.value[0], f * kC + (1.0 - f) * g, kExact);
}

TEST(Oracle, Clips) {
  ModelLayer layer = one_unit(Cell::lstm);
  layer.spec.clip = 0.5F;  // all four pre-activations are larger
  const double c = sigmoid(0.5) * kC + sigmoid(0.5) * std::tanh(0.5);
  EXPECT_NEAR(step(layer).state[0].c.value[0], c, kExact);
  layer.spec.cell_clip = 0.25F;
  EXPECT_NEAR(step(layer).state[0].c.value[0], 0.25, kExact);
}

TEST(Oracle, GruWithTheResetAfterAndBeforeTheMatrix) {
  ModelLayer layer = one_unit(Cell::gru);
  const double r = sigmoid(gate(layer, 0));
  const double z = sigmoid(gate(layer, 1));
  const double after = std::tanh(gate_input(layer, 2) + r * gate_state(layer, 2));
  EXPECT_NEAR(step(layer).y.value[0], (1.0 - z) * after + z * kH, kExact);
  layer.spec.linear_before_reset = false;
  const double before = std::tanh(gate_input(layer, 2) + gate_state(layer, 2, r * kH));
  EXPECT_NEAR(step(layer).y.value[0], (1.0 - z) * before + z * kH, kExact);
}

TEST(Oracle, PlainRnn) {
  ModelLayer layer = one_unit(Cell::rnn);
  EXPECT_NEAR(step(layer).y.value[0], std::tanh(gate(layer, 0)), kExact);
  layer.spec.activations[0][0] = {ActivationKind::relu, 0.0F, 0.0F};
  EXPECT_NEAR(step(layer).y.value[0], gate(layer, 0), kExact);
}

TEST(Oracle, ActivationsKeepNan) {
  for (int kind = 0; kind <= static_cast<int>(ActivationKind::softplus); ++kind) {
    const Activation activation{static_cast<ActivationKind>(kind), 1.0F, 1.0F};
    EXPECT_TRUE(std::isnan(evaluate(activation, std::nan("")))) << name(activation.kind);
  }
}

TEST(Oracle, ActivationsAreThoseOfOnnx) {
  const auto value = [](ActivationKind kind, double x, float alpha = 0.0F, float beta = 0.0F) {
    return evaluate({kind, alpha, beta}, x);
  };
  EXPECT_EQ(value(ActivationKind::relu, -2.0), 0.0);
  EXPECT_EQ(value(ActivationKind::affine, 3.0, 2.0F, 0.5F), 6.5);
  EXPECT_EQ(value(ActivationKind::leaky_relu, -2.0, 0.25F), -0.5);
  EXPECT_EQ(value(ActivationKind::thresholded_relu, 1.0, 1.0F), 0.0);
  EXPECT_EQ(value(ActivationKind::thresholded_relu, 1.5, 1.0F), 1.5);
  EXPECT_NEAR(value(ActivationKind::scaled_tanh, 0.5, 2.0F, 3.0F), 2.0 * std::tanh(1.5), kExact);
  EXPECT_EQ(value(ActivationKind::hard_sigmoid, 10.0, 0.25F, 0.5F), 1.0);
  EXPECT_EQ(value(ActivationKind::hard_sigmoid, 1.0, 0.25F, 0.5F), 0.75);
  EXPECT_NEAR(value(ActivationKind::elu, -1.0, 2.0F), 2.0 * std::expm1(-1.0), kExact);
  EXPECT_EQ(value(ActivationKind::softsign, -3.0), -0.75);
  EXPECT_EQ(value(ActivationKind::softsign, -std::numeric_limits<double>::infinity()), -1.0);
  EXPECT_NEAR(value(ActivationKind::softplus, 1.0), std::log1p(std::exp(1.0)), kExact);
  EXPECT_EQ(value(ActivationKind::softplus, 1000.0), 1000.0);
}

/// The strict tolerance covers a float32 evaluation of the equations in any order, by construction;
/// here, one that rounds as badly as it may: every operation off by half a unit in one direction.
TEST(Oracle, StrictToleranceCoversOneSidedRounding) {
  constexpr double kBias = 0x1p-24;
  Sum sum(ErrorModel{.independent = false});
  double biased = 0.0;
  std::vector<float> weights;
  std::vector<Number> values;
  for (int k = 1; k <= 30; ++k) {
    weights.push_back(1.0F / static_cast<float>(k));
    values.push_back({0.3 * k, 0.0});
    const double product = static_cast<double>(weights.back()) * values.back().value;
    biased = (biased + product * (1.0 + kBias)) * (1.0 + kBias);
  }
  sum.add_products(weights, values);
  const Number result = sum.result();
  EXPECT_GT(std::fabs(biased - result.value), 0.3 * result.error) << "the bound is no bound";
  EXPECT_LE(std::fabs(biased - result.value), result.error);
}

TEST(Oracle, ErrorsGrowWithTheErrorsOfInputs) {
  const ModelLayer layer = one_unit(Cell::lstm);
  const LayerState state = zero_state(layer.spec, 1);
  Quantity x = zeros(1, 1, 1);
  const double without = run_layer(layer, x, {}, state).y.tolerance[0];
  x.tolerance[0] = 1e-3;
  const double with = run_layer(layer, x, {}, state).y.tolerance[0];
  EXPECT_LT(without, 1e-6);
  EXPECT_GT(with, 1e-4);
  EXPECT_LT(with, 1e-2);
}

TEST(Oracle, RefusesWrongSizes) {
  const ModelLayer layer = one_unit(Cell::lstm);
  const Quantity x = zeros(2, 3, 1);
  const LayerState state = zero_state(layer.spec, 3);
  const std::vector<std::int64_t> few{1, 2};
  const std::vector<std::int64_t> long_ones{1, 2, 3};
  EXPECT_THROW((void)run_layer(layer, zeros(2, 3, 2), {}, state), std::invalid_argument);
  EXPECT_THROW((void)run_layer(layer, x, few, state), std::invalid_argument);
  EXPECT_THROW((void)run_layer(layer, x, long_ones, state), std::invalid_argument);
  EXPECT_THROW((void)run_layer(layer, x, {}, zero_state(layer.spec, 2)), std::invalid_argument);
}

}  // namespace
}  // namespace carousel::oracle
