// SPDX-License-Identifier: Apache-2.0
#include "core/engine/view_checks.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace carousel::detail {
namespace {

/// One axis of a view: how many, and how many bytes apart.
struct Axis {
  std::int64_t count;
  std::int64_t stride;

  /// Bytes from the beginning of the first to that of the last of them.
  [[nodiscard]] std::int64_t reach() const noexcept {
    return count > 1 ? (count - 1) * std::abs(stride) : 0;
  }
  [[nodiscard]] bool leaves_apart(std::int64_t extent) const noexcept {
    return count <= 1 || std::abs(stride) >= extent;
  }
};

bool is_empty(const Frames& frames) noexcept {
  return frames.steps == 0 || frames.batch == 0 || frames.width == 0;
}

/// Whether x and y stand beside each other in the wider frames of one array.
bool stand_beside(const Frames& x, const Frames& y) noexcept {
  const bool steps_alike = x.step_stride == y.step_stride || (x.steps <= 1 && y.steps <= 1);
  const bool rows_alike = x.batch_stride == y.batch_stride || (x.batch <= 1 && y.batch <= 1);
  if (!steps_alike || !rows_alike) return false;
  const auto column = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(y.data) -
                                                reinterpret_cast<std::uintptr_t>(x.data));
  // The wider frames begin where the first one of the two does, and end where the second one does.
  const bool apart = column >= 0 ? column >= x.width : -column >= y.width;
  Frames wide = y;
  wide.steps = std::max(x.steps, y.steps);
  wide.batch = std::max(x.batch, y.batch);
  wide.width = column >= 0 ? column + y.width : x.width - column;
  return apart && frames_are_apart(wide);
}

}  // namespace

bool frames_are_apart(const Frames& frames) noexcept {
  Axis inner{frames.steps, frames.step_stride};
  Axis outer{frames.batch, frames.batch_stride};
  if (std::abs(inner.stride) > std::abs(outer.stride)) std::swap(inner, outer);
  return is_empty(frames) ||
         (inner.leaves_apart(frames.width) && outer.leaves_apart(inner.reach() + frames.width));
}

bool may_overlap(const Frames& a, const Frames& b) noexcept {
  return memory_of(a).meets(memory_of(b)) && !stand_beside(a, b);
}

}  // namespace carousel::detail
