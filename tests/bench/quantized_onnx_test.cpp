// SPDX-License-Identifier: Apache-2.0
// What --peers gives to ONNX Runtime in int8, and how peers in other precisions are measured.
#include "quantized_onnx.hpp"
#include "group.hpp"
#include "subject.hpp"

#include <carousel/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/model/formats/onnx/load_onnx.hpp"

namespace carousel::bench {
namespace {

Shape quantized_shape() {
  Shape shape = select_shapes({"vadcell"}).at(0);
  shape.steps = 20;
  return shape;
}

std::vector<std::byte> plain_file(const Work& work) { return loading::to_onnx(work.model, {}); }

double largest(const std::vector<float>& values) {
  double most = 0;
  for (const float value : values) most = std::max(most, std::fabs(static_cast<double>(value)));
  return most;
}

void expect_rounded(float most) {
  const Work work(quantized_shape());
  const Model plain = load(plain_file(work), "plain.onnx");
  const Model rounded = load(quantized_onnx(plain_file(work), most), "rounded.onnx");
  ASSERT_EQ(rounded.layers.size(), plain.layers.size());
  for (std::size_t k = 0; k < plain.layers.size(); ++k) {
    EXPECT_EQ(rounded.layers[k].spec, plain.layers[k].spec);
    for (const auto& [role, weight] : plain.layers[k].weights) {
      const std::vector<float> before = weight.to_float32();
      const std::vector<float> after = rounded.layers[k].weights.at(role).to_float32();
      const bool matrix = role.starts_with("weight");
      const double half_step = matrix ? largest(before) / static_cast<double>(most) / 2 : 0;
      bool same = true;
      for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_NEAR(before[i], after[i], 1.001 * half_step) << role << ' ' << i;
        same = same && before[i] == after[i];
      }
      EXPECT_EQ(same, !matrix) << role;
    }
  }
}

TEST(QuantizedOnnx, IsTheSameNetworkWithRoundedMatrices) {
  expect_rounded(127);
  expect_rounded(63);
}

TEST(QuantizedOnnx, OtherCellsAreRefused) {
  const Work work(with_cell(quantized_shape(), Cell::gru, true));
  try {
    static_cast<void>(quantized_onnx(plain_file(work)));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "ONNX Runtime has no GRU whose weights are int8");
  }
}

TEST(QuantizedOnnx, PeersAreMarkedAsOtherArithmetic) {
  const Work work(quantized_shape(), Precision::bfloat16);
  Settings settings;
  settings.backends = {"xsimd"};
  settings.peers = true;
  const Group group(work, 1, settings);
  int others = 0;
  for (const Measurement& one : group.measurements()) {
    if (!one.other_arithmetic) continue;
    ++others;
    EXPECT_EQ(one.backend, kOnednn);
    EXPECT_EQ(one.precision, Precision::bfloat16);
    EXPECT_TRUE(!one.ran() || one.agrees) << one.max_difference;
  }
  EXPECT_EQ(others, 1);
}

}  // namespace
}  // namespace carousel::bench
