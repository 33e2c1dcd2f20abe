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
  EXPECT_TRUE(has_depth_blocks(1024, 4, "32K,512K,32M", kAvx2));
  EXPECT_FALSE(has_depth_blocks(1024, 8, "32K,512K,32M", kAvx2)) << "its tiles have three rows";
  EXPECT_TRUE(has_depth_blocks(512, 8, "32K,1M,32M", kAvx512)) << "its tiles have four of six rows";
}

TEST(DepthBlocks, DependOnOneMebibyteBetweenHalfAndTwiceTheL2Cache) {
  EXPECT_TRUE(has_depth_blocks(1024, 16, "32K,1M,32M", kAvx512));
  EXPECT_TRUE(has_depth_blocks(1024, 16, "48K,2M,32M", kAvx512));
  EXPECT_FALSE(has_depth_blocks(1024, 16, "48K,4M,32M", kAvx512));
}

}  // namespace
}  // namespace carousel::simd
