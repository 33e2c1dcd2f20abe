// SPDX-License-Identifier: Apache-2.0
#include "core/engine/view_checks.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace carousel::detail {
namespace {

/// One axis of a view: how many, and how many elements apart. The stride of a single one is not
/// used, and may be anything.
struct Axis {
  std::int64_t count;
  std::int64_t stride;

  Axis(std::int64_t how_many, std::int64_t apart) noexcept
      : count(how_many), stride(how_many > 1 ? apart : 0) {}

  /// Elements from the first to the last of them.
  [[nodiscard]] std::int64_t reach() const noexcept {
    return count > 1 ? (count - 1) * std::abs(stride) : 0;
  }
  [[nodiscard]] bool leaves_apart(std::int64_t extent) const noexcept {
    return count <= 1 || std::abs(stride) >= extent;
  }
};

/// The memory that a view stands in, from `first` to behind `last`, as numbers: pointers into
/// different arrays must not be compared.
struct Memory {
  std::uintptr_t first;
  std::uintptr_t last;
};

template <class T>
Memory memory_of(const SequenceView<T>& view) noexcept {
  std::int64_t low = 0;
  std::int64_t high = view.features;
  for (const Axis& axis :
       {Axis{view.steps, view.step_stride}, Axis{view.batch, view.batch_stride}}) {
    if (axis.count > 1) (axis.stride < 0 ? low : high) += (axis.count - 1) * axis.stride;
  }
  const auto start = reinterpret_cast<std::uintptr_t>(view.data);
  return {start + static_cast<std::uintptr_t>(low) * sizeof(T),
          start + static_cast<std::uintptr_t>(high) * sizeof(T)};
}

bool is_empty(std::int64_t steps, std::int64_t batch, std::int64_t features) noexcept {
  return steps == 0 || batch == 0 || features == 0;
}

/// Whether x and y stand beside each other in the wider frames of one array.
bool stand_beside(const SequenceView<const float>& x, const SequenceView<float>& y) noexcept {
  const bool steps_alike = x.step_stride == y.step_stride || (x.steps <= 1 && y.steps <= 1);
  const bool rows_alike = x.batch_stride == y.batch_stride || (x.batch <= 1 && y.batch <= 1);
  if (!steps_alike || !rows_alike) return false;
  const auto bytes = static_cast<std::intptr_t>(reinterpret_cast<std::uintptr_t>(y.data) -
                                                reinterpret_cast<std::uintptr_t>(x.data));
  const std::int64_t column = bytes / static_cast<std::intptr_t>(sizeof(float));
  // The wider frames begin where the first one of the two does, and end where the second one does.
  const bool apart = column >= 0 ? column >= x.features : -column >= y.features;
  SequenceView<float> wide = y;
  wide.steps = std::max(x.steps, y.steps);
  wide.batch = std::max(x.batch, y.batch);
  wide.features = column >= 0 ? column + y.features : x.features - column;
  return apart && frames_are_apart(wide);
}

}  // namespace

bool frames_are_apart(const SequenceView<float>& view) noexcept {
  Axis inner{view.steps, view.step_stride};
  Axis outer{view.batch, view.batch_stride};
  if (std::abs(inner.stride) > std::abs(outer.stride)) std::swap(inner, outer);
  return is_empty(view.steps, view.batch, view.features) ||
         (inner.leaves_apart(view.features) && outer.leaves_apart(inner.reach() + view.features));
}

bool may_overlap(const SequenceView<const float>& x, const SequenceView<float>& y) noexcept {
  if (is_empty(x.steps, x.batch, x.features) || is_empty(y.steps, y.batch, y.features))
    return false;
  const Memory of_x = memory_of(x);
  const Memory of_y = memory_of(y);
  return of_x.first < of_y.last && of_y.first < of_x.last && !stand_beside(x, y);
}

}  // namespace carousel::detail
