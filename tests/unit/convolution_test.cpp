// SPDX-License-Identifier: Apache-2.0
// Convolutions: against numbers worked out by hand, and the same bits however they are called.
#include "core/verify/conformance/network_builder.hpp"
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace carousel::testing_support {
namespace {

using conformance::NetworkBuilder;
using Floats = std::vector<float>;

/// The layer with weights of one, two, three, ... and a bias of 100.
ModelLayer counted(ConvolutionSpec spec) {
  ModelLayer layer{spec};
  for (const WeightRole& role : weight_roles(layer.spec)) {
    std::int64_t count = 1;
    for (const std::int64_t size : role.shape) count *= size;
    Floats values;
    for (std::int64_t k = 0; k < count; ++k) {
      values.push_back(role.name == "bias" ? 100.0F : static_cast<float>(k + 1));
    }
    layer.weights.emplace(role.name, Tensor(role.shape, values));
  }
  return layer;
}

Floats run_layer(const std::string& id, const ModelLayer& layer, const Floats& x,
                 std::int64_t steps) {
  const Network network = prepare(layer, {.backend = id});
  Stream stream = network.stream({.batch = 1, .max_steps = steps});
  Floats y(static_cast<std::size_t>(output_steps(layer.spec, steps) * output_size(layer.spec)));
  const Status status =
      stream.run(unbatched(x.data(), steps, input_size(layer.spec)),
                 unbatched(y.data(), output_steps(layer.spec, steps), output_size(layer.spec)));
  EXPECT_TRUE(static_cast<bool>(status)) << status.message();
  return y;
}

TEST(Convolution, WithinAFrame) {
  const ModelLayer layer =
      counted({.in_channels = 2, .out_channels = 1, .kernel_size = 2, .length = 3, .pad_end = 1});
  // Positions (1, 10), (2, 20), (3, 30), (0, 0); channel 0 has weights 1, 2, channel 1 has 3, 4.
  for (const std::string& id : runnable_ids()) {
    EXPECT_EQ(run_layer(id, layer, {1, 10, 2, 20, 3, 30}, 1),
              (Floats{100 + 1 + 4 + 30 + 80, 100 + 2 + 6 + 60 + 120, 100 + 3 + 90}));
  }
}

TEST(Convolution, PaddingModes) {
  ConvolutionSpec spec{.in_channels = 1,
                       .out_channels = 1,
                       .kernel_size = 1,
                       .length = 3,
                       .pad_begin = 2,
                       .pad_end = 1,
                       .bias = false};
  EXPECT_EQ(run_layer("scalar", counted(spec), {1, 2, 3}, 1), (Floats{0, 0, 1, 2, 3, 0}));
  spec.padding = PaddingMode::edge;
  EXPECT_EQ(run_layer("scalar", counted(spec), {1, 2, 3}, 1), (Floats{1, 1, 1, 2, 3, 3}));
  spec.padding = PaddingMode::reflect;
  EXPECT_EQ(run_layer("scalar", counted(spec), {1, 2, 3}, 1), (Floats{3, 2, 1, 2, 3, 2}));
}

TEST(Convolution, Transposed) {
  ConvolutionSpec spec{.in_channels = 1,
                       .out_channels = 1,
                       .kernel_size = 3,
                       .length = 2,
                       .stride = 2,
                       .transposed = true,
                       .bias = false};
  // 1 * (1, 2, 3) at 0, 10 * (1, 2, 3) at 2
  EXPECT_EQ(run_layer("scalar", counted(spec), {1, 10}, 1), (Floats{1, 2, 13, 20, 30}));
  spec.pad_begin = 1;
  spec.output_padding = 1;
  EXPECT_EQ(run_layer("scalar", counted(spec), {1, 10}, 1), (Floats{2, 13, 20, 30, 0}));
}

TEST(Convolution, AlongTime) {
  ConvolutionSpec spec{
      .in_channels = 1, .out_channels = 1, .kernel_size = 2, .stride = 2, .pad_begin = 1};
  EXPECT_EQ(run_layer("scalar", counted(spec), {1, 2, 3}, 3), (Floats{102, 108}));
}

/// A stack of causal convolutions of all kinds.
Problem causal_problem(std::int64_t batch, std::int64_t steps) {
  NetworkBuilder network(6);
  const auto add = [&](ConvolutionSpec spec) {
    spec.causal = true;
    spec.pad_begin = spec.span() - 1;
    network.add(spec);
  };
  add({.in_channels = 6, .out_channels = 20, .kernel_size = 3});
  add({.in_channels = 20, .out_channels = 20, .kernel_size = 3, .dilation = 2, .groups = 20});
  add({.in_channels = 20, .out_channels = 12, .kernel_size = 2, .dilation = 3, .groups = 4});
  add({.in_channels = 12, .out_channels = 7, .kernel_size = 1});
  return sample(network.done("unit", "causal", {.batch = batch, .steps = steps}));
}

TEST(Convolution, CausalOnesGiveTheSameBitsInPiecesOfAnySize) {
  constexpr std::int64_t kSteps = 23;
  constexpr std::int64_t kBatch = 3;
  const Problem problem = causal_problem(kBatch, kSteps);
  for (const std::string& id : runnable_ids()) {
    if (id.starts_with("onednn")) continue;  // its sums depend on the shape
    const Network network = prepare(problem.model, {.backend = id});
    Stream whole = network.stream({.batch = kBatch, .max_steps = kSteps});
    const Answer expected = run_dense(whole, problem.x, kSteps, kBatch, network);
    for (const std::int64_t max_steps : {1, 4, 7}) {
      Stream pieces = network.stream({.batch = kBatch, .max_steps = max_steps});
      EXPECT_EQ(run_dense(pieces, problem.x, kSteps, kBatch, network), expected)
          << id << ' ' << max_steps;
    }
  }
}

/// Rows of a batch, each in a stream of its own.
void expect_rows_alone(const Problem& problem) {
  const std::int64_t steps = problem.spec.steps;
  const std::int64_t batch = problem.spec.batch;
  for (const std::string& id : runnable_ids()) {
    if (id.starts_with("onednn")) continue;  // its sums depend on the shape
    const Network network = prepare(problem.model, {.backend = id});
    Stream together = network.stream({.batch = batch, .max_steps = steps});
    const Answer all = run_dense(together, problem.x, steps, batch, network);
    Stream alone = network.stream({.batch = 1, .max_steps = steps});
    for (std::int64_t row = 0; row < batch; ++row) {
      Floats x;
      Floats expected;
      for (std::int64_t t = 0; t < steps; ++t) {
        const auto from = problem.x.begin() + (t * batch + row) * network.input_size();
        x.insert(x.end(), from, from + network.input_size());
        const auto to = all.y.begin() + (t * batch + row) * network.output_size();
        expected.insert(expected.end(), to, to + network.output_size());
      }
      alone.reset();
      EXPECT_EQ(run_dense(alone, x, steps, 1, network).y, expected) << id << ' ' << row;
    }
  }
}

TEST(Convolution, RowsDoNotDependOnEachOther) {
  expect_rows_alone(causal_problem(5, 9));
  NetworkBuilder network(40);
  network.add(ConvolutionSpec{.in_channels = 4,
                              .out_channels = 18,
                              .kernel_size = 3,
                              .length = 10,
                              .stride = 2,
                              .pad_begin = 1,
                              .pad_end = 1});
  network.add(ConvolutionSpec{
      .in_channels = 18, .out_channels = 18, .kernel_size = 3, .length = 5, .groups = 18});
  expect_rows_alone(sample(network.done("unit", "frames", {.batch = 37, .steps = 9})));
}

}  // namespace
}  // namespace carousel::testing_support
