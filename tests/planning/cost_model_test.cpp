// SPDX-License-Identifier: Apache-2.0
// What the cost model makes of rates that are made up.
#include "core/planning/cost_model.hpp"
#include "fake.hpp"
#include "machine.hpp"

#include <gtest/gtest.h>

namespace carousel::planning {
namespace {

using planning_test::FakeBackend;
using planning_test::Machine;

constexpr std::int64_t kL2 = std::int64_t{1} << 20U;
constexpr double kFar = 60e9;  // bytes per second

double predict(const std::string& backend, const LayerSpec& spec, std::int64_t batch, int threads,
               std::int64_t steps = 100, std::int64_t l2 = kL2) {
  double time = 0;
  const FakeBackend fake{backend, time, planning_test::per_step(0)};
  const auto shape = shape_of(spec);
  if (!shape) return 0;
  const auto rates = solve_rates(planning_test::probe_seconds(Machine{}), {});
  return predict_seconds(*rates, fake,
                         {.shape = *shape, .batch = batch, .steps = steps, .threads = threads}, l2,
                         [](double) { return kFar; });
}

double predict(const std::string& backend, std::int64_t hidden, std::int64_t batch, int threads) {
  return predict(backend, make_spec(Cell::lstm, hidden, hidden), batch, threads);
}

TEST(CostModel, ThreadsWithRowsOfTheirOwnHaveNoBarriers) {
  EXPECT_LT(predict("xsimd", 64, 4, 2), predict("xsimd", 64, 4, 1));
  EXPECT_GT(predict("xsimd", 16, 1, 2), predict("xsimd", 16, 1, 1));
  EXPECT_LT(predict("xsimd", 32, 4, 2), predict("onednn", 32, 4, 2));
  EXPECT_EQ(predict("scalar", 64, 4, 2), predict("scalar", 64, 4, 1)) << "it uses one thread";
}

/// Dense layers and all cells, by the same few numbers.
TEST(CostModel, KnowsEveryKindWithArithmetic) {
  const auto of = [](const LayerSpec& spec) { return predict("xsimd", spec, 4, 1, 50); };
  const double lstm = of(make_spec(Cell::lstm, 64, 64));
  EXPECT_GT(lstm, 0);
  EXPECT_LT(of(make_spec(Cell::gru, 64, 64)), lstm);
  EXPECT_LT(of(make_spec(Cell::rnn, 64, 64)), of(make_spec(Cell::gru, 64, 64)));
  EXPECT_GT(of(make_spec(Cell::lstm, 64, 64, Direction::bidirectional)), 1.9 * lstm);
  EXPECT_LT(of(make_spec(Cell::lstm, 64, 64, Direction::forward, 32)), lstm);
  EXPECT_GT(of(DenseSpec{64, 64}), 0);
  EXPECT_LT(of(DenseSpec{64, 64}), of(make_spec(Cell::rnn, 64, 64)));
}

TEST(CostModel, AConvolutionIsADenseLayerOfManyRows) {
  const auto of = [](const LayerSpec& spec) { return predict("xsimd", spec, 1, 1, 50); };
  const ConvolutionSpec spec{.in_channels = 16, .out_channels = 64, .kernel_size = 4, .length = 67};
  EXPECT_GT(of(spec), of(DenseSpec{64, 64}));
  EXPECT_EQ(of(spec), predict("xsimd", DenseSpec{64, 64}, 64, 1, 50));
  ConvolutionSpec depthwise = spec;
  depthwise.out_channels = depthwise.groups = 16;
  EXPECT_EQ(of(depthwise), 0) << "no backend has code of its own";
}

TEST(CostModel, SaysNothingOfLayersWithoutArithmetic) {
  for (const LayerSpec& spec :
       {LayerSpec(EmbeddingSpec{8, 4}), LayerSpec(ActivationSpec{{ActivationKind::relu}, 8}),
        LayerSpec(ConcatenateSpec{{4, 4}})}) {
    EXPECT_FALSE(shape_of(spec)) << describe(spec);
  }
}

/// Recurrent weights that do not stay in the L2 cache are read at each step.
TEST(CostModel, BigLayersTakeAsLongAsReadingThem) {
  const LayerSpec spec = make_spec(Cell::lstm, 8, 1024);
  const double bytes = 4.0 * 4 * 1024 * 1024;
  EXPECT_NEAR(predict("xsimd", spec, 1, 1), 100 * bytes / kFar, 0.1 * 100 * bytes / kFar);
  EXPECT_LT(predict("xsimd", spec, 1, 1, 100, std::int64_t{64} << 20U), 50 * bytes / kFar);
  EXPECT_GT(predict("xsimd", spec, 64, 1), 2 * predict("xsimd", spec, 1, 1))
      << "many rows hide the reading";
}

/// The time grows steadily with the size of a layer, whatever the cache: no step at its size.
TEST(CostModel, SaysNothingOfBigLayersWithoutAReadRate) {
  double time = 0;
  const FakeBackend fake{"xsimd", time, planning_test::per_step(0)};
  const auto rates = solve_rates(planning_test::probe_seconds(Machine{}), {});
  const auto of = [&](std::int64_t units) {
    return predict_seconds(*rates, fake, {.shape = *shape_of(make_spec(Cell::lstm, 8, units))}, kL2,
                           [](double) { return 0.0; });
  };
  EXPECT_GT(of(64), 0);
  EXPECT_EQ(of(1024), 0);
}

/// What has to be read has as many bytes as the precision stores.
TEST(CostModel, CountsTheBytesThatThePrecisionStores) {
  double time = 0;
  const FakeBackend fake{"xsimd", time, planning_test::per_step(0)};
  const auto rates = solve_rates(planning_test::probe_seconds(Machine{}), {});
  double read = 0;
  const auto of = [&](Precision precision, std::int64_t units) {
    read = 0;
    return predict_seconds(
        *rates, fake,
        {.shape = *shape_of(make_spec(Cell::lstm, 8, units)), .steps = 100, .precision = precision},
        kL2, [&](double bytes) {
          read = bytes;
          return kFar / 100;
        });
  };
  const double weights = 4.0 * 1024 * 1024;
  for (const Precision precision : precisions()) {
    const double seconds = of(precision, 1024);
    const double bytes = weight_bytes(precision) * weights;
    EXPECT_EQ(read, bytes) << name(precision);
    const double far = 1 - static_cast<double>(kL2) / 2 / bytes;
    EXPECT_NEAR(seconds, 100 * far * bytes / (kFar / 100), 0.1 * seconds) << name(precision);
  }
  // 1.6 MB in float32 and 0.4 MB in int8, which half of the cache holds.
  EXPECT_GT(of(Precision::float32, 320), 0);
  EXPECT_GT(read, 0);
  EXPECT_GT(of(Precision::int8, 320), 0);
  EXPECT_EQ(read, 0) << "all of it stays in the cache";
}

TEST(CostModel, HasNoCliffs) {
  for (const std::int64_t l2 : {kL2 / 4, kL2 / 2, kL2, 2 * kL2}) {
    double before = predict("xsimd", make_spec(Cell::lstm, 64, 64), 1, 1, 100, l2);
    for (std::int64_t units = 72; units <= 1024; units += 8) {
      const double now = predict("xsimd", make_spec(Cell::lstm, 64, units), 1, 1, 100, l2);
      EXPECT_GE(now, before) << units;
      EXPECT_LT(now, 1.4 * before) << units;
      before = now;
    }
  }
}

TEST(CostModel, KnowsTheVectorsOfInstructionSets) {
  for (const BackendEntry& entry : backends()) {
    if (entry.backend == nullptr) continue;
    const Filling filling = filling_of(*entry.backend);
    if (entry.name == "xsimd:avx2") {
      EXPECT_EQ(filling.gated, 8);
      EXPECT_EQ(filling.plain, 32);
    } else if (entry.name == "scalar") {
      EXPECT_EQ(filling.gated, 1);
    }
  }
}

}  // namespace
}  // namespace carousel::planning
