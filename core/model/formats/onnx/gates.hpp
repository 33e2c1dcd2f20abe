// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/spec.hpp>

#include <cstddef>
#include <span>
#include <vector>

/// \file
/// ONNX's order of gates against the project's, which is PyTorch's. Values are moved as bytes, of
/// whatever type they are: the rows of one direction, as many for each gate.
namespace carousel::loading::onnx {

/// From ONNX's order to the project's: LSTM i o f c to i f g o (c is g), GRU z r h to r z n (h is
/// n).
[[nodiscard]] std::vector<std::byte> from_onnx_gates(Cell cell, std::span<const std::byte> values);
/// Peephole weights from ONNX's i, o, f to i, f, o.
[[nodiscard]] std::vector<std::byte> from_onnx_peepholes(std::span<const std::byte> values);

/// The other way: from the project's order to ONNX's.
[[nodiscard]] std::vector<std::byte> to_onnx_gates(Cell cell, std::span<const std::byte> values);
[[nodiscard]] std::vector<std::byte> to_onnx_peepholes(std::span<const std::byte> values);

}  // namespace carousel::loading::onnx
