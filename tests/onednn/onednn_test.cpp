// SPDX-License-Identifier: Apache-2.0
#include "backends/onednn/onednn_backend.hpp"
#include "backends/onednn/rnn_weights.hpp"
#include "backends/onednn/row_groups.hpp"
#include "backends/onednn/step_counts.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace carousel::onednn {
namespace {

using Floats = std::vector<float>;
using Integers = std::vector<std::int64_t>;

// Element [gate g, unit u, input k] is 100 g + 10 u + k: 4 gates, 2 units, 3 inputs.
Floats numbered_gates() {
  Floats result;
  for (int g = 0; g < 4; ++g) {
    for (int u = 0; u < 2; ++u) {
      for (int k = 0; k < 3; ++k) result.push_back(static_cast<float>(100 * g + 10 * u + k));
    }
  }
  return result;
}

TEST(OnednnWeights, LstmGatesBecomeInputsByGatesByUnits) {
  EXPECT_EQ(gate_matrix(numbered_gates(), kLstmGates, 2, 3),
            (Floats{0, 10, 100, 110, 200, 210, 300, 310,  //
                    1, 11, 101, 111, 201, 211, 301, 311,  //
                    2, 12, 102, 112, 202, 212, 302, 312}));
}

TEST(OnednnWeights, GatesAreReordered) {
  const std::array<std::int64_t, 4> reversed{3, 2, 1, 0};
  const Floats matrix = gate_matrix(numbered_gates(), reversed, 2, 3);
  EXPECT_EQ(Floats(matrix.begin(), matrix.begin() + 8),
            (Floats{300, 310, 200, 210, 100, 110, 0, 10}));
  EXPECT_EQ(gate_bias(Floats{1, 2, 3, 4}, Floats{0, 0, 0, 0}, reversed, 1), (Floats{4, 3, 2, 1}));
}

/// PyTorch r, z, n; oneDNN u (PyTorch's z), r, o (PyTorch's n).
TEST(OnednnWeights, GruGatesAreThoseOfPyTorchInAnotherOrder) {
  EXPECT_EQ(gate_bias(Floats{1, 2, 3}, Floats{0, 0, 0}, gate_order(Cell::gru), 1),
            (Floats{2, 1, 3}));
  EXPECT_EQ(gate_matrix(Floats{1, 2, 3}, gate_order(Cell::gru), 1, 1), (Floats{2, 1, 3}));
  EXPECT_EQ(gate_order(Cell::rnn).size(), 1U);
}

TEST(OnednnWeights, LinearBeforeResetKeepsTheCandidatesBiasesApart) {
  EXPECT_EQ(lbr_gru_bias(Floats{1, 2, 3, 4, 5, 6}, Floats{10, 20, 30, 40, 50, 60}, 2),
            (Floats{33, 44, 11, 22, 5, 6, 50, 60}));
  EXPECT_EQ(lbr_gru_bias({}, {}, 2), Floats(8, 0.0F));
  RecurrentSpec gru = make_spec(Cell::gru, 3, 2);
  EXPECT_EQ(bias_blocks(gru), 4);
  gru.linear_before_reset = false;
  EXPECT_EQ(bias_blocks(gru), 3);
  EXPECT_EQ(bias_blocks(make_spec(Cell::lstm, 3, 2)), 4);
}

TEST(OnednnWeights, BiasesAreAddedAndMissingOnesAreZero) {
  EXPECT_EQ(gate_bias(Floats{1, 2, 3, 4}, Floats{10, 20, 30, 40}, kLstmGates, 1),
            (Floats{11, 22, 33, 44}));
  EXPECT_EQ(gate_bias({}, {}, kLstmGates, 2), Floats(8, 0.0F));
}

TEST(OnednnWeights, ProjectionIsTransposed) {
  EXPECT_EQ(projection_matrix(Floats{1, 2, 3, 4, 5, 6}, 3, 2), (Floats{1, 4, 2, 5, 3, 6}));
}

TEST(OnednnPackedTensor, OneCopyPerLayoutWhoeverAsks) {
  const Desc plain({2, 3}, kFloat, Tag::oi);
  const Desc transposed({2, 3}, kFloat, Tag::io);
  const PackedTensor tensor(plain, Floats{1, 2, 3, 4, 5, 6});
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { (void)tensor.as(transposed); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(tensor.bytes(), 2 * 6 * sizeof(float));
  const dnnl::memory packed = tensor.as(transposed);
  const auto* values = static_cast<const float*>(packed.get_data_handle());
  EXPECT_EQ(Floats(values, values + 6), (Floats{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(tensor.as(plain).get_data_handle(), tensor.as(plain).get_data_handle());
}

TEST(OnednnStepCounts, ReachesEveryNumberOfSteps) {
  EXPECT_EQ(step_counts(0), Integers{});
  EXPECT_EQ(step_counts(1), Integers{1});
  EXPECT_EQ(step_counts(8), (Integers{8, 4, 2, 1}));
  EXPECT_EQ(step_counts(9), (Integers{9, 8, 4, 2, 1}));
  EXPECT_EQ(step_counts(100000), (Integers{128, 64, 32, 16, 8, 4, 2, 1}));
}

TEST(OnednnRowGroups, SortsByLengthAndLeavesOutEmptyRows) {
  RowGroups rows(5);
  const Integers lengths{4, 0, 2, 4, 1};
  rows.assign(lengths.data(), 9);
  ASSERT_EQ(rows.groups().size(), 3U);
  EXPECT_EQ(rows.groups()[0].length, 1);
  EXPECT_EQ(rows.groups()[1].length, 2);
  EXPECT_EQ(rows.groups()[2].length, 4);
  EXPECT_EQ(rows.groups()[0].rows[0], 4);
  EXPECT_EQ(rows.groups()[1].rows[0], 2);
  EXPECT_EQ(rows.groups()[2].rows.size(), 2U);
  rows.assign(nullptr, 9);
  ASSERT_EQ(rows.groups().size(), 1U);
  EXPECT_EQ(rows.groups()[0].rows.size(), 5U);
  EXPECT_EQ(rows.groups()[0].length, 9);
}

TEST(OnednnBackend, NamesItsLibrary) {
  EXPECT_TRUE(onednn_backend().description().starts_with("oneDNN "));
}

TEST(OnednnBackend, EveryRefusalSaysWhat) {
  const RecurrentSpec lstm = make_spec(Cell::lstm, 4, 4);
  const auto reason = [&](auto change) {
    RecurrentSpec spec = lstm;
    change(spec);
    return onednn_backend().supports(spec, Precision::float32).reason;
  };
  EXPECT_TRUE(onednn_backend().supports(lstm, Precision::float32));
  EXPECT_TRUE(onednn_backend().supports(make_spec(Cell::gru, 4, 4), Precision::float32));
  EXPECT_EQ(reason([](auto& s) { s.peephole = true; }), "");
  EXPECT_EQ(reason([](auto& s) { s.cell = Cell::gru, s.linear_before_reset = false; }), "");
  EXPECT_NE(reason([](auto& s) { s.clip = 1; }).find("clip"), std::string::npos);
  EXPECT_NE(reason([](auto& s) { s.cell = Cell::slstm; }).find("sLSTM"), std::string::npos);
  EXPECT_NE(reason([](auto& s) { s.layer_norm = true; }).find("layer normalization"),
            std::string::npos);
  EXPECT_NE(reason([](auto& s) { s.cell_clip = 1; }).find("cell state"), std::string::npos);
  EXPECT_NE(reason([](auto& s) { s.coupling = GateCoupling::forget_from_input; }).find("coupled"),
            std::string::npos);
  EXPECT_NE(
      reason([](auto& s) { s.activations[0][1].kind = ActivationKind::relu; }).find("activations"),
      std::string::npos);
  const auto rnn = [](ActivationKind kind) {
    RecurrentSpec spec = make_spec(Cell::rnn, 4, 4, Direction::bidirectional);
    spec.activations[1][0].kind = kind;
    return onednn_backend().supports(spec, Precision::float32).reason;
  };
  EXPECT_EQ(rnn(ActivationKind::relu), "");
  EXPECT_EQ(rnn(ActivationKind::sigmoid), "");
  EXPECT_NE(rnn(ActivationKind::elu).find("activations"), std::string::npos);
  // The second direction's activations count only where there is one.
  EXPECT_EQ(reason([](auto& s) { s.activations[1][1].kind = ActivationKind::relu; }), "");
}

TEST(OnednnBackend, RunsDenseAndCommonLayers) {
  EXPECT_EQ(onednn_backend().supports(DenseSpec{3, 2}, Precision::float32).reason, "");
  EXPECT_EQ(onednn_backend().supports(EmbeddingSpec{3, 2}, Precision::float32).reason, "");
  EXPECT_EQ(onednn_backend().supports(ActivationSpec{{}, 2}, Precision::float32).reason, "");
  EXPECT_EQ(onednn_backend().supports(ConcatenateSpec{{2, 3}}, Precision::float32).reason, "");
}

TEST(OnednnBackend, ErrorsHaveACode) {
  const auto fail_with = [](dnnl_status_t status) {
    try {
      translate_errors("layer", [status]() -> int { throw dnnl::error(status, "no"); });
    } catch (const Error& e) {
      EXPECT_STREQ(e.what(), "oneDNN cannot make the layer: no");
      return e.code();
    }
    return ErrorCode::internal;
  };
  EXPECT_EQ(fail_with(dnnl_out_of_memory), ErrorCode::out_of_memory);
  EXPECT_EQ(fail_with(dnnl_unimplemented), ErrorCode::unsupported);
}

}  // namespace
}  // namespace carousel::onednn
