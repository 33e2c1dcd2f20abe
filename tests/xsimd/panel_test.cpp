// SPDX-License-Identifier: Apache-2.0
// Where each weight stands in a panel, against the layouts of docs/kernels.md written out.
#include "backends/xsimd/host/packing.hpp"
#include "backends/xsimd/host/panels.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace carousel::simd {
namespace {

constexpr std::int64_t kInputs = 5;

std::vector<LayerSpec> list_specs() {
  std::vector<LayerSpec> specs;
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
std::int64_t place(const LayerSpec& spec, std::int64_t w, std::int64_t gate, std::int64_t unit,
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
  for (const LayerSpec& spec : list_specs()) {
    const std::int64_t rows = spec.gates() * spec.hidden_size;
    std::vector<float> weight_ih(static_cast<std::size_t>(rows * kInputs));
    std::iota(weight_ih.begin(), weight_ih.end(), 1.0F);
    const std::vector<float> weight_hh(static_cast<std::size_t>(rows * spec.hidden_size));
    const std::vector<float> bias(static_cast<std::size_t>(rows));
    const WeightsView view{.weight_ih = weight_ih,
                           .weight_hh = weight_hh,
                           .bias_ih = bias,
                           .bias_hh = bias,
                           .weight_hr = {},
                           .peephole = {}};
    for (const std::int64_t width : {4, 8, 16}) {
      const PackedDirection packed = pack_recurrent(spec, view, 0, width);
      const Panel& panel = packed.packed.input;
      EXPECT_EQ(panel.bytes(), static_cast<std::int64_t>(packed.input.bytes()));
      double rest = std::accumulate(packed.input.span().begin(), packed.input.span().end(), 0.0);
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

TEST(Panel, OfOutputsHasFourVectorsABlock) {
  const Panel panel = output_panel(70, 3, 16);
  EXPECT_EQ(panel.blocks, 2);
  EXPECT_EQ(panel.block_stride(), 3 * 64);
  EXPECT_EQ(panel.sums_stride(), 128);
  EXPECT_EQ(panel.bytes(), 2 * 3 * 64 * 4);
}

}  // namespace
}  // namespace carousel::simd
