// SPDX-License-Identifier: Apache-2.0
// The order that the cost model puts backends and threads in.
#include "core/planning/cost_model.hpp"
#include "fake.hpp"

#include <gtest/gtest.h>

namespace carousel::planning {
namespace {

double predict(const std::string& backend, std::int64_t input, std::int64_t hidden,
               std::int64_t batch, int threads, std::int64_t steps = 100) {
  double time = 0;
  const planning_test::FakeBackend fake{backend, time, planning_test::per_step(0)};
  const ModelLayer layer{make_spec(Cell::lstm, input, hidden), {}};
  CpuFeatures cpu;
  cpu.l2_bytes = std::int64_t{1} << 21U;
  return predict_seconds(fake, {.layer = layer, .batch = batch, .steps = steps}, threads, cpu);
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

TEST(CostModel, DoesNotKnowOtherBackends) { EXPECT_EQ(predict("abacus", 8, 8, 1, 1), 0); }

}  // namespace
}  // namespace carousel::planning
