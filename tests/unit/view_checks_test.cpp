// SPDX-License-Identifier: Apache-2.0
// What strides mean for memory, against lists of all elements.
#include "core/engine/view_checks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <vector>

namespace carousel::detail {
namespace {

using View = SequenceView<float>;

/// Enough for all views of the tests, which begin in the middle.
std::array<float, 4096> memory;

std::vector<const float*> elements(const View& view) {
  std::vector<const float*> list;
  for (std::int64_t t = 0; t < view.steps; ++t) {
    for (std::int64_t b = 0; b < view.batch; ++b) {
      for (std::int64_t k = 0; k < view.features; ++k) list.push_back(view.row(t, b) + k);
    }
  }
  return list;
}

bool really_apart(const View& view) {
  const std::vector<const float*> list = elements(view);
  return std::set(list.begin(), list.end()).size() == list.size();
}

bool really_overlap(const View& x, const View& y) {
  const std::vector<const float*> of_x = elements(x);
  const std::set<const float*> all(of_x.begin(), of_x.end());
  return std::ranges::any_of(elements(y), [&](const float* p) { return all.contains(p); });
}

std::vector<View> views() {
  std::vector<View> list;
  const std::array<std::int64_t, 6> strides{-7, 0, 2, 3, 6, 12};
  for (const std::int64_t offset : {-9, 0, 1, 3, 40}) {
    for (const std::int64_t steps : {0, 1, 3}) {
      for (const std::int64_t batch : {1, 2}) {
        for (const std::int64_t step_stride : strides) {
          for (const std::int64_t batch_stride : strides) {
            list.push_back(
                {memory.data() + 2048 + offset, steps, batch, 3, step_stride, batch_stride});
          }
        }
      }
    }
  }
  return list;
}

TEST(ViewChecks, NeverCallFramesApartThatAreNot) {
  int apart = 0;
  for (const View& view : views()) {
    if (!frames_are_apart(view)) continue;
    EXPECT_TRUE(really_apart(view)) << view.step_stride << ' ' << view.batch_stride;
    ++apart;
  }
  EXPECT_GT(apart, 500);
}

TEST(ViewChecks, NeverOverlookAnOverlap) {
  const std::vector<View> all = views();
  int apart = 0;
  for (const View& x : all) {
    for (const View& y : all) {
      if (may_overlap(x, y)) continue;
      ASSERT_FALSE(really_overlap(x, y))
          << x.data - y.data << ": " << x.steps << ' ' << x.step_stride << ' ' << x.batch_stride
          << ", " << y.steps << ' ' << y.step_stride << ' ' << y.batch_stride;
      ++apart;
    }
  }
  EXPECT_GT(apart, 100000);
}

TEST(ViewChecks, AcceptTheUsualViews) {
  float* data = memory.data();
  EXPECT_TRUE(frames_are_apart(steps_first(data, 5, 4, 3)));
  EXPECT_TRUE(frames_are_apart(batch_first(data, 4, 5, 3)));
  EXPECT_TRUE(frames_are_apart(View{data, 5, 4, 3, 40, 10})) << "columns of wider rows";
  EXPECT_TRUE(frames_are_apart(View{data + 100, 5, 1, 3, -3, 0})) << "backwards in time";
  EXPECT_FALSE(may_overlap(steps_first(data, 5, 4, 3), steps_first(data + 60, 5, 4, 3)));
  EXPECT_FALSE(may_overlap(View{data, 5, 4, 3, 40, 10}, View{data + 3, 5, 4, 7, 40, 10}))
      << "x and y beside each other in one array";
  EXPECT_FALSE(may_overlap(View{data, 9, 1, 3, 10, 10}, View{data + 3, 9, 1, 7, 10, 10}));
  EXPECT_TRUE(may_overlap(View{data, 5, 4, 3, 40, 10}, View{data + 2, 5, 4, 7, 40, 10}));
  EXPECT_TRUE(may_overlap(View{data, 5, 4, 3, 40, 10}, View{data + 4, 5, 4, 7, 40, 10}));
}

/// Elements of other types than y's stand anywhere in it, down to a single byte.
TEST(ViewChecks, CountBytesOfAnyElements) {
  const View y = steps_first(memory.data(), 4, 1, 2);
  const auto* bytes = reinterpret_cast<const std::byte*>(memory.data());
  const auto lengths = [&](std::size_t at) {
    return steps_first(reinterpret_cast<const std::int64_t*>(bytes + at), 1, 1, 2);
  };
  EXPECT_TRUE(may_overlap(lengths(0), y));
  EXPECT_TRUE(may_overlap(lengths(24), y));
  EXPECT_FALSE(may_overlap(lengths(32), y)) << "behind it";
  const auto ids = [&](std::size_t at) {
    return steps_first(reinterpret_cast<const std::int32_t*>(bytes + at), 4, 1, 1);
  };
  EXPECT_TRUE(may_overlap(ids(28), y));
  EXPECT_FALSE(may_overlap(ids(32), y));
}

TEST(ViewChecks, AddressableMeansThatNothingOverflows) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62U;
  EXPECT_TRUE(is_addressable(View{nullptr, 1, 1, 3, kHuge, kHuge})) << "strides that nobody takes";
  EXPECT_TRUE(is_addressable(View{nullptr, kHuge, 1, 3, 0, 0}));
  EXPECT_FALSE(is_addressable(View{nullptr, kHuge, 1, 3, 3, 3}));
  EXPECT_FALSE(is_addressable(View{nullptr, 2, 1, 3, kHuge, 3}));
  EXPECT_FALSE(is_addressable(View{nullptr, 2, 1, 3, -kHuge, 3}));
  EXPECT_FALSE(is_addressable(View{nullptr, 2, kHuge, 3, 3, 3}));
}

}  // namespace
}  // namespace carousel::detail
