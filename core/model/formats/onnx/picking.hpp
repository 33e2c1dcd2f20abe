// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "array.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

/// The operators that only move elements, as lists that say where each element of the result comes
/// from. They serve constants of any type and computed sizes alike.
namespace carousel::loading::onnx {

using Shape = std::vector<std::int64_t>;

/// Element k of the result, of this shape, is element `source[k]` of the operand.
struct Picking {
  Shape shape;
  std::vector<std::size_t> source;
};

/// An axis number in [-rank, rank) as one in [0, rank). Throws Refusal outside.
[[nodiscard]] std::size_t checked_axis(std::int64_t axis, std::size_t rank);

/// What the operator Slice does along one axis.
struct Range {
  std::size_t axis = 0;
  std::int64_t start = 0;
  std::int64_t step = 1;
  std::int64_t count = 0;
};
/// With the operator's rules for negative and too large bounds, for an axis of that size.
[[nodiscard]] Range clamp_range(std::size_t axis, std::int64_t start, std::int64_t end,
                                std::int64_t step, std::int64_t size);

/// All throw Refusal when the arguments do not fit the shape or the result would be huge.
[[nodiscard]] Picking pick_range(const Shape& shape, const Range& range);
[[nodiscard]] Picking pick_transposed(const Shape& shape, const std::vector<std::int64_t>& perm);
/// Gather: the axis is replaced by the axes of the indices.
[[nodiscard]] Picking pick_gathered(const Shape& shape, std::size_t axis,
                                    const Shape& indices_shape,
                                    const std::vector<std::int64_t>& indices);
/// Expand: broadcast to (at least) `to`.
[[nodiscard]] Picking pick_expanded(const Shape& shape, const Shape& to);
[[nodiscard]] Picking pick_tiled(const Shape& shape, const std::vector<std::int64_t>& repeats);

/// The elements of an array that a picking takes.
[[nodiscard]] Array gathered(const Array& array, const Picking& picking);

}  // namespace carousel::loading::onnx
