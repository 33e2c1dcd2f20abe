// SPDX-License-Identifier: Apache-2.0
// The order that the cost model puts backends and threads in.
#include "core/planning/cost_model.hpp"
#include "fake.hpp"

#include <gtest/gtest.h>

namespace carousel::planning {
namespace {

double predict(const std::string& backend, const LayerSpec& spec, std::int64_t batch, int threads,
               std::int64_t steps = 100) {
  double time = 0;
  const planning_test::FakeBackend fake{backend, time, planning_test::per_step(0)};
  const ModelLayer layer{.spec = spec};
  CpuFeatures cpu;
  cpu.l2_bytes = std::int64_t{1} << 21U;
  return predict_seconds(fake, {.layer = layer, .batch = batch, .steps = steps}, threads, cpu);
}

double predict(const std::string& backend, std::int64_t input, std::int64_t hidden,
               std::int64_t batch, int threads, std::int64_t steps = 100) {
  return predict(backend, make_spec(Cell::lstm, input, hidden), batch, threads, steps);
}

TEST(CostModel, HalfAVectorIsEnoughForFewUnits) {
  EXPECT_LT(predict("xsimd:avx512", 1, 4, 1, 1), predict("xsimd:avx2", 1, 4, 1, 1));
  EXPECT_LT(predict("xsimd:avx512", 1, 8, 1, 1), predict("xsimd:avx2", 1, 8, 1, 1));
  EXPECT_LT(predict("xsimd:avx512", 1, 24, 1, 1), predict("xsimd:avx512", 1, 32, 1, 1));
}

TEST(CostModel, SingleStepsOfFewUnitsAreForVectors) {
  EXPECT_LT(predict("xsimd:avx512", 1, 8, 1, 1, 1), predict("scalar", 1, 8, 1, 1, 1));
  EXPECT_LT(predict("xsimd:sse2", 1, 8, 1, 1, 1), predict("scalar", 1, 8, 1, 1, 1));
}

TEST(CostModel, ThreadsWithRowsOfTheirOwnDoNotMeet) {
  EXPECT_LT(predict("xsimd:avx512", 64, 64, 4, 2), predict("xsimd:avx512", 64, 64, 4, 1));
  EXPECT_GT(predict("xsimd:avx512", 64, 64, 1, 2), predict("xsimd:avx512", 64, 64, 1, 1));
}

TEST(CostModel, OneDnnMeetsAfterEachStep) {
  EXPECT_GT(predict("onednn", 32, 32, 4, 2), predict("onednn", 32, 32, 4, 1));
}

/// Dense layers and all cells, by the same few numbers.
TEST(CostModel, KnowsEveryKindWithArithmetic) {
  const auto of = [](const LayerSpec& spec) { return predict("xsimd:avx2", spec, 4, 1, 50); };
  const double lstm = of(make_spec(Cell::lstm, 64, 64));
  EXPECT_GT(lstm, 0);
  EXPECT_EQ(of(make_spec(Cell::gru, 64, 64)), lstm) << "the candidate counts twice";
  EXPECT_LT(of(make_spec(Cell::rnn, 64, 64)), lstm);
  EXPECT_GT(of(make_spec(Cell::lstm, 64, 64, Direction::bidirectional)), 1.9 * lstm);
  EXPECT_LT(of(make_spec(Cell::lstm, 64, 64, Direction::forward, 32)), lstm);
  EXPECT_GT(of(DenseSpec{64, 64}), 0);
  EXPECT_LT(of(DenseSpec{64, 64}), of(make_spec(Cell::rnn, 64, 64)));
}

TEST(CostModel, AConvolutionIsADenseLayerOfManyRows) {
  const auto of = [](const LayerSpec& spec) { return predict("xsimd:avx2", spec, 1, 1, 50); };
  const ConvolutionSpec spec{.in_channels = 16, .out_channels = 64, .kernel_size = 4, .length = 67};
  EXPECT_GT(of(spec), of(DenseSpec{64, 64}));
  EXPECT_EQ(of(spec), predict("xsimd:avx2", DenseSpec{64, 64}, 64, 1, 50));
  ConvolutionSpec depthwise = spec;
  depthwise.out_channels = depthwise.groups = 16;
  EXPECT_EQ(of(depthwise), 0) << "no backend has code of its own";
}

TEST(CostModel, SaysNothingOfLayersWithoutArithmetic) {
  for (const LayerSpec& spec :
       {LayerSpec(EmbeddingSpec{8, 4}), LayerSpec(ActivationSpec{{ActivationKind::relu}, 8}),
        LayerSpec(ConcatenateSpec{{4, 4}})}) {
    EXPECT_EQ(predict("scalar", spec, 1, 1), 0) << describe(spec);
  }
}

TEST(CostModel, DoesNotKnowOtherBackends) { EXPECT_EQ(predict("abacus", 8, 8, 1, 1), 0); }

}  // namespace
}  // namespace carousel::planning
