// SPDX-License-Identifier: Apache-2.0
#include "gates.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace carousel::loading::onnx {
namespace {

// Each entry: where a gate of ours stands in ONNX's order.
constexpr std::array<std::size_t, 4> kLstm{0, 2, 3, 1};  // i f g o out of i o f c
constexpr std::array<std::size_t, 3> kGru{1, 0, 2};      // r z n out of z r h
constexpr std::array<std::size_t, 1> kRnn{0};
constexpr std::array<std::size_t, 3> kPeepholes{0, 2, 1};  // i f o out of i o f

std::vector<float> reorder(std::span<const float> values, std::size_t block,
                           std::span<const std::size_t> order) {
  std::vector<float> result;
  result.reserve(values.size());
  for (const std::size_t gate : order) {
    const std::span<const float> found = values.subspan(gate * block, block);
    result.insert(result.end(), found.begin(), found.end());
  }
  return result;
}

/// Puts back what `reorder` has taken in that order.
std::vector<float> restore(std::span<const float> values, std::size_t block,
                           std::span<const std::size_t> order) {
  std::vector<float> result(values.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    std::ranges::copy(values.subspan(k * block, block),
                      result.begin() + static_cast<std::ptrdiff_t>(order[k] * block));
  }
  return result;
}

std::span<const std::size_t> order_of(Cell cell) {
  if (cell == Cell::lstm) return kLstm;
  if (cell == Cell::gru) return kGru;
  return kRnn;
}

}  // namespace

std::vector<float> reorder_gates(Cell cell, std::span<const float> values, std::int64_t block) {
  return reorder(values, static_cast<std::size_t>(block), order_of(cell));
}

std::vector<float> reorder_peepholes(std::span<const float> values, std::int64_t hidden_size) {
  return reorder(values, static_cast<std::size_t>(hidden_size), kPeepholes);
}

std::vector<float> to_onnx_gates(Cell cell, std::span<const float> values, std::int64_t block) {
  return restore(values, static_cast<std::size_t>(block), order_of(cell));
}

std::vector<float> to_onnx_peepholes(std::span<const float> values, std::int64_t hidden_size) {
  return restore(values, static_cast<std::size_t>(hidden_size), kPeepholes);
}

}  // namespace carousel::loading::onnx
