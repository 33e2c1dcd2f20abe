// SPDX-License-Identifier: Apache-2.0
// The oracle itself, against numbers worked out by hand; PyTorch's are in tests/real.
#include "core/verify/oracle/oracle.hpp"
#include "core/verify/oracle/activations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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

/// Numbers within the errors of z, a and b, and operations that each round one way or the other.
struct RoughBlend {
  unsigned signs;  ///< one bit per value and operation

  double sign() {
    const bool up = (signs & 1U) != 0;
    signs >>= 1U;
    return up ? 1.0 : -1.0;
  }
  double moved(Number n) { return n.value + sign() * n.error; }
  double rounded(double v) { return v * (1.0 + sign() * kUnit); }

  double as_two_products(Number zn, Number an, Number bn) {
    const double z = moved(zn), a = moved(an), b = moved(bn);
    return rounded(rounded(rounded(1.0 - z) * a) + rounded(z * b));
  }
  double as_one_product(Number zn, Number an, Number bn) {
    const double z = moved(zn), a = moved(an), b = moved(bn);
    return rounded(a + rounded(z * rounded(b - a)));
  }
};

TEST(Oracle, BlendsAreCoveredInBothForms) {
  const std::vector<Number> gates{{0.0, 0.0}, {1e-3, 1e-6}, {0.5, 1e-7}, {1.0, 1e-7}};
  const std::vector<Number> values{
      {0.0, 0.0}, {0.9, 0.0}, {-1.0, 1e-6}, {40.0, 1e-5}, {-3e-6, 0.0}};
  double worst = 0.0;
  for (const Number z : gates) {
    for (const Number a : values) {
      for (const Number b : values) {
        const Number result = blend(z, a, b);
        for (unsigned signs = 0; signs < 128; ++signs) {
          const double two = RoughBlend{signs}.as_two_products(z, a, b) - result.value;
          const double one = RoughBlend{signs}.as_one_product(z, a, b) - result.value;
          worst = std::max({worst, std::fabs(two) / result.error, std::fabs(one) / result.error});
        }
      }
    }
  }
  EXPECT_LE(worst, 1.0 + 1e-8);  // what double makes of the differences
  EXPECT_GT(worst, 0.5) << "the bound is no bound";
}

/// A float that differs from x by `share` of its error, and by no more than the error.
float moved(Number x, double share) {
  const auto v = static_cast<float>(x.value + share * x.error);
  const bool too_far = std::fabs(v - x.value) > x.error;
  return too_far ? std::nextafter(v, static_cast<float>(x.value)) : v;
}

/// What float32 makes of an activation of ONNX.
float in_float(const Activation& f, float v) {
  switch (f.kind) {
    case ActivationKind::sigmoid: return 1.0F / (1.0F + std::exp(-v));
    case ActivationKind::tanh: return std::tanh(v);
    case ActivationKind::relu: return std::max(v, 0.0F);
    case ActivationKind::affine: return f.alpha * v + f.beta;
    case ActivationKind::leaky_relu: return v < 0.0F ? f.alpha * v : v;
    case ActivationKind::thresholded_relu: return v > f.alpha ? v : 0.0F;
    case ActivationKind::scaled_tanh: return f.alpha * std::tanh(f.beta * v);
    case ActivationKind::hard_sigmoid: return std::clamp(f.alpha * v + f.beta, 0.0F, 1.0F);
    case ActivationKind::elu: return v < 0.0F ? f.alpha * std::expm1(v) : v;
    case ActivationKind::softsign: return v / (1.0F + std::fabs(v));
    case ActivationKind::softplus: return std::max(v, 0.0F) + std::log1p(std::exp(-std::fabs(v)));
  }
  return 0.0F;
}

/// Also where a negative alpha makes the function fall on one side, or jump.
TEST(Oracle, ActivationsAreCoveredWithTheErrorsOfTheirArguments) {
  for (int kind = 0; kind <= static_cast<int>(ActivationKind::softplus); ++kind) {
    for (const float alpha : {-0.75F, 0.3F, 1.7F}) {
      const Activation f{static_cast<ActivationKind>(kind), alpha, 0.6F};
      double worst = 0.0;
      for (int k = -60; k <= 60; ++k) {
        for (const double error : {0.0, 1e-6, 0.25}) {
          // A float, so that without an error the argument is exact.
          const Number x{static_cast<double>(0.173F * static_cast<float>(k)), error};
          const Number y = apply(f, x, {});
          for (const double share : {-1.0, -0.6, -0.3, 0.0, 0.3, 0.6, 1.0}) {
            const double found = in_float(f, moved(x, share));
            worst = std::max(worst, std::fabs(found - y.value) / y.error);
          }
        }
      }
      EXPECT_LE(worst, 1.0) << name(f.kind) << ' ' << alpha;
      EXPECT_GT(worst, 0.5) << name(f.kind) << ' ' << alpha << ": the bound is no bound";
    }
  }
}

/// Only the linear unit's own product can be wrong in the last place: 1.7 * x.
TEST(Oracle, SimpleActivationsHaveNoErrorOfALibrary) {
  EXPECT_LT(apply({ActivationKind::relu}, {3.0, 0.0}, {}).error, 1e-30);
  EXPECT_LT(apply({ActivationKind::leaky_relu, 1.7F}, {-3.0, 0.0}, {}).error, 1.1 * 5.1 * kUnit);
  EXPECT_LT(apply({ActivationKind::hard_sigmoid, 0.2F, 0.5F}, {0.0, 0.0}, {}).error, 1.1 * kUnit);
}

TEST(Oracle, EachDirectionHasItsOwnActivations) {
  ModelLayer layer = one_unit(Cell::rnn);
  layer.spec.direction = Direction::bidirectional;
  layer.directions[1] = layer.directions[0];
  layer.spec.activations[1][0] = {ActivationKind::relu};
  LayerState state = zero_state(layer.spec, 1);
  state[0].h.value[0] = state[1].h.value[0] = kH;
  const std::vector<double> x{kX, kX};
  const LayerResult both = run_layer(layer, exact(x, 2, 1, 1), {}, state);
  EXPECT_NEAR(both.y.value[0], std::tanh(gate(layer, 0)), kExact);  // step 0, forward
  EXPECT_NEAR(both.y.value[3], gate(layer, 0), kExact);             // step 1, reverse
  layer.spec.direction = Direction::reverse;
  layer.directions[1] = {};
  const LayerResult reverse = run_layer(layer, exact(x, 2, 1, 1), {}, state);
  EXPECT_NEAR(reverse.y.value[1], std::tanh(gate(layer, 0)), kExact);
}

TEST(Oracle, ClipsBoundOnlyWhatGoesIntoAGate) {
  ModelLayer layer = one_unit(Cell::gru);
  layer.spec.clip = 0.25F;  // all three pre-activations are larger
  const double z = sigmoid(0.25);
  EXPECT_NEAR(step(layer).y.value[0], (1.0 - z) * std::tanh(0.25) + z * kH, kExact);
  ModelLayer rnn = one_unit(Cell::rnn);
  rnn.spec.clip = 0.25F;
  rnn.spec.activations[0][0] = {ActivationKind::affine, -3.0F, -1.0F};
  EXPECT_NEAR(step(rnn).y.value[0], -1.75, kExact);
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
