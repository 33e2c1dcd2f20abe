// SPDX-License-Identifier: Apache-2.0
// The order of gates: one test for each conversion, for elements of several sizes.
#include <gtest/gtest.h>

#include <span>
#include <string_view>

#include "core/model/formats/onnx/gates.hpp"

namespace carousel::loading::onnx {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Two bytes for each gate, named by letters.
std::string_view text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(Gates, LstmInputOutputForgetCell) {
  EXPECT_EQ(text_of(from_onnx_gates(Cell::lstm, bytes_of("iIoOfFcC"))), "iIfFcCoO");
}

TEST(Gates, GruUpdateResetHidden) {
  EXPECT_EQ(text_of(from_onnx_gates(Cell::gru, bytes_of("zZrRhH"))), "rRzZhH");
}

TEST(Gates, RnnHasOne) { EXPECT_EQ(text_of(from_onnx_gates(Cell::rnn, bytes_of("123"))), "123"); }

TEST(Gates, PeepholesInputOutputForget) {
  EXPECT_EQ(text_of(from_onnx_peepholes(bytes_of("iIoOfF"))), "iIfFoO");
}

TEST(Gates, TheOtherWay) {
  EXPECT_EQ(text_of(to_onnx_gates(Cell::lstm, bytes_of("iIfFcCoO"))), "iIoOfFcC");
  EXPECT_EQ(text_of(to_onnx_gates(Cell::gru, bytes_of("rRzZhH"))), "zZrRhH");
  EXPECT_EQ(text_of(to_onnx_gates(Cell::rnn, bytes_of("123"))), "123");
  EXPECT_EQ(text_of(to_onnx_peepholes(bytes_of("iIfFoO"))), "iIoOfF");
}

/// Every cell of the table that ONNX has: there and back is where it was.
TEST(Gates, ThereAndBack) {
  for (std::size_t k = 0; k < kCellCount; ++k) {
    const auto cell = static_cast<Cell>(k);
    if (traits(cell).onnx_operator.empty()) continue;
    EXPECT_EQ(text_of(to_onnx_gates(cell, from_onnx_gates(cell, bytes_of("abcdefghijkl")))),
              "abcdefghijkl");
  }
}

}  // namespace
}  // namespace carousel::loading::onnx
