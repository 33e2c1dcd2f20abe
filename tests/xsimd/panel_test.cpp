// SPDX-License-Identifier: Apache-2.0
// Where each weight stands in a panel, against the layouts of docs/kernels.md written out.
#include "backends/xsimd/host/packing.hpp"
#include "backends/xsimd/host/panels.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <numeric>
#include <vector>

namespace carousel::simd {
namespace {

constexpr std::int64_t kInputs = 5;

std::vector<RecurrentSpec> list_specs() {
  std::vector<RecurrentSpec> specs;
  for (const std::int64_t hidden : {1, 7, 16, 24, 37, 70}) {
    for (const Cell cell : {Cell::lstm, Cell::gru, Cell::rnn}) {
      specs.push_back(make_spec(cell, kInputs, hidden));
    }
    specs.push_back(make_spec(Cell::gru, kInputs, hidden));
    specs.back().linear_before_reset = false;
  }
  return specs;
}

/// The index of a weight, for vectors of `w` floats.
std::int64_t place(const RecurrentSpec& spec, std::int64_t w, std::int64_t gate, std::int64_t unit,
                   std::int64_t k) {
  const std::int64_t vectors = ceil_div(spec.hidden_size, w);
  const bool reset_first = spec.cell == Cell::gru && !spec.linear_before_reset;
  if (spec.cell == Cell::rnn || reset_first) {
    const std::int64_t candidate = ceil_div(2 * vectors, 4) * 4;
    const std::int64_t vector = (gate == 2 ? candidate : gate * vectors) + unit / w;
    return ((vector / 4 * kInputs + k) * 4 + vector % 4) * w + unit % w;
  }
  const std::int64_t gates = spec.cell == Cell::lstm ? 4 : 3;
  const std::int64_t block = unit / w;
  const std::int64_t start = block * kInputs * gates * w;
  const std::int64_t rest = spec.hidden_size % w;
  const bool half = w == 16 && block == vectors - 1 && rest > 0 && rest <= w / 2;
  if (half) return start + k * 2 * w + gate * (w / 2) + unit % w;
  return start + (k * gates + gate) * w + unit % w;
}

TEST(Panel, HasEachWeightWhereThePageSays) {
  for (const RecurrentSpec& spec : list_specs()) {
    const std::int64_t rows = spec.gates() * spec.hidden_size;
    std::vector<float> weight_ih(static_cast<std::size_t>(rows * kInputs));
    std::iota(weight_ih.begin(), weight_ih.end(), 1.0F);
    const std::vector<float> weight_hh(static_cast<std::size_t>(rows * spec.hidden_size));
    const std::vector<float> bias(static_cast<std::size_t>(rows));
    const std::vector<std::int64_t> sizes{rows, spec.hidden_size};
    const Weights weights{{"weight_ih", Tensor({rows, kInputs}, weight_ih)},
                          {"weight_hh", Tensor(sizes, weight_hh)},
                          {"bias_ih", Tensor({rows}, bias)},
                          {"bias_hh", Tensor({rows}, bias)}};
    const RecurrentWeights view(weights, 0);
    for (const std::int64_t width : {4, 8, 16}) {
      const PackedHead packed = pack_recurrent(spec, view, 0, 0, {width});
      const auto panel = packed.packed.input.as<Float32Weights>();
      const std::span<float> elements = std::get<AlignedFloats>(packed.input).span();
      EXPECT_EQ(panel.elements(), static_cast<std::int64_t>(elements.size()));
      double rest = std::accumulate(elements.begin(), elements.end(), 0.0);
      for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t k = 0; k < kInputs; ++k) {
          const std::int64_t at =
              place(spec, width, row / spec.hidden_size, row % spec.hidden_size, k);
          ASSERT_LT(at, panel.elements());
          const float expected = weight_ih[static_cast<std::size_t>(row * kInputs + k)];
          ASSERT_EQ(panel.data[at], expected) << describe(spec) << ", width " << width;
          rest -= static_cast<double>(expected);
        }
      }
      EXPECT_EQ(rest, 0) << "all else is zero";
    }
  }
}

std::vector<float> count_up(std::int64_t floats) {
  std::vector<float> values(static_cast<std::size_t>(floats));
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

/// Weights that are all different, by role.
Weights count_up_weights(const RecurrentSpec& spec) {
  Weights weights;
  for (const WeightRole& role : weight_roles(spec)) {
    const std::int64_t floats =
        std::accumulate(role.shape.begin(), role.shape.end(), std::int64_t{1}, std::multiplies<>{});
    if (role.required) weights.emplace(role.name, Tensor(role.shape, count_up(floats)));
  }
  return weights;
}

// A head is packed as a layer of its own: 7 units of 21, with their rows of each gate.
TEST(Panel, OfAHeadHasTheRowsOfItsUnits) {
  constexpr std::int64_t kHeads = 3;
  constexpr std::int64_t kUnits = 7;
  RecurrentSpec spec = make_spec(Cell::slstm, kInputs, kHeads * kUnits);
  spec.heads = kHeads;
  const Weights weights = count_up_weights(spec);
  const RecurrentWeights view(weights, 0);
  for (const std::int64_t width : {4, 8, 16}) {
    for (std::int64_t head = 0; head < kHeads; ++head) {
      const PackedHead packed = pack_recurrent(spec, view, 0, head, {width});
      EXPECT_EQ(packed.packed.hidden_size, kUnits);
      EXPECT_EQ(packed.packed.state_size, kUnits);
      EXPECT_EQ(packed.packed.memories, 3);
      EXPECT_EQ(packed.packed.recurrent.terms, kUnits);
      EXPECT_EQ(packed.packed.recurrent.blocks, ceil_div(kUnits, width));
      for (std::int64_t gate = 0; gate < 4; ++gate) {
        for (std::int64_t unit = 0; unit < kUnits; ++unit) {
          const std::int64_t row = (gate * kHeads + head) * kUnits + unit;
          const std::int64_t block = unit / width;
          const auto at = [&](std::int64_t terms, std::int64_t k) {
            return ((block * terms + k) * 4 + gate) * width + unit % width;
          };
          const auto number = [](std::int64_t index) { return static_cast<float>(index + 1); };
          for (std::int64_t k = 0; k < kInputs; ++k) {
            ASSERT_EQ(packed.packed.input.as<Float32Weights>().data[at(kInputs, k)],
                      number(row * kInputs + k));
          }
          for (std::int64_t k = 0; k < kUnits; ++k) {
            ASSERT_EQ(packed.packed.recurrent.as<Float32Weights>().data[at(kUnits, k)],
                      number(row * kUnits + k));
          }
          ASSERT_EQ(packed.packed.bias[at(1, 0)], 2 * number(row)) << "bias_ih + bias_hh";
        }
      }
    }
  }
}

TEST(Panel, OfALayerWithNormalizationStartsFromZeroInsteadOfTheBias) {
  RecurrentSpec spec = make_spec(Cell::lstm, kInputs, 20);  // its last block is no half block
  spec.layer_norm = true;
  const Weights weights = count_up_weights(spec);
  const PackedHead packed = pack_recurrent(spec, RecurrentWeights(weights, 0), 0, 0, {16});
  EXPECT_FALSE(packed.packed.recurrent.half);
  EXPECT_FALSE(packed.packed.plain);
  for (std::int64_t i = 0; i < packed.packed.recurrent.sums_stride(); ++i) {
    const std::int64_t unit = i / 64 * 16 + i % 16;
    const std::int64_t gate = i / 16 % 4;
    const float number = unit < 20 ? static_cast<float>(gate * 20 + unit + 1) : 0.0F;
    ASSERT_EQ(packed.packed.bias[i], 0.0F);
    ASSERT_EQ(packed.packed.norm_weight[i], number);
    ASSERT_EQ(packed.packed.norm_bias[i], 2 * number);
  }
}

TEST(Panel, OfOutputsHasFourVectorsABlock) {
  const PanelShape panel = output_panel(70, 3, 16);
  EXPECT_EQ(panel.blocks, 2);
  EXPECT_EQ(panel.block_stride(), 3 * 64);
  EXPECT_EQ(panel.sums_stride(), 128);
  EXPECT_EQ(panel.elements(), 2 * 3 * 64);
}

}  // namespace
}  // namespace carousel::simd
