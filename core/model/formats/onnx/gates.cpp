// SPDX-License-Identifier: Apache-2.0
#include "gates.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace carousel::loading::onnx {
namespace {

using Bytes = std::span<const std::byte>;
/// At each place of ONNX's order: which block of ours stands there.
using Order = std::span<const std::uint8_t>;

constexpr std::array<std::uint8_t, 3> kPeepholes{0, 2, 1};  // i, o, f out of i, f, o

Order order_of(Cell cell) {
  return std::span(traits(cell).onnx_gates).first(traits(cell).gates.size());
}

std::vector<std::byte> from_onnx(Bytes values, Order order) {
  const std::size_t block = values.size() / order.size();
  std::vector<std::byte> result(values.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    std::ranges::copy(values.subspan(k * block, block),
                      result.begin() + static_cast<std::ptrdiff_t>(order[k] * block));
  }
  return result;
}

std::vector<std::byte> to_onnx(Bytes values, Order order) {
  const std::size_t block = values.size() / order.size();
  std::vector<std::byte> result;
  result.reserve(values.size());
  for (const std::uint8_t gate : order) {
    const Bytes found = values.subspan(gate * block, block);
    result.insert(result.end(), found.begin(), found.end());
  }
  return result;
}

}  // namespace

std::vector<std::byte> from_onnx_gates(Cell cell, Bytes values) {
  return from_onnx(values, order_of(cell));
}

std::vector<std::byte> from_onnx_peepholes(Bytes values) { return from_onnx(values, kPeepholes); }

std::vector<std::byte> to_onnx_gates(Cell cell, Bytes values) {
  return to_onnx(values, order_of(cell));
}

std::vector<std::byte> to_onnx_peepholes(Bytes values) { return to_onnx(values, kPeepholes); }

}  // namespace carousel::loading::onnx
