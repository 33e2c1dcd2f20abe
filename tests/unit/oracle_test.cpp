// SPDX-License-Identifier: Apache-2.0
// The oracle itself, against numbers worked out by hand; PyTorch's are in tests/real.
#include "core/verify/oracle/activations.hpp"
#include "unit/oracle_sample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace carousel::oracle {
namespace {

TEST(Oracle, Lstm) {
  const ModelLayer layer = one_unit(Cell::lstm);
  const double c =
      sigmoid(gate(layer, 1)) * kC + sigmoid(gate(layer, 0)) * std::tanh(gate(layer, 2));
  const double h = sigmoid(gate(layer, 3)) * std::tanh(c);
  const LayerResult result = step(layer, {.errors = {}, .trace = true});
  EXPECT_NEAR(result.state[1].value[0], c, kExact);
  EXPECT_NEAR(result.state[0].value[0], h, kExact);
  EXPECT_EQ(result.y.value[0], result.state[0].value[0]);
  EXPECT_NEAR(result.trace[0].at("f").value[0], sigmoid(gate(layer, 1)), kExact);
  EXPECT_NEAR(result.trace[0].at("g").value[0], std::tanh(gate(layer, 2)), kExact);
}

TEST(Oracle, PeepholesLookAtTheOldAndTheNewCell) {
  ModelLayer layer = one_unit(Cell::lstm);
  recurrent(layer).peephole = true;
  layer.weights["peephole"] = Tensor({3}, std::vector<float>{0.5F, -0.25F, 2.0F});
  const double i = sigmoid(gate(layer, 0) + 0.5 * kC);
  const double f = sigmoid(gate(layer, 1) - 0.25 * kC);
  const double c = f * kC + i * std::tanh(gate(layer, 2));
  const LayerResult result = step(layer);
  EXPECT_NEAR(result.state[1].value[0], c, kExact);
  EXPECT_NEAR(result.y.value[0], sigmoid(gate(layer, 3) + 2.0 * c) * std::tanh(c), kExact);
}

TEST(Oracle, CoupledGates) {
  ModelLayer layer = one_unit(Cell::lstm);
  const double i = sigmoid(gate(layer, 0));
  const double f = sigmoid(gate(layer, 1));
  const double g = std::tanh(gate(layer, 2));
  recurrent(layer).coupling = GateCoupling::forget_from_input;
  EXPECT_NEAR(step(layer).state[1].value[0], (1.0 - i) * kC + i * g, kExact);
  recurrent(layer).coupling = GateCoupling::input_from_forget;
  EXPECT_NEAR(step(layer).state[1].value[0], f * kC + (1.0 - f) * g, kExact);
}

TEST(Oracle, Clips) {
  ModelLayer layer = one_unit(Cell::lstm);
  recurrent(layer).clip = 0.5F;  // all four pre-activations are larger
  const double c = sigmoid(0.5) * kC + sigmoid(0.5) * std::tanh(0.5);
  EXPECT_NEAR(step(layer).state[1].value[0], c, kExact);
  recurrent(layer).cell_clip = 0.25F;
  EXPECT_NEAR(step(layer).state[1].value[0], 0.25, kExact);
}

TEST(Oracle, GruWithTheResetAfterAndBeforeTheMatrix) {
  ModelLayer layer = one_unit(Cell::gru);
  const double r = sigmoid(gate(layer, 0));
  const double z = sigmoid(gate(layer, 1));
  const double after = std::tanh(gate_input(layer, 2) + r * gate_state(layer, 2));
  EXPECT_NEAR(step(layer).y.value[0], (1.0 - z) * after + z * kH, kExact);
  recurrent(layer).linear_before_reset = false;
  const double before = std::tanh(gate_input(layer, 2) + gate_state(layer, 2, r * kH));
  EXPECT_NEAR(step(layer).y.value[0], (1.0 - z) * before + z * kH, kExact);
}

TEST(Oracle, PlainRnn) {
  ModelLayer layer = one_unit(Cell::rnn);
  EXPECT_NEAR(step(layer).y.value[0], std::tanh(gate(layer, 0)), kExact);
  recurrent(layer).activations[0][0] = {ActivationKind::relu, 0.0F, 0.0F};
  EXPECT_NEAR(step(layer).y.value[0], gate(layer, 0), kExact);
}

/// One step of an sLSTM of one unit from h = kH, c = kC and these.
LayerResult slstm_step(const ModelLayer& layer, double n, double m) {
  LayerState state = zero_state(layer.spec, 1);
  const std::array<double, 4> values{kH, kC, n, m};
  for (std::size_t k = 0; k < values.size(); ++k) state.at(k).value[0] = values.at(k);
  const std::vector<double> x{kX};
  return run_layer(layer, exact(x, 1, 1, 1), {}, state, {.errors = {}, .trace = true});
}

void expect_slstm(const ModelLayer& layer, double n, double m, double new_m) {
  const double l = m + std::log(sigmoid(gate(layer, 1)));
  const double i = std::exp(gate(layer, 0) - new_m);
  const double f = std::min(1.0, std::exp(l - new_m));
  const double c = f * kC + i * std::tanh(gate(layer, 2));
  const double new_n = f * n + i;
  const LayerResult result = slstm_step(layer, n, m);
  EXPECT_NEAR(result.state[3].value[0], new_m, kExact);
  EXPECT_NEAR(result.state[2].value[0], new_n, kExact);
  EXPECT_NEAR(result.state[1].value[0], c, kExact);
  EXPECT_NEAR(result.y.value[0], sigmoid(gate(layer, 3)) * c / new_n, kExact);
  EXPECT_NEAR(result.trace[0].at("f").value[0], f, kExact);
  EXPECT_NEAR(result.trace[0].at("m").value[0], new_m, kExact);
}

TEST(Oracle, Slstm) {
  const ModelLayer layer = one_unit(Cell::slstm);
  const double kept = std::log(sigmoid(gate(layer, 1)));
  expect_slstm(layer, 0.0, 3.0, gate(layer, 0));  // the first step, whatever m
  expect_slstm(layer, 1.5, 3.0, 3.0 + kept);
  expect_slstm(layer, 1.5, -3.0, gate(layer, 0));
}

/// The stabilizer is infinite with the input gate: what follows from it is NaN.
TEST(Oracle, SlstmOfWhatIsNotFinite) {
  ModelLayer layer = one_unit(Cell::slstm);
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bias : {infinity, -infinity, std::nan("")}) {
    std::vector<float> values(4);
    values[0] = static_cast<float>(bias);
    layer.weights["bias_ih"] = Tensor({4}, values);
    const LayerResult first = slstm_step(layer, 0.0, 0.0);
    for (const std::size_t k : {0U, 1U, 2U}) EXPECT_TRUE(std::isnan(first.state[k].value[0]));
    const LayerResult later = slstm_step(layer, 1.0, 0.0);
    EXPECT_EQ(std::isnan(later.y.value[0]), bias != -infinity) << bias;
  }
}

TEST(Oracle, HeadsSeeTheirPartOfH) {
  ModelLayer layer{make_spec(Cell::slstm, 1, 4)};
  recurrent(layer).heads = 2;
  layer.weights["weight_ih"] = Tensor({16, 1}, std::vector<float>(16));
  layer.weights["weight_hh"] = Tensor({16, 2}, std::vector<float>(32, 1.0F));
  layer.weights["bias_ih"] = layer.weights["bias_hh"] = Tensor({16}, std::vector<float>(16));
  LayerState state = zero_state(layer.spec, 1);
  state[0].value = {0.5, 0.25, -1.0, 2.0};
  const std::vector<double> x{0.0};
  // At first m is the input gate's pre-activation: the sum of h of the head.
  const LayerResult result = run_layer(layer, exact(x, 1, 1, 1), {}, state, {});
  EXPECT_EQ(result.state[3].value, (std::vector<double>{0.75, 0.75, 1.0, 1.0}));
}

/// Of two values, mean and deviation are half their sum and difference.
TEST(Oracle, LayerNormalization) {
  ModelLayer layer{make_spec(Cell::lstm, 1, 2)};
  recurrent(layer).layer_norm = true;
  recurrent(layer).layer_norm_epsilon = 0.25F;
  const auto set = [&](const char* role, const std::vector<std::int64_t>& shape, float start,
                       float slope) {
    std::vector<float> values;
    for (int k = 0; k < 8; ++k) values.push_back(start + slope * static_cast<float>(k * k));
    layer.weights[role] = Tensor(shape, values);
  };
  set("weight_ih", {8, 1}, 0.5F, 0.25F);
  layer.weights["weight_hh"] = Tensor({8, 2}, std::vector<float>(16));
  set("norm_weight", {8}, -0.5F, 0.125F);
  set("bias_ih", {8}, 0.25F, 0.5F);
  set("bias_hh", {8}, 0.125F, -0.25F);
  const auto normalized = [&](std::size_t gate, std::size_t unit) {
    const std::size_t row = 2 * gate;
    const double half =
        kX * (weight(layer, "weight_ih", row + 1) - weight(layer, "weight_ih", row)) / 2;
    const double share = (unit == 0 ? -half : half) / std::sqrt(half * half + 0.25);
    return share * weight(layer, "norm_weight", row + unit) + weight(layer, "bias_ih", row + unit) +
           weight(layer, "bias_hh", row + unit);
  };
  const LayerResult result = step(layer);
  for (std::size_t u = 0; u < 2; ++u) {
    const double c = sigmoid(normalized(1, u)) * (u == 0 ? kC : 0.0) +
                     sigmoid(normalized(0, u)) * std::tanh(normalized(2, u));
    EXPECT_NEAR(result.state[1].value[u], c, kExact);
    EXPECT_NEAR(result.y.value[u], sigmoid(normalized(3, u)) * std::tanh(c), kExact);
  }
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

/// What float32 makes of the functions that no cell has.
float in_float_of_layers(const Activation& f, float v) {
  switch (f.kind) {
    case ActivationKind::abs: return std::fabs(v);
    case ActivationKind::negative: return -v;
    case ActivationKind::exp: return std::exp(v);
    case ActivationKind::erf: return std::erf(v);
    case ActivationKind::clip: return std::max(std::min(v, f.beta), f.alpha);
    case ActivationKind::gelu: return 0.5F * v * (1.0F + std::erf(v * 0.70710678F));
    case ActivationKind::gelu_tanh:
      return 0.5F * v * (1.0F + std::tanh(0.79788456F * (v + 0.044715F * v * v * v)));
    case ActivationKind::silu: return v * (1.0F / (1.0F + std::exp(-v)));
    case ActivationKind::hard_swish: return v * std::clamp(v + 3.0F, 0.0F, 6.0F) / 6.0F;
    case ActivationKind::selu:
      return 1.05070098F * (v < 0.0F ? 1.67326324F * std::expm1(v) : v);
    case ActivationKind::mish: return v * std::tanh(std::log1p(std::exp(v)));
    case ActivationKind::sqrt: return std::sqrt(v);
    case ActivationKind::log: return std::log(v);
    case ActivationKind::reciprocal: return 1.0F / v;
    case ActivationKind::sign: return static_cast<float>((v > 0.0F) - (v < 0.0F));
    case ActivationKind::floor: return std::floor(v);
    case ActivationKind::ceil: return std::ceil(v);
    case ActivationKind::round: return std::rint(v);
    default: return 0.0F;
  }
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
    default: return in_float_of_layers(f, v);
  }
}

/// Written as they usually are, which need not be as the engine has them.
TEST(Oracle, FunctionsOfLayersAreCoveredWithTheErrorsOfTheirArguments) {
  for (int kind = static_cast<int>(ActivationKind::abs);
       kind <= static_cast<int>(ActivationKind::round); ++kind) {
    const Activation f{static_cast<ActivationKind>(kind), -0.5F, 1.5F};
    for (int k = -60; k <= 60; ++k) {
      for (const double error : {0.0, 1e-6, 0.05}) {
        const Number x{static_cast<double>(0.173F * static_cast<float>(k)), error};
        const Number y = apply(f, x, {});
        if (!std::isfinite(y.value)) continue;
        for (const double share : {-1.0, -0.6, -0.3, 0.0, 0.3, 0.6, 1.0}) {
          const double found = in_float(f, moved(x, share));
          if (std::isinf(y.error) || std::isnan(found)) continue;  // at the end of the domain
          EXPECT_LE(std::fabs(found - y.value), y.error)
              << name(f.kind) << " of " << x.value << " +- " << error;
        }
      }
    }
  }
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
  recurrent(layer).direction = Direction::bidirectional;
  for (const std::string role : {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}) {
    layer.weights[role + "_reverse"] = layer.weights.at(role);
  }
  recurrent(layer).activations[1][0] = {ActivationKind::relu};
  LayerState state = zero_state(layer.spec, 1);
  state[0].value[0] = state[1].value[0] = kH;
  const std::vector<double> x{kX, kX};
  const LayerResult both = run_layer(layer, exact(x, 2, 1, 1), {}, state);
  EXPECT_NEAR(both.y.value[0], std::tanh(gate(layer, 0)), kExact);  // step 0, forward
  EXPECT_NEAR(both.y.value[3], gate(layer, 0), kExact);             // step 1, reverse
  recurrent(layer).direction = Direction::reverse;
  state.pop_back();
  const LayerResult reverse = run_layer(layer, exact(x, 2, 1, 1), {}, state);
  EXPECT_NEAR(reverse.y.value[1], std::tanh(gate(layer, 0)), kExact);
}

TEST(Oracle, ClipsBoundOnlyWhatGoesIntoAGate) {
  ModelLayer layer = one_unit(Cell::gru);
  recurrent(layer).clip = 0.25F;  // all three pre-activations are larger
  const double z = sigmoid(0.25);
  EXPECT_NEAR(step(layer).y.value[0], (1.0 - z) * std::tanh(0.25) + z * kH, kExact);
  ModelLayer rnn = one_unit(Cell::rnn);
  recurrent(rnn).clip = 0.25F;
  recurrent(rnn).activations[0][0] = {ActivationKind::affine, -3.0F, -1.0F};
  EXPECT_NEAR(step(rnn).y.value[0], -1.75, kExact);
}

TEST(Oracle, TracesAreNamedAfterGatesAndStates) {
  const auto names = [](Cell cell) {
    std::string all;
    const LayerResult result = step(one_unit(cell), {.errors = {}, .trace = true});
    for (const auto& [name, values] : result.trace.at(0)) all += name;
    return all;
  };
  EXPECT_EQ(names(Cell::lstm), "cfghio");
  EXPECT_EQ(names(Cell::gru), "hnrz");
  EXPECT_EQ(names(Cell::rnn), "h");
  EXPECT_TRUE(step(one_unit(Cell::gru)).trace.empty());
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
