// SPDX-License-Identifier: Apache-2.0
// The activation of a network's outputs.
#include "core/verify/conformance/problem.hpp"
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <carousel/compare.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/engine/tail.hpp"

namespace carousel::testing_support {
namespace {

constexpr std::array kTails{Tail::sigmoid, Tail::tanh, Tail::relu, Tail::softmax,
                            Tail::log_softmax};

std::vector<float> applied(Tail tail, std::vector<float> row) {
  const auto width = static_cast<std::int64_t>(row.size());
  apply_tail(tail, steps_first(row.data(), 1, 1, width), nullptr);
  return row;
}

TEST(Tail, WholeNetworkAgreesWithTheOracle) {
  Problem problem = sample({.hidden = 9, .head = 5, .batch = 3, .steps = 6});
  problem.lengths = {6, 0, 4};
  for (const Tail tail : kTails) {
    SCOPED_TRACE(name(tail));
    problem.model.tail = tail;
    const auto x = oracle::exact(problem.x, 6, 3, problem.model.input_size());
    const oracle::Result expected = oracle::run(problem.model, x, problem.lengths);
    for (const std::string& id : runnable_ids()) {
      const Network network = prepare(problem.model, {.backend = id});
      Stream stream = network.stream({.batch = 3, .max_steps = 4});  // in two pieces
      const Answer answer = run_dense(stream, problem.x, 6, 3, network, problem.lengths);
      const Agreement agreement = compare(answer.y, expected.y.value, expected.y.tolerance);
      EXPECT_TRUE(agreement.ok) << id << ": " << agreement.max_abs;
      EXPECT_LT(agreement.max_abs, 1e-5);
      EXPECT_EQ(answer.y[1 * 5], 0.0F) << "a row without steps stays zero";
    }
  }
}

TEST(Tail, SoftmaxOfLargeValuesDoesNotOverflow) {
  const std::vector<float> row = applied(Tail::softmax, {1000, 1000, -1000});
  EXPECT_EQ(row, (std::vector<float>{0.5F, 0.5F, 0.0F}));
  const std::vector<float> logs = applied(Tail::log_softmax, {1000, 1000, -1000});
  EXPECT_FLOAT_EQ(logs[0], -std::log(2.0F));
  EXPECT_FLOAT_EQ(logs[2], -2000.0F - std::log(2.0F));
}

TEST(Tail, NanStaysVisible) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const Tail tail : kTails) {
    for (const std::vector<float>& row : {std::vector<float>{nan, 1}, std::vector<float>{1, nan}}) {
      const std::vector<float> found = applied(tail, row);
      EXPECT_TRUE(std::ranges::any_of(found, [](float v) { return std::isnan(v); })) << name(tail);
    }
  }
  EXPECT_TRUE(std::isnan(applied(Tail::relu, {nan})[0]));
}

TEST(Tail, OfOneOutput) {
  EXPECT_EQ(applied(Tail::softmax, {3}), std::vector<float>{1});
  EXPECT_EQ(applied(Tail::log_softmax, {3}), std::vector<float>{0});
  EXPECT_EQ(applied(Tail::relu, {-3}), std::vector<float>{0});
  EXPECT_EQ(applied(Tail::sigmoid, {0}), std::vector<float>{0.5F});
  EXPECT_EQ(applied(Tail::none, {7}), std::vector<float>{7});
}

}  // namespace
}  // namespace carousel::testing_support
