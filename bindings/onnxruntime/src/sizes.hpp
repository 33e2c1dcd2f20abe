// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ort.hpp"

#include <carousel/tensor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace carousel::onnxruntime {

/// The sizes of an array's axes, in place: runs need a few of these each, which is not worth memory
/// of its own.
class Sizes {
 public:
  static constexpr std::size_t kMost = 4;

  void add(std::int64_t size) { values_.at(rank_++) = size; }
  [[nodiscard]] std::span<const std::int64_t> span() const noexcept {
    return {values_.data(), rank_};
  }
  [[nodiscard]] std::size_t rank() const noexcept { return rank_; }
  [[nodiscard]] std::int64_t operator[](std::size_t axis) const { return values_.at(axis); }

 private:
  std::array<std::int64_t, kMost> values_{};
  std::size_t rank_ = 0;
};

/// Of a tensor; nothing of one with more axes than any value of the operators has.
[[nodiscard]] inline Sizes sizes_of(const Ort::ConstValue& tensor) {
  const Ort::TensorTypeAndShapeInfo info = tensor.GetTensorTypeAndShapeInfo();
  std::array<std::int64_t, Sizes::kMost> values{};
  const std::size_t rank = info.GetDimensionsCount();
  Sizes sizes;
  if (rank > Sizes::kMost) return sizes;
  Ort::ThrowOnError(Ort::GetApi().GetDimensions(info, values.data(), rank));
  for (std::size_t axis = 0; axis < rank; ++axis) sizes.add(values.at(axis));
  return sizes;
}

/// For messages.
[[nodiscard]] inline std::string sizes_text(const Ort::ConstValue& tensor) {
  return shape_text(tensor.GetTensorTypeAndShapeInfo().GetShape());
}

}  // namespace carousel::onnxruntime
