// SPDX-License-Identifier: Apache-2.0
// Weights as their files have them, and the one place where they become float32.
#include <carousel/error.hpp>
#include <carousel/tensor.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace carousel {
namespace {

template <class T, std::size_t N>
std::vector<std::byte> bytes_of(const std::array<T, N>& values) {
  std::vector<std::byte> bytes(sizeof values);
  std::memcpy(bytes.data(), values.data(), sizeof values);
  return bytes;
}

TEST(Tensor, KeepsDtypeShapeAndBytes) {
  const std::vector<std::byte> bytes = bytes_of(std::array<std::uint16_t, 4>{1, 2, 3, 4});
  const Tensor tensor(DType::bfloat16, {2, 2}, bytes);
  EXPECT_EQ(tensor.dtype(), DType::bfloat16);
  EXPECT_EQ(tensor.shape(), (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(tensor.count(), 4);
  EXPECT_EQ(std::vector(tensor.bytes().begin(), tensor.bytes().end()), bytes);
  EXPECT_FALSE(tensor.empty());
  EXPECT_TRUE(Tensor().empty());
}

TEST(Tensor, RefusesBytesThatDoNotFitItsShape) {
  const std::vector<std::byte> bytes(12);
  EXPECT_NO_THROW(Tensor(DType::float32, {3}, bytes));
  EXPECT_NO_THROW(Tensor(DType::float16, {2, 3}, bytes));
  EXPECT_THROW(Tensor(DType::float32, {2}, bytes), Error);
  EXPECT_THROW(Tensor(DType::float64, {3}, bytes), Error);
  EXPECT_THROW(Tensor(DType::float32, {-3}, bytes), Error);
  EXPECT_THROW(Tensor(DType::float32, {INT64_MAX, 2}, bytes), Error);
  EXPECT_THROW(Tensor(DType::float32, {INT64_MAX / 4 + 4}, bytes), Error);
  EXPECT_THROW(Tensor({2}, std::vector{1.0F, 2.0F, 3.0F}), Error);
}

TEST(Tensor, IsConvertedOnlyWhenAskedTo) {
  const Tensor half(DType::float16, {3},
                    bytes_of(std::array<std::uint16_t, 3>{0x3C00, 0xC000, 0x7C00}));
  EXPECT_EQ(half.to_float32(),
            (std::vector<float>{1.0F, -2.0F, std::numeric_limits<float>::infinity()}));
  EXPECT_THROW((void)half.floats(), Error);
  const Tensor bfloat(DType::bfloat16, {1}, bytes_of(std::array<std::uint16_t, 1>{0x3F80}));
  EXPECT_EQ(bfloat.to_float32(), std::vector<float>{1.0F});
  const Tensor wide(DType::float64, {1}, bytes_of(std::array<double, 1>{0.1}));
  EXPECT_EQ(wide.to_float32(), std::vector<float>{0.1F});
}

TEST(Float32View, CopiesOnlyWhatHasAnotherDtype) {
  const Tensor floats({2}, std::vector{1.5F, 2.5F});
  EXPECT_EQ(Float32View(&floats).values().data(), floats.floats().data());
  EXPECT_TRUE(Float32View(nullptr).values().empty());
  const Tensor half(DType::float16, {1}, bytes_of(std::array<std::uint16_t, 1>{0x3C00}));
  const Float32View view(&half);
  ASSERT_EQ(view.values().size(), 1U);
  EXPECT_EQ(view.values()[0], 1.0F);
}

}  // namespace
}  // namespace carousel
