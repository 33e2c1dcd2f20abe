// SPDX-License-Identifier: Apache-2.0
// How the sums of a layer are divided, by the sizes of the caches. Results do not depend on it.
#include "backends/xsimd/host/tiling.hpp"

#include "core/engine/cpu_limits.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace carousel::simd {
namespace {

constexpr WeightFormat kAvx2{.width = 8};
constexpr WeightFormat kAvx512{.width = 16};

/// Whether the sums of an LSTM with as many inputs as units are added in depth blocks.
bool has_depth_blocks(std::int64_t units, std::int64_t rows, std::string_view caches,
                      const WeightFormat& format) {
  const AssumedCaches assumed(caches);
  return default_tiling(make_spec(Cell::lstm, units, units), format, rows).depth < units;
}

TEST(DepthBlocks, AreForWeightsAndRowsOfATileThatTheL2CacheCannotHold) {
  EXPECT_FALSE(has_depth_blocks(512, 16, "32K,512K,32M", kAvx2));
  EXPECT_TRUE(has_depth_blocks(2048, 16, "32K,512K,32M", kAvx2));
  EXPECT_TRUE(has_depth_blocks(2048, 64, "32K,512K,32M", kAvx2));
  EXPECT_TRUE(has_depth_blocks(1024, 64, "32K,256K,8M", kAvx2));
}

TEST(DepthBlocks, AreNotForProjectedInputsWhoseWeightsAStepDoesNotUse) {
  EXPECT_FALSE(has_depth_blocks(1024, 16, "32K,512K,32M", kAvx2));
  EXPECT_FALSE(has_depth_blocks(1500, 20, "32K,512K,32M", kAvx2));
}

TEST(DepthBlocks, OfFewRowsAreForSmallerLayers) {
  EXPECT_FALSE(has_depth_blocks(1024, 8, "32K,512K,32M", kAvx2)) << "its tiles have three rows";
  EXPECT_TRUE(has_depth_blocks(512, 8, "32K,1M,32M", kAvx512)) << "its tiles have four of six rows";
}

TEST(DepthBlocks, DependOnOneMebibyteBetweenHalfAndTwiceTheL2Cache) {
  EXPECT_TRUE(has_depth_blocks(1024, 16, "32K,1M,32M", kAvx512));
  EXPECT_TRUE(has_depth_blocks(1024, 16, "48K,2M,32M", kAvx512));
  EXPECT_FALSE(has_depth_blocks(1024, 16, "48K,4M,32M", kAvx512));
}

Tiling tiling_of(Cell cell, std::int64_t units, std::string_view caches,
                 Precision precision = Precision::float32) {
  const AssumedCaches assumed(caches);
  return default_tiling(make_spec(cell, units, units), {.width = 8, .precision = precision}, 4);
}

TEST(Passes, AreOverPairsOfRowsWhereWeightsDoNotStayInL2) {
  EXPECT_FALSE(tiling_of(Cell::lstm, 128, "32K,512K,32M").pairs);
  EXPECT_TRUE(tiling_of(Cell::lstm, 256, "32K,512K,32M").pairs);
  EXPECT_FALSE(tiling_of(Cell::lstm, 256, "32K,2M,32M").pairs);
  EXPECT_FALSE(tiling_of(Cell::gru, 512, "32K,512K,32M").pairs) << "one pass has all vectors";
  EXPECT_FALSE(tiling_of(Cell::lstm, 512, "32K,512K,32M", Precision::float16).pairs);
}

TEST(Passes, EndWhereWeightsAreReadFromMemory) {
  EXPECT_TRUE(tiling_of(Cell::lstm, 1024, "32K,512K,32M").passes);
  EXPECT_FALSE(tiling_of(Cell::lstm, 2048, "32K,512K,32M").passes);
  EXPECT_FALSE(tiling_of(Cell::lstm, 1024, "32K,512K,8M").passes);
  EXPECT_FALSE(tiling_of(Cell::lstm, 1024, "32K,512K,32M", Precision::float16).passes);
}

}  // namespace
}  // namespace carousel::simd
