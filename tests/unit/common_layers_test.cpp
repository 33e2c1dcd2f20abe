// SPDX-License-Identifier: Apache-2.0
// Layers that every backend runs with the same code: activations, concatenations, embeddings.
#include "core/verify/conformance/problem.hpp"
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <carousel/compare.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/engine/activations.hpp"

namespace carousel::testing_support {
namespace {

constexpr std::array kFunctions{ActivationKind::sigmoid, ActivationKind::tanh, ActivationKind::relu,
                                ActivationKind::softmax, ActivationKind::log_softmax};

std::vector<float> applied(ActivationKind kind, std::vector<float> frame) {
  apply({kind}, frame);
  return frame;
}

TEST(ActivationLayer, WholeNetworkAgreesWithTheOracle) {
  Problem problem = sample({.hidden = 9, .head = 5, .batch = 3, .steps = 6});
  problem.lengths = {6, 0, 4};
  for (const ActivationKind kind : kFunctions) {
    SCOPED_TRACE(name(kind));
    Model model = problem.model;
    model.layers.push_back({ActivationSpec{{kind}, 5}});
    const auto x = oracle::exact(problem.x, 6, 3, model.input_size());
    const oracle::Result expected = oracle::run(model, x, problem.lengths);
    for (const std::string& id : runnable_ids()) {
      const Network network = prepare(model, {.backend = id});
      Stream stream = network.stream({.batch = 3, .max_steps = 4});  // in two chunks
      const Answer answer = run_dense(stream, problem.x, 6, 3, network, problem.lengths);
      const Agreement agreement = compare(answer.y, expected.y().value, expected.y().tolerance);
      EXPECT_TRUE(agreement.ok) << id << ": " << agreement.max_abs;
      EXPECT_LT(agreement.max_abs, 1e-5);
      EXPECT_NE(answer.y[1 * 5], 0.0F) << "past a row's end there is what follows from zeros";
    }
  }
}

TEST(ActivationLayer, SoftmaxOfLargeValuesDoesNotOverflow) {
  const std::vector<float> row = applied(ActivationKind::softmax, {1000, 1000, -1000});
  EXPECT_EQ(row, (std::vector<float>{0.5F, 0.5F, 0.0F}));
  const std::vector<float> logs = applied(ActivationKind::log_softmax, {1000, 1000, -1000});
  EXPECT_FLOAT_EQ(logs[0], -std::log(2.0F));
  EXPECT_FLOAT_EQ(logs[2], -2000.0F - std::log(2.0F));
}

TEST(ActivationLayer, NanStaysVisible) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const ActivationKind kind : kFunctions) {
    for (const std::vector<float>& row : {std::vector<float>{nan, 1}, std::vector<float>{1, nan}}) {
      const std::vector<float> found = applied(kind, row);
      EXPECT_TRUE(std::ranges::any_of(found, [](float v) { return std::isnan(v); })) << name(kind);
    }
  }
  EXPECT_TRUE(std::isnan(applied(ActivationKind::relu, {nan})[0]));
}

TEST(ActivationLayer, OfOneFeature) {
  EXPECT_EQ(applied(ActivationKind::softmax, {3}), std::vector<float>{1});
  EXPECT_EQ(applied(ActivationKind::log_softmax, {3}), std::vector<float>{0});
  EXPECT_EQ(applied(ActivationKind::relu, {-3}), std::vector<float>{0});
  EXPECT_EQ(applied(ActivationKind::sigmoid, {0}), std::vector<float>{0.5F});
}

}  // namespace
}  // namespace carousel::testing_support
