// SPDX-License-Identifier: Apache-2.0
// The order of gates: one test for each conversion. Each value is the number of its gate in ONNX.
#include <gtest/gtest.h>

#include <vector>

#include "core/model/formats/onnx/gates.hpp"

namespace carousel::loading::onnx {
namespace {

using Floats = std::vector<float>;

TEST(Gates, LstmInputOutputForgetCell) {
  const Floats found = reorder_gates(Cell::lstm, Floats{'i', 'i', 'o', 'o', 'f', 'f', 'c', 'c'}, 2);
  EXPECT_EQ(found, (Floats{'i', 'i', 'f', 'f', 'c', 'c', 'o', 'o'}));
}

TEST(Gates, GruUpdateResetHidden) {
  const Floats found = reorder_gates(Cell::gru, Floats{'z', 'z', 'r', 'r', 'h', 'h'}, 2);
  EXPECT_EQ(found, (Floats{'r', 'r', 'z', 'z', 'h', 'h'}));
}

TEST(Gates, RnnHasOne) {
  EXPECT_EQ(reorder_gates(Cell::rnn, Floats{1, 2, 3}, 3), (Floats{1, 2, 3}));
}

TEST(Gates, PeepholesInputOutputForget) {
  EXPECT_EQ(reorder_peepholes(Floats{'i', 'i', 'o', 'o', 'f', 'f'}, 2),
            (Floats{'i', 'i', 'f', 'f', 'o', 'o'}));
}

TEST(Gates, TheOtherWay) {
  EXPECT_EQ(to_onnx_gates(Cell::lstm, Floats{'i', 'i', 'f', 'f', 'c', 'c', 'o', 'o'}, 2),
            (Floats{'i', 'i', 'o', 'o', 'f', 'f', 'c', 'c'}));
  EXPECT_EQ(to_onnx_gates(Cell::gru, Floats{'r', 'r', 'z', 'z', 'h', 'h'}, 2),
            (Floats{'z', 'z', 'r', 'r', 'h', 'h'}));
  EXPECT_EQ(to_onnx_gates(Cell::rnn, Floats{1, 2, 3}, 3), (Floats{1, 2, 3}));
  EXPECT_EQ(to_onnx_peepholes(Floats{'i', 'i', 'f', 'f', 'o', 'o'}, 2),
            (Floats{'i', 'i', 'o', 'o', 'f', 'f'}));
}

}  // namespace
}  // namespace carousel::loading::onnx
