// SPDX-License-Identifier: Apache-2.0
// Single nodes with all that the operators can have, by Carousel in all ways and by ONNX Runtime.
#include "node_case.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace carousel::onnxruntime_test {
namespace {

constexpr double kTolerance = 1e-5;

/// Run by Carousel in every way, with ONNX Runtime's results.
void expect_same(const NodeCase& c, const Tensors& inputs) {
  SCOPED_TRACE(c.op + " " + c.direction);
  const std::string bytes = model_bytes(c);
  Ort::Session without = open_session(bytes);
  const Tensors expected = run_session(without, inputs);
  for (const Way& way : ways_with_cross_check()) {
    SCOPED_TRACE(way.name);
    Ort::Session with = open_session(bytes, way.settings);
    EXPECT_LE(largest_difference(run_session(with, inputs), expected), kTolerance);
  }
}

void expect_same(const NodeCase& c, std::int64_t steps = 9, std::int64_t batch = 3) {
  expect_same(c, node_inputs(c, steps, batch));
}

/// The same in all directions.
void expect_same_in_all_directions(NodeCase c) {
  for (const char* direction : {"forward", "reverse", "bidirectional"}) {
    c.direction = direction;
    expect_same(c);
  }
}

class OnnxRuntimeOperator : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Operators, OnnxRuntimeOperator, testing::Values("LSTM", "GRU", "RNN"),
                         [](const auto& op) { return op.param; });

TEST_P(OnnxRuntimeOperator, Plain) { expect_same_in_all_directions({.op = GetParam()}); }

TEST_P(OnnxRuntimeOperator, WithoutBias) {
  expect_same_in_all_directions({.op = GetParam(), .bias = false});
}

TEST_P(OnnxRuntimeOperator, WithLengths) {
  expect_same_in_all_directions({.op = GetParam(), .lengths = true});
}

TEST_P(OnnxRuntimeOperator, WithInitialStates) {
  expect_same_in_all_directions({.op = GetParam(), .initial = true});
}

TEST_P(OnnxRuntimeOperator, WithConstantInitialStates) {
  expect_same({.op = GetParam(), .direction = "bidirectional", .constant_initial = true}, 9, 2);
}

TEST_P(OnnxRuntimeOperator, WithLengthsAndInitialStates) {
  expect_same_in_all_directions({.op = GetParam(), .lengths = true, .initial = true});
}

TEST_P(OnnxRuntimeOperator, WithRowsOfNoSteps) {
  const NodeCase c{
      .op = GetParam(), .direction = "bidirectional", .lengths = true, .initial = true};
  Tensors inputs = node_inputs(c, 4, 3);
  inputs.insert_or_assign("lengths",
                          make_tensor<std::int32_t>({3}, std::vector<std::int32_t>{2, 0, 4}));
  expect_same(c, inputs);
}

TEST_P(OnnxRuntimeOperator, Clipped) {
  expect_same_in_all_directions(
      {.op = GetParam(), .attributes = [](auto& node) { set_real(node, "clip", 0.25F); }});
}

TEST_P(OnnxRuntimeOperator, OfOneStepAndRow) {
  expect_same({.op = GetParam(), .initial = true}, 1, 1);
}

TEST_P(OnnxRuntimeOperator, OfManySteps) {
  expect_same({.op = GetParam(), .lengths = true}, 700, 2);
}

TEST(OnnxRuntimeLstm, WithPeepholes) { expect_same_in_all_directions({.peephole = true}); }

TEST(OnnxRuntimeLstm, WithCoupledGates) {
  expect_same_in_all_directions(
      {.attributes = [](auto& node) { set_integer(node, "input_forget", 1); }});
}

TEST(OnnxRuntimeLstm, WithOtherActivations) {
  expect_same({.attributes = [](auto& node) {
    set_texts(node, "activations", {"HardSigmoid", "Softsign", "Relu"});
  }});
}

TEST(OnnxRuntimeGru, WithLinearBeforeReset) {
  expect_same_in_all_directions(
      {.op = "GRU", .attributes = [](auto& node) { set_integer(node, "linear_before_reset", 1); }});
}

TEST(OnnxRuntimeRnn, WithRelu) {
  expect_same(
      {.op = "RNN", .attributes = [](auto& node) { set_texts(node, "activations", {"Relu"}); }});
}

}  // namespace
}  // namespace carousel::onnxruntime_test
