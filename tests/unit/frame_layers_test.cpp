// SPDX-License-Identifier: Apache-2.0
// The layers around the recurrent ones against numbers worked out by hand.
#include <carousel/backend.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/engine/activations.hpp"

namespace carousel {
namespace {

using Floats = std::vector<float>;

/// A sequence [steps, batch, size] that a layer is given.
struct Given {
  std::int64_t steps;
  std::int64_t batch;
  Floats values;
};

/// What the layer makes of its inputs, dense; `steps` come out.
Floats run(const ModelLayer& layer, const std::vector<Given>& given, std::int64_t steps,
           const std::vector<std::int64_t>& lengths = {}) {
  const auto made = select_backends("scalar").front()->prepare(layer.spec, layer.weights, {});
  std::vector<SequenceView<const float>> inputs;
  std::int64_t most = 1;
  for (std::size_t k = 0; k < given.size(); ++k) {
    most = std::max(most, given[k].steps);
    inputs.push_back(steps_first(given[k].values.data(), given[k].steps, given[k].batch,
                                 input_size(layer.spec, k)));
  }
  const std::int64_t batch = given.front().batch;
  const auto workspace = made->workspace({.batch = batch, .max_steps = most});
  Floats y(static_cast<std::size_t>(steps * batch * output_size(layer.spec)), -77.0F);
  const Status status =
      made->forward({.inputs = inputs,
                     .y = steps_first(y.data(), steps, batch, output_size(layer.spec)),
                     .lengths = lengths.empty() ? nullptr : lengths.data()},
                    *workspace);
  EXPECT_TRUE(static_cast<bool>(status)) << status.message();
  return y;
}

Floats run_frame(const LayerSpec& spec, const Floats& x) { return run({spec}, {{1, 1, x}}, 1); }

TEST(FrameLayers, Elementwise) {
  using Operation = ElementwiseOperation;
  const auto of = [](Operation operation) {
    return run({ElementwiseSpec{operation, 3}}, {{1, 1, {4, -2, 3}}, {1, 1, {2, 3, 3}}}, 1);
  };
  EXPECT_EQ(of(Operation::add), (Floats{6, 1, 6}));
  EXPECT_EQ(of(Operation::subtract), (Floats{2, -5, 0}));
  EXPECT_EQ(of(Operation::multiply), (Floats{8, -6, 9}));
  EXPECT_EQ(of(Operation::divide), (Floats{2, -2.0F / 3.0F, 1}));
  EXPECT_EQ(of(Operation::power), (Floats{16, -8, 27}));
  EXPECT_EQ(of(Operation::minimum), (Floats{2, -2, 3}));
  EXPECT_EQ(of(Operation::maximum), (Floats{4, 3, 3}));
  EXPECT_EQ(of(Operation::prelu), (Floats{4, -6, 3}));
  EXPECT_EQ(of(Operation::equal), (Floats{0, 0, 1}));
  EXPECT_EQ(of(Operation::less), (Floats{0, 1, 0}));
  EXPECT_EQ(of(Operation::greater), (Floats{1, 0, 0}));
}

TEST(FrameLayers, ASingleStepStandsForAll) {
  const ElementwiseSpec spec{ElementwiseOperation::subtract, 1};
  EXPECT_EQ(run({spec}, {{3, 2, {1, 2, 3, 4, 5, 6}}, {1, 2, {10, 20}}}, 3),
            (Floats{-9, -18, -7, -16, -5, -14}));
  EXPECT_EQ(run({spec}, {{1, 1, {10}}, {2, 1, {1, 2}}}, 2), (Floats{9, 8}));
  EXPECT_EQ(run({ConcatenateSpec{{1, 1}}}, {{2, 1, {1, 2}}, {1, 1, {7}}}, 2), (Floats{1, 7, 2, 7}));
}

TEST(FrameLayers, ConstantsStandOnTheirSide) {
  ModelLayer layer{
      ElementwiseSpec{ElementwiseOperation::divide, 2, ElementwiseSpec::Constant::first}};
  layer.weights.emplace("operand", Tensor({2}, Floats{6, 8}));
  EXPECT_EQ(run(layer, {{1, 1, {3, 2}}}, 1), (Floats{2, 4}));
  std::get<ElementwiseSpec>(layer.spec).constant = ElementwiseSpec::Constant::second;
  EXPECT_EQ(run(layer, {{1, 1, {3, 2}}}, 1), (Floats{0.5F, 0.25F}));
}

TEST(FrameLayers, Normalization) {
  const NormalizationSpec spec{
      .size = 4, .group = 2, .epsilon = 0.0F, .scale = false, .bias = false};
  EXPECT_EQ(run_frame(spec, {1, 3, 1000003, 1000001}), (Floats{-1, 1, 1, -1}));
  NormalizationSpec root{
      .size = 2, .center = false, .epsilon = 0.0F, .scale = false, .bias = false};
  const float mean_square = std::sqrt((9.0F + 16.0F) / 2.0F);
  const Floats y = run_frame(root, {3, 4});
  EXPECT_FLOAT_EQ(y[0], 3.0F / mean_square);
  EXPECT_FLOAT_EQ(y[1], 4.0F / mean_square);
}

TEST(FrameLayers, Rearrange) {
  const RearrangeSpec spec{4, {{3, 4, -1}, {-1, 2, 1}, {1, 2, 0}}, 0.5F};
  EXPECT_EQ(run_frame(spec, {1, 2, 3, 4}), (Floats{4, 3, 2, 1, 0.5F, 0.5F, 2, 2}));
}

/// Runs that stand evenly are copied together, in either order of loops; others are not.
TEST(FrameLayers, RearrangeWithManyRuns) {
  const std::vector<std::vector<FeatureRun>> all{
      {{0, 2, 6}, {1, 2, 6}, {2, 2, 6}, {3, 2, 6}, {4, 2, 6}},              // a transposition
      {{5, 2, 6}, {4, 2, 6}, {3, 2, 6}, {2, 2, 6}},                         // of descending columns
      {{0, 1, 1}, {2, 1, 1}, {4, 1, 1}, {7, 1, 1}, {10, 1, 1}, {1, 1, 1}},  // steps of 2, then of 3
      {{0, 2, 1}, {0, 2, 1}, {0, 2, 1}, {0, 3, 1}, {3, 3, 1}},              // the same, then longer
      {{-1, 1, 1}, {-1, 1, 1}, {-1, 1, 1}, {4, 1, 0}, {4, 1, 1}, {4, 1, 1}},
      {{0, 5, 2}, {1, 5, 2}},
  };
  Floats x;
  for (int k = 0; k < 12; ++k) x.push_back(static_cast<float>(k));
  for (const std::vector<FeatureRun>& runs : all) {
    Floats expected;
    for (const FeatureRun& run : runs) {
      for (std::int64_t k = 0; k < run.count; ++k) {
        const bool filler = run.first < 0;
        expected.push_back(filler ? 0.5F : x[static_cast<std::size_t>(run.first + k * run.stride)]);
      }
    }
    EXPECT_EQ(run_frame(RearrangeSpec{12, runs, 0.5F}, x), expected);
  }
}

TEST(FrameLayers, Reductions) {
  const auto features = [](ReduceOperation operation) {
    return run_frame(ReduceFeaturesSpec{operation, 4, 2}, {3, 4, -6, 8});
  };
  EXPECT_EQ(features(ReduceOperation::mean), (Floats{3.5F, 1}));
  EXPECT_EQ(features(ReduceOperation::sum), (Floats{7, 2}));
  EXPECT_EQ(features(ReduceOperation::maximum), (Floats{4, 8}));
  EXPECT_EQ(features(ReduceOperation::minimum), (Floats{3, -6}));
  EXPECT_EQ(features(ReduceOperation::l2), (Floats{5, 10}));
  const Given x{3, 2, {1, 10, 2, 20, 9, 90}};
  const ReduceStepsSpec all{ReduceOperation::mean, 1};
  EXPECT_EQ(run({all}, {x}, 1, {2, 0}), (Floats{4, 40})) << "lengths are for specs that say so";
  const ReduceStepsSpec real{ReduceOperation::mean, 1, true};
  EXPECT_EQ(run({real}, {x}, 1, {2, 0}), (Floats{1.5F, 0}));
}

TEST(FrameLayers, SelectedAndRepeatedSteps) {
  const Given x{3, 2, {1, 10, 2, 20, 3, 30}};
  EXPECT_EQ(run({SelectStepsSpec{.size = 1, .first = -1}}, {x}, 1), (Floats{3, 30}));
  EXPECT_EQ(run({SelectStepsSpec{.size = 1, .first = -1, .lengths = true}}, {x}, 1, {2, 0}),
            (Floats{2, 0}));
  EXPECT_EQ(
      run({SelectStepsSpec{.size = 1, .first = -1, .stride = -1, .lengths = true}}, {x}, 3, {2, 3}),
      (Floats{2, 30, 1, 20, 0, 10}));
  EXPECT_EQ(run({RepeatStepsSpec{1, 2}}, {{2, 1, {5, 6}}}, 4), (Floats{5, 5, 6, 6}));
}

TEST(FrameLayers, NanIsTheLargestAndTheSmallest) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const Floats& x : {Floats{nan, 1}, Floats{1, nan}}) {
    for (const auto operation : {ReduceOperation::maximum, ReduceOperation::minimum}) {
      EXPECT_TRUE(std::isnan(run_frame(ReduceFeaturesSpec{operation, 2}, x)[0]));
    }
    for (const auto operation : {ElementwiseOperation::minimum, ElementwiseOperation::maximum}) {
      const Floats y = run({ElementwiseSpec{operation, 1}}, {{1, 1, {x[0]}}, {1, 1, {x[1]}}}, 1);
      EXPECT_TRUE(std::isnan(y[0]));
    }
  }
}

TEST(FrameLayers, FunctionsOfLayers) {
  const auto of = [](ActivationKind kind, float x) { return evaluate({kind, -1.0F, 2.0F}, x); };
  EXPECT_EQ(of(ActivationKind::round, 2.5F), 2.0F);
  EXPECT_EQ(of(ActivationKind::round, -1.5F), -2.0F);
  EXPECT_EQ(of(ActivationKind::floor, -0.5F), -1.0F);
  EXPECT_EQ(of(ActivationKind::ceil, 0.5F), 1.0F);
  EXPECT_EQ(of(ActivationKind::sign, -3.0F), -1.0F);
  EXPECT_EQ(of(ActivationKind::clip, 5.0F), 2.0F);
  EXPECT_EQ(of(ActivationKind::clip, -5.0F), -1.0F);
  EXPECT_EQ(of(ActivationKind::log, 0.0F), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(of(ActivationKind::sqrt, -1.0F)));
  EXPECT_FLOAT_EQ(of(ActivationKind::gelu, 1.0F), 0.84134475F);
  EXPECT_FLOAT_EQ(of(ActivationKind::gelu_tanh, 1.0F), 0.84119199F);
  EXPECT_FLOAT_EQ(of(ActivationKind::silu, 1.0F), 0.73105858F);
  EXPECT_FLOAT_EQ(of(ActivationKind::hard_swish, 1.0F), 2.0F / 3.0F);
  EXPECT_FLOAT_EQ(of(ActivationKind::selu, -1.0F), -1.1113307F);
  EXPECT_FLOAT_EQ(of(ActivationKind::mish, 1.0F), 0.86509837F);
}

}  // namespace
}  // namespace carousel
