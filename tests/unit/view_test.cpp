// SPDX-License-Identifier: Apache-2.0
#include <carousel/view.hpp>

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace carousel {
namespace {

std::vector<float> counting(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0F);
  return values;
}

TEST(SequenceView, AddressesBothOrdersOfTheSameShape) {
  std::vector<float> data = counting(24);
  const auto by_steps = steps_first(data.data(), 2, 3, 4);
  const auto by_rows = batch_first(data.data(), 3, 2, 4);
  EXPECT_EQ(by_steps.steps, by_rows.steps);
  EXPECT_EQ(by_steps.batch, by_rows.batch);
  EXPECT_EQ(*by_steps.row(1, 2), 20.0F);
  EXPECT_EQ(*by_rows.row(1, 2), 20.0F);
  EXPECT_EQ(*by_steps.row(0, 1), 4.0F);
  EXPECT_EQ(*by_rows.row(0, 1), 8.0F);
}

TEST(SequenceView, SlicesSteps) {
  std::vector<float> data = counting(24);
  const auto view = batch_first(data.data(), 3, 2, 4).slice(1, 1);
  EXPECT_EQ(view.steps, 1);
  EXPECT_EQ(view.batch, 3);
  EXPECT_EQ(*view.row(0, 2), 20.0F);
  const auto none = view.slice(1, 0);
  EXPECT_EQ(none.steps, 0);
}

TEST(SequenceView, EmptyOnesMayBeNull) {
  constexpr auto view = steps_first<float>(nullptr, 0, 3, 4);
  EXPECT_EQ(view.slice(0, 0).data, nullptr);
}

TEST(SequenceView, BecomesAViewOfConstants) {
  std::vector<float> data = counting(6);
  const SequenceView<const float> view = unbatched(data.data(), 3, 2);
  EXPECT_EQ(view.batch, 1);
  EXPECT_EQ(*view.row(2, 0), 4.0F);
}

}  // namespace
}  // namespace carousel
