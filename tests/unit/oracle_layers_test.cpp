// SPDX-License-Identifier: Apache-2.0
// The oracle's layers that have no state, and whole networks, against numbers worked out by hand.
#include "core/verify/oracle/activations.hpp"
#include "unit/oracle_sample.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>

namespace carousel::oracle {
namespace {

ModelLayer dense_layer() {
  ModelLayer layer{DenseSpec{2, 3, true}};
  layer.weights["weight"] = Tensor({3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6});
  layer.weights["bias"] = Tensor({3}, std::vector<float>{0.5F, 0.0F, -0.5F});
  return layer;
}

Quantity run_frames(const ModelLayer& layer, const Quantity& x,
                    std::span<const std::int64_t> lengths = {}) {
  const LayerResult result = run_layer(layer, x, lengths, {});
  EXPECT_TRUE(result.state.empty());
  EXPECT_TRUE(result.trace.empty());
  return result.y;
}

TEST(Oracle, Dense) {
  const std::vector<double> x{1.0, -1.0, 2.0, 0.5};
  const std::vector<std::int64_t> lengths{1, 0};
  const std::vector<double> y{-0.5, -1.0, -1.5, 3.5, 8.0, 12.5};
  EXPECT_EQ(run_frames(dense_layer(), exact(x, 1, 2, 2)).value, y);
  EXPECT_EQ(run_frames(dense_layer(), exact(x, 1, 2, 2), lengths).value, y) << "every step counts";
}

TEST(Oracle, EmbeddingsOfWhatIsNoIdAreZeros) {
  ModelLayer layer{EmbeddingSpec{3, 2}};
  layer.weights["weight"] = Tensor({3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6});
  const std::vector<std::int32_t> ids{2, -1};
  const Quantity y = run_frames(layer, exact_ids(ids, 1, 2));
  EXPECT_EQ(y.value, (std::vector<double>{5.0, 6.0, 0.0, 0.0}));
  EXPECT_EQ(y.tolerance, std::vector<double>(4));
  EXPECT_EQ(run_frames(layer, exact_ids(std::vector<std::int32_t>{3}, 1, 1)).value,
            std::vector<double>(2));
}

TEST(Oracle, WeightsOfAnyTypeCountAsTheFloatsThatTheyAre) {
  ModelLayer layer{EmbeddingSpec{1, 2}};
  const std::vector<std::byte> halves{std::byte{0x00}, std::byte{0x3C}, std::byte{0x00},
                                      std::byte{0xC0}};
  layer.weights["weight"] = Tensor(DType::float16, {1, 2}, halves);
  EXPECT_EQ(run_frames(layer, exact_ids(std::vector<std::int32_t>{0}, 1, 1)).value,
            (std::vector<double>{1.0, -2.0}));
}

TEST(Oracle, ActivationsOfFrames) {
  const std::vector<double> x{1.0, 2.0, -3.0};
  const auto of = [&](ActivationKind kind) {
    return run_frames({ActivationSpec{{kind}, 3}}, exact(x, 1, 1, 3)).value;
  };
  const double sum = std::exp(1.0) + std::exp(2.0) + std::exp(-3.0);
  for (std::size_t k = 0; k < x.size(); ++k) {
    EXPECT_NEAR(of(ActivationKind::softmax)[k], std::exp(x[k]) / sum, kExact);
    EXPECT_NEAR(of(ActivationKind::log_softmax)[k], x[k] - std::log(sum), 4.0 * kExact);
    EXPECT_NEAR(of(ActivationKind::tanh)[k], std::tanh(x[k]), kExact);
  }
}

/// NaN anywhere in a frame makes NaN of all shares.
TEST(Oracle, SoftmaxKeepsNanAndHasToleranceForEverythingElse) {
  for (const ActivationKind kind : {ActivationKind::softmax, ActivationKind::log_softmax}) {
    const std::vector<Number> odd{{1.0, 0.0}, {std::nan(""), 0.0}};
    for (const Number& y : apply(Activation{kind}, odd, {})) EXPECT_TRUE(std::isnan(y.value));
    const std::vector<Number> far{{0.0, 0.0}, {-1000.0, 0.0}};
    for (const Number& y : apply(Activation{kind}, far, {})) {
      EXPECT_TRUE(std::isfinite(y.value) && std::isfinite(y.error)) << y.value << " " << y.error;
    }
  }
}

/// Float32 with errors of the arguments, as for the elementwise functions.
TEST(Oracle, SoftmaxIsCoveredWithTheErrorsOfItsArguments) {
  for (const double error : {0.0, 1e-6, 1e-3}) {
    std::vector<Number> frame;
    std::vector<float> given;
    for (int k = 0; k < 9; ++k) {
      frame.push_back({static_cast<double>(0.37F * static_cast<float>(k * k % 7 - 3)), error});
      given.push_back(moved(frame.back(), k % 2 == 0 ? 1.0 : -1.0));
    }
    float sum = 0.0F;
    for (const float x : given) sum += std::exp(x);
    const std::vector<Number> shares = apply(Activation{ActivationKind::softmax}, frame, {});
    const std::vector<Number> logs = apply(Activation{ActivationKind::log_softmax}, frame, {});
    for (std::size_t k = 0; k < frame.size(); ++k) {
      EXPECT_LE(std::fabs(std::exp(given[k]) / sum - shares[k].value), shares[k].error);
      EXPECT_LE(std::fabs(given[k] - std::log(sum) - logs[k].value), logs[k].error);
    }
  }
}

TEST(Oracle, Concatenations) {
  const ModelLayer layer{ConcatenateSpec{{1, 2}}};
  const Quantity a = exact(std::vector<double>{1.0, 2.0}, 1, 2, 1);
  const Quantity b = exact(std::vector<double>{3.0, 4.0, 5.0, 6.0}, 1, 2, 2);
  const std::vector<const Quantity*> inputs{&a, &b};
  EXPECT_EQ(run_layer(layer, inputs, {}, {}).y.value,
            (std::vector<double>{1.0, 3.0, 4.0, 2.0, 5.0, 6.0}));
  EXPECT_THROW((void)run_layer(layer, a, {}, {}), std::invalid_argument);
}

// --- Networks ---

/// x goes into a plain RNN; a dense layer reads both.
Model skipping() {
  Model model;
  model.inputs = {{"x", 1, false}};
  model.layers.push_back(one_unit(Cell::rnn));
  model.layers.back().name = "rnn";
  model.layers.push_back({ConcatenateSpec{{1, 1}}, {}, "both", {"rnn", "x"}});
  model.layers.push_back(dense_layer());
  model.outputs = {{"y", "head"}, {"h", "rnn"}};
  return model;
}

TEST(Oracle, NetworksFollowTheirWiring) {
  const Model model = skipping();
  const std::vector<double> x{kX};
  const Result result = run(model, Inputs{{"x", exact(x, 1, 1, 1)}});
  const double h = std::tanh(gate_input(model.layers[0], 0) + gate_state(model.layers[0], 0, 0.0));
  EXPECT_NEAR(result.y(1).value[0], h, kExact);
  EXPECT_NEAR(result.y().value[0], h + 2.0 * kX + 0.5, kExact);
  EXPECT_EQ(result.layers.size(), 3U);
  EXPECT_EQ(stacked(model, result, "h").value, result.y(1).value);
  EXPECT_TRUE(stacked(model, result, "c").value.empty());
  EXPECT_EQ(run(model, exact(x, 1, 1, 1)).y().value, result.y().value);
  EXPECT_THROW((void)run(model, Inputs{{"z", exact(x, 1, 1, 1)}}), std::invalid_argument);
  EXPECT_THROW((void)run(model, Inputs{}), std::invalid_argument);
}

TEST(Oracle, NetworksStartWhereTheirWeightsSay) {
  Model model;
  model.layers.push_back(one_unit(Cell::lstm));
  model.layers[0].weights["initial_h"] = Tensor({1}, std::vector<float>{static_cast<float>(kH)});
  model.layers[0].weights["initial_c"] = Tensor({1}, std::vector<float>{static_cast<float>(kC)});
  const std::vector<double> x{kX};
  EXPECT_EQ(run(model, exact(x, 1, 1, 1)).y().value, step(model.layers[0]).y.value);
}

}  // namespace
}  // namespace carousel::oracle
