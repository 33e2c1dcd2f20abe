// SPDX-License-Identifier: Apache-2.0
// The integer part of int8 layers, alone: every instruction that this CPU has for it, against the
// definition in plain C++.
#include "backends/int8_rows.hpp"
#include "backends/xsimd/host/int8_packing.hpp"
#include "core/verify/conformance/random.hpp"

#include <carousel/cpu.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace carousel::simd {
namespace {

struct DotUnderTest {
  const char* name;
  const Int8Dot* dot;
  std::int64_t width;
  const char* feature;  ///< that the CPU must have
};

std::vector<DotUnderTest> dots() {
#if defined(__x86_64__)
  std::vector<DotUnderTest> all{{"sse2", &int8_dot_sse2, 4, "sse2"},
                                {"avx2", &int8_dot_avx2, 8, "avx2"},
                                {"avx2_vnni", &int8_dot_avx2_vnni, 8, "avx_vnni"},
                                {"avx512", &int8_dot_avx512, 16, "avx512vl"},
                                {"avx512_vnni", &int8_dot_avx512_vnni, 16, "avx512_vnni"}};
#else
  std::vector<DotUnderTest> all{{"neon", &int8_dot_neon, 4, "neon"},
                                {"neon_dotprod", &int8_dot_neon_dotprod, 4, "asimddp"},
                                {"sve256", &int8_dot_sve256, 8, "sve256"},
                                {"sve512", &int8_dot_sve512, 16, "sve512"}};
#endif
  const std::vector<std::string> features = cpu().names();
  std::erase_if(all, [&](const DotUnderTest& one) {
    return std::ranges::find(features, one.feature) == features.end();
  });
  return all;
}

std::vector<std::int8_t> defined(std::span<const float> row, float& scale) {
  std::vector<std::int8_t> numbers(row.size());
  scale = int8::quantize(row, numbers.data());
  return numbers;
}

/// Whether all numbers are as large as they can be, and of which signs products are then.
enum class Extremes { none, signs_vary, positive, negative };

/// A matrix and rows, and the products that the kernels should find, for all of its lanes.
class Int8Problem {
 public:
  Int8Problem(const DotUnderTest& under_test, std::int64_t columns, const PanelShape& panel,
              std::int64_t rows, Extremes extremes)
      : dot_(*under_test.dot), columns_(columns), rows_(rows) {
    conformance::Random random(static_cast<std::uint64_t>(columns * 100 + rows));
    lanes_ = panel.blocks * panel.vectors * panel.width;
    weight_ = random.floats(lanes_ * columns, 1.0);
    x_ = random.floats(rows * columns, 3.0);
    switch (extremes) {
      case Extremes::none: break;
      case Extremes::signs_vary:
        for (float& w : weight_) w = std::copysign(2.5F, w);
        for (float& v : x_) v = std::copysign(2.5F, v);
        break;
      case Extremes::positive:
      case Extremes::negative:
        std::ranges::fill(weight_, 2.5F);
        std::ranges::fill(x_, extremes == Extremes::positive ? 2.5F : -2.5F);
        break;
    }
    packed_ = pack_int8(dot_, weight_, panel, row_numbers(lanes_));
  }

  [[nodiscard]] std::vector<std::int32_t> found() const {
    const std::int64_t stride = row_bytes(dot_, columns_);
    Aligned<std::int8_t> quantized(rows_ * stride);
    for (std::int64_t r = 0; r < rows_; ++r) {
      (void)dot_.quantize(x_.data() + r * columns_, columns_, quantized.data() + r * stride);
    }
    const Int8Panel& panel = packed_.matrix.panel;
    Aligned<std::int32_t> sums(rows_ * lanes_);
    dot_.multiply({.weights = panel.data,
                   .start = packed_.matrix.start,
                   .rows = quantized.data(),
                   .row_stride = stride,
                   .groups = panel.terms,
                   .vectors = panel.vectors,
                   .row_count = rows_,
                   .block_count = panel.blocks,
                   .sums = sums.data()});
    return {sums.span().begin(), sums.span().end()};
  }

  [[nodiscard]] std::vector<std::int32_t> expected() const {
    std::vector<std::int32_t> sums;
    const Int8Panel& panel = packed_.matrix.panel;
    const std::int64_t in_block = panel.vectors * panel.width;
    float scale = 0.0F;
    for (std::int64_t block = 0; block < panel.blocks; ++block) {
      for (std::int64_t r = 0; r < rows_; ++r) {
        const auto x = defined(row(x_, r), scale);
        for (std::int64_t lane = block * in_block; lane < (block + 1) * in_block; ++lane) {
          const auto w = defined(row(weight_, lane), scale);
          sums.push_back(std::inner_product(w.begin(), w.end(), x.begin(), std::int32_t{0}));
        }
      }
    }
    return sums;
  }

 private:
  [[nodiscard]] std::span<const float> row(const std::vector<float>& matrix,
                                           std::int64_t index) const {
    return std::span(matrix).subspan(static_cast<std::size_t>(index * columns_),
                                     static_cast<std::size_t>(columns_));
  }

  const Int8Dot& dot_;
  std::int64_t columns_;
  std::int64_t rows_;
  std::int64_t lanes_ = 0;
  std::vector<float> weight_;
  std::vector<float> x_;
  PackedInt8 packed_;
};

TEST(Int8Dot, ProductsAreExact) {
  for (const DotUnderTest& one : dots()) {
    for (const std::int64_t columns : {1, 3, 4, 17, 64, 130}) {
      for (std::int64_t vectors = 1; vectors <= 4; ++vectors) {
        for (std::int64_t rows = 1; rows <= 13; rows += rows < 7 ? 1 : 5) {
          const PanelShape panel{
              .terms = columns, .blocks = 3, .vectors = vectors, .width = one.width};
          const Int8Problem problem(one, columns, panel, rows, Extremes::none);
          ASSERT_EQ(problem.found(), problem.expected())
              << one.name << ", " << columns << " columns, " << vectors << " vectors, " << rows
              << " rows";
        }
      }
    }
  }
}

TEST(Int8Dot, TheLargestProductsDoNotSaturate) {
  for (const DotUnderTest& one : dots()) {
    const PanelShape panel{.terms = 1000, .blocks = 1, .vectors = 4, .width = one.width};
    for (const std::int64_t rows : {1, 2, 3, 5}) {
      for (const Extremes extremes :
           {Extremes::signs_vary, Extremes::positive, Extremes::negative}) {
        const Int8Problem problem(one, 1000, panel, rows, extremes);
        EXPECT_EQ(problem.found(), problem.expected())
            << one.name << ", " << rows << " rows, extremes " << static_cast<int>(extremes);
      }
    }
  }
}

TEST(Int8Dot, LongRowsAreExact) {
  for (const DotUnderTest& one : dots()) {
    const PanelShape panel{.terms = 5003, .blocks = 2, .vectors = 3, .width = one.width};
    for (const std::int64_t rows : {1, 2}) {
      const Int8Problem problem(one, 5003, panel, rows, Extremes::none);
      EXPECT_EQ(problem.found(), problem.expected()) << one.name << ", " << rows << " rows";
    }
  }
}

/// Rows of whatever kind, with lengths around those of vectors.
std::vector<std::vector<float>> rows_to_quantize() {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  conformance::Random random(17);
  std::vector<std::vector<float>> rows;
  for (std::int64_t length = 1; length <= 70; ++length) rows.push_back(random.floats(length, 2.0));
  const std::vector<float> ties = {127.0F, 0.5F, 1.5F, -2.5F, -0.5F, 126.5F, -126.5F, 3.5F};
  rows.push_back(ties);
  rows.push_back({0.0F, -0.0F, 0.0F});
  for (const float special : {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(),
                              -std::numeric_limits<float>::quiet_NaN(), 0x1p-119F,
                              std::nextafter(0x1p-119F, 0.0F), 1e-40F, 3e38F, -1e30F}) {
    rows.push_back({special});
    rows.push_back(std::vector<float>(37, special));
    rows.emplace_back(37, 1e-38F);
    rows.back()[20] = special;
    rows.emplace_back(37, 1.0F);
    rows.back()[36] = special;
  }
  return rows;
}

TEST(Int8Dot, QuantizesAsDefined) {
  for (const DotUnderTest& one : dots()) {
    for (const std::vector<float>& row : rows_to_quantize()) {
      const auto count = static_cast<std::int64_t>(row.size());
      float expected_scale = 0.0F;
      const std::vector<std::int8_t> expected = defined(row, expected_scale);
      // What a number of a row is stored as shows in that of zero.
      Aligned<std::int8_t> zeros(row_bytes(*one.dot, count));
      const std::vector<float> nothing(row.size(), 0.0F);
      EXPECT_EQ(one.dot->quantize(nothing.data(), count, zeros.data()), 0.0F);
      Aligned<std::int8_t> found(row_bytes(*one.dot, count));
      const float scale = one.dot->quantize(row.data(), count, found.data());
      EXPECT_TRUE(std::bit_cast<std::uint32_t>(scale) ==
                      std::bit_cast<std::uint32_t>(expected_scale) ||
                  (std::isnan(scale) && std::isnan(expected_scale)))
          << one.name << ": " << scale << " instead of " << expected_scale;
      for (std::size_t k = 0; k < row.size(); ++k) {
        ASSERT_EQ(found.data()[k] ^ zeros.data()[k], expected[k])
            << one.name << ", element " << k << " of " << count << ": " << row[k];
      }
    }
  }
}

TEST(Int8Rows, AreSymmetricAndRoundToEven) {
  float scale = 0.0F;
  EXPECT_EQ(defined(std::vector<float>{127.0F, 0.5F, 1.5F, -2.5F, -127.0F}, scale),
            (std::vector<std::int8_t>{127, 0, 2, -2, -127}));
  EXPECT_EQ(scale, 1.0F);
  EXPECT_EQ(defined(std::vector<float>{0.0F, -0.0F}, scale), (std::vector<std::int8_t>{0, 0}));
  EXPECT_EQ(scale, 0.0F);
  EXPECT_EQ(defined(std::vector<float>{1.0F, std::numeric_limits<float>::infinity()}, scale),
            (std::vector<std::int8_t>{0, 0}));
  EXPECT_TRUE(std::isnan(scale));
}

}  // namespace
}  // namespace carousel::simd
