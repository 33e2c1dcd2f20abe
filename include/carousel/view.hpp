// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

namespace carousel {

/// A strided view of a sequence, indexed `[step, batch row, feature]`. Features are contiguous; the
/// two other strides are free (counted in elements), so steps-first and batch-first arrays are both
/// read and written in place. The view does not own the memory.
template <class T>
struct SequenceView {
  T* data = nullptr;
  std::int64_t steps = 0;
  std::int64_t batch = 0;
  std::int64_t features = 0;
  std::int64_t step_stride = 0;
  std::int64_t batch_stride = 0;

  [[nodiscard]] constexpr T* row(std::int64_t step, std::int64_t b) const noexcept {
    return data + step * step_stride + b * batch_stride;
  }

  /// The steps `[first, first + count)`.
  [[nodiscard]] constexpr SequenceView slice(std::int64_t first,
                                             std::int64_t count) const noexcept {
    // No arithmetic on a null pointer: an empty array may well have one.
    T* start = count == 0 ? data : data + first * step_stride;
    return {start, count, batch, features, step_stride, batch_stride};
  }

  // A writable view is a readable one. NOLINTNEXTLINE(google-explicit-constructor)
  constexpr operator SequenceView<const T>() const noexcept requires(!std::is_const_v<T>) {
    return {data, steps, batch, features, step_stride, batch_stride};
  }
};

/// A dense `[steps, batch, features]` array (PyTorch's default, `batch_first=False`).
template <class T>
[[nodiscard]] constexpr SequenceView<T> steps_first(T* data, std::int64_t steps, std::int64_t batch,
                                                    std::int64_t features) noexcept {
  return {data, steps, batch, features, batch * features, features};
}

/// A dense `[batch, steps, features]` array (PyTorch's `batch_first=True`).
template <class T>
[[nodiscard]] constexpr SequenceView<T> batch_first(T* data, std::int64_t batch, std::int64_t steps,
                                                    std::int64_t features) noexcept {
  return {data, steps, batch, features, features, steps * features};
}

/// A dense `[steps, features]` array: one unbatched sequence.
template <class T>
[[nodiscard]] constexpr SequenceView<T> unbatched(T* data, std::int64_t steps,
                                                  std::int64_t features) noexcept {
  return {data, steps, 1, features, features, features};
}

}  // namespace carousel
