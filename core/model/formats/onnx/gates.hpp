// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/spec.hpp>

#include <cstdint>
#include <span>
#include <vector>

/// ONNX's order of gates against the project's, which is PyTorch's.
namespace carousel::loading::onnx {

/// Blocks of `block` values, one per gate, from ONNX's order to the project's: LSTM i o f c to
/// i f g o (c is g), GRU z r h to r z n (h is n). `block` is the rows of a gate times their width.
[[nodiscard]] std::vector<float> reorder_gates(Cell cell, std::span<const float> values,
                                               std::int64_t block);

/// Peephole weights from ONNX's i, o, f to i, f, o; `hidden_size` each.
[[nodiscard]] std::vector<float> reorder_peepholes(std::span<const float> values,
                                                   std::int64_t hidden_size);

/// The other way: from the project's order to ONNX's.
[[nodiscard]] std::vector<float> to_onnx_gates(Cell cell, std::span<const float> values,
                                               std::int64_t block);
[[nodiscard]] std::vector<float> to_onnx_peepholes(std::span<const float> values,
                                                   std::int64_t hidden_size);

}  // namespace carousel::loading::onnx
