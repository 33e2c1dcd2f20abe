// SPDX-License-Identifier: Apache-2.0
// The operators that move elements, by the numbers of the elements.
#include "loading/files_of_bytes.hpp"

#include <limits>

#include "core/model/formats/onnx/picking.hpp"

namespace carousel::loading::onnx {
namespace {

using Sources = std::vector<std::size_t>;
using testing::contains;

constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kStart = std::numeric_limits<std::int64_t>::min();

Sources slice(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t size = 5) {
  return pick_range({size}, clamp_range(0, start, end, step, size)).source;
}

template <class Call>
std::string refusal(const Call& call) {
  try {
    static_cast<void>(call());
  } catch (const Refusal& refusal) {
    return refusal.what();
  }
  return "(none)";
}

TEST(Picking, RangesFollowTheRulesOfSlice) {
  EXPECT_EQ(slice(1, 3, 1), (Sources{1, 2}));
  EXPECT_EQ(slice(-2, kEnd, 1), (Sources{3, 4}));
  EXPECT_EQ(slice(-99, 2, 1), (Sources{0, 1}));
  EXPECT_EQ(slice(3, 1, 1), Sources{});
  EXPECT_EQ(slice(0, kEnd, 2), (Sources{0, 2, 4}));
  EXPECT_EQ(slice(-1, kStart, -1), (Sources{4, 3, 2, 1, 0}));
  EXPECT_EQ(slice(kEnd, -4, -2), (Sources{4, 2}));
  EXPECT_EQ(slice(4, 0, kStart), Sources{4});
  EXPECT_EQ(slice(0, kEnd, kEnd), Sources{0});
  EXPECT_EQ(slice(0, kEnd, 1, 0), Sources{});
  EXPECT_EQ(pick_range({2, 3}, {1, 2, -1, 2}).source, (Sources{2, 1, 5, 4}));
  EXPECT_TRUE(contains(refusal([] { return slice(0, 1, 0); }), "step 0"));
}

TEST(Picking, Transposes) {
  const Picking picking = pick_transposed({2, 3}, {1, 0});
  EXPECT_EQ(picking.shape, (Shape{3, 2}));
  EXPECT_EQ(picking.source, (Sources{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(pick_transposed({}, {}).source, Sources{0});
  EXPECT_TRUE(contains(refusal([] { return pick_transposed({2, 3}, {0, 0}); }), "axis 0 twice"));
  EXPECT_TRUE(contains(refusal([] {
                         return pick_transposed({2, 3}, {0});
                       }),
                       "other than all axes"));
  EXPECT_TRUE(contains(refusal([] {
                         return pick_transposed({2, 3}, {0, 2});
                       }),
                       "axis 2 of a tensor"));
}

TEST(Picking, Gathers) {
  const Picking picking = pick_gathered({2, 3}, 1, {2, 1}, {-1, 0});
  EXPECT_EQ(picking.shape, (Shape{2, 2, 1}));
  EXPECT_EQ(picking.source, (Sources{2, 0, 5, 3}));
  EXPECT_EQ(pick_gathered({4}, 0, {}, {2}).shape, Shape{});
  EXPECT_TRUE(
      contains(refusal([] { return pick_gathered({4}, 0, {1}, {4}); }), "index 4 of an axis"));
}

TEST(Picking, ExpandsAndTiles) {
  EXPECT_EQ(pick_expanded({2, 1}, {3}).source, (Sources{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(pick_expanded({3}, {2, 1}).shape, (Shape{2, 3}));
  EXPECT_EQ(pick_expanded({1}, {0}).source, Sources{});
  EXPECT_EQ(pick_tiled({2}, {2}).source, (Sources{0, 1, 0, 1}));
  EXPECT_EQ(pick_tiled({2, 1}, {1, 2}).source, (Sources{0, 0, 1, 1}));
  EXPECT_TRUE(
      contains(refusal([] { return pick_expanded({2}, {3}); }), "cannot be expanded to [3]"));
  EXPECT_TRUE(contains(refusal([] { return pick_expanded({1}, {kEnd}); }), "which is too large"));
  EXPECT_TRUE(contains(refusal([] { return pick_tiled({1}, {kEnd}); }), "which is too large"));
  EXPECT_TRUE(contains(refusal([] { return pick_tiled({1}, {-1}); }), "has a negative size"));
  EXPECT_TRUE(contains(refusal([] { return pick_tiled({1}, {1, 1}); }), "as many repeats as axes"));
}

}  // namespace
}  // namespace carousel::loading::onnx
