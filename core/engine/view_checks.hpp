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

/// Where the frames of a view stand, in bytes, whatever its elements are. The stride of a single
/// step or row is not used and may be anything: it is 0 here.
struct Frames {
  const void* data;
  std::int64_t steps;
  std::int64_t batch;
  std::int64_t width;
  std::int64_t step_stride;
  std::int64_t batch_stride;
};

template <class T>
[[nodiscard]] Frames frames_of(const SequenceView<T>& view) noexcept {
  constexpr auto kBytes = static_cast<std::int64_t>(sizeof(T));
  return {view.data,
          view.steps,
          view.batch,
          view.features * kBytes,
          view.steps > 1 ? view.step_stride * kBytes : 0,
          view.batch > 1 ? view.batch_stride * kBytes : 0};
}

/// The memory from the first to behind the last byte, as numbers: pointers into different arrays
/// must not be compared.
struct Memory {
  std::uintptr_t first = 0;
  std::uintptr_t last = 0;

  [[nodiscard]] bool meets(const Memory& other) const noexcept {
    return first < other.last && other.first < last;
  }
};

/// That in which frames stand; of none, it meets no other.
[[nodiscard]] inline Memory memory_of(const Frames& frames) noexcept {
  if (frames.steps == 0 || frames.batch == 0 || frames.width == 0) return {};
  std::int64_t low = 0;
  std::int64_t high = frames.width;
  const auto reach_to = [&](std::int64_t offset) { (offset < 0 ? low : high) += offset; };
  if (frames.steps > 1) reach_to((frames.steps - 1) * frames.step_stride);
  if (frames.batch > 1) reach_to((frames.batch - 1) * frames.batch_stride);
  const auto start = reinterpret_cast<std::uintptr_t>(frames.data);
  return {start + static_cast<std::uintptr_t>(low), start + static_cast<std::uintptr_t>(high)};
}

/// Whether no two frames share a byte. Of views whose steps and rows are interleaved in a way that
/// neither of them is the inner axis, it says no.
[[nodiscard]] bool frames_are_apart(const Frames& frames) noexcept;

template <class T>
[[nodiscard]] bool frames_are_apart(const SequenceView<T>& view) noexcept {
  return frames_are_apart(frames_of(view));
}

/// Whether two views may share a byte: no if the memory from the first to the last element of each
/// is apart from the other's, or if both have the same strides and stand beside each other in wider
/// frames.
[[nodiscard]] bool may_overlap(const Frames& a, const Frames& b) noexcept;

template <class A, class B>
[[nodiscard]] bool may_overlap(const SequenceView<A>& a, const SequenceView<B>& b) noexcept {
  return may_overlap(frames_of(a), frames_of(b));
}

}  // namespace carousel::detail
