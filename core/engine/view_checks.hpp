// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/view.hpp>

#include <cstdint>

/// \file
/// What a caller's strides mean for memory. Nothing here allocates or throws, and no arithmetic
/// overflows for views that `is_addressable` accepts.
namespace carousel::detail {

/// Whether the distance between any two elements of a view fits 62 bits, in bytes.
template <class T>
[[nodiscard]] bool is_addressable(const SequenceView<T>& view) noexcept {
  constexpr std::int64_t kMost = std::int64_t{1} << 59U;  // elements of at most 4 bytes, and a sum
  const auto fits = [&](std::int64_t count, std::int64_t stride) {
    std::int64_t reach = 0;
    return count <= 1 ||
           (!__builtin_mul_overflow(count - 1, stride, &reach) && reach < kMost && reach > -kMost);
  };
  return view.features < kMost && fits(view.steps, view.step_stride) &&
         fits(view.batch, view.batch_stride);
}

/// Whether no two frames of a view share an element. Of views whose steps and rows are interleaved
/// in a way that neither of them is the inner axis, it says no.
[[nodiscard]] bool frames_are_apart(const SequenceView<float>& view) noexcept;

/// Whether two views may share an element: no if the memory from the first to the last element of
/// each is apart from the other's, or if both have the same strides and stand beside each other in
/// wider frames.
[[nodiscard]] bool may_overlap(const SequenceView<const float>& x,
                               const SequenceView<float>& y) noexcept;

}  // namespace carousel::detail
