// SPDX-License-Identifier: Apache-2.0
#include "layout.hpp"

#include <algorithm>

namespace carousel::onnxruntime {
namespace {

std::vector<Axis> flattened(const Axes& axes) {
  std::vector<Axis> flat;
  for (const std::vector<Axis>& axis : axes) flat.insert(flat.end(), axis.begin(), axis.end());
  return flat;
}

}  // namespace

Axes operator_axes(bool batch_first) {
  if (batch_first) return {{Axis::batch}, {Axis::steps}, {Axis::directions}, {Axis::hidden}};
  return {{Axis::steps}, {Axis::directions}, {Axis::batch}, {Axis::hidden}};
}

bool in_stream_order(const Axes& axes, std::int64_t directions) {
  std::vector<Axis> flat = flattened(axes);
  if (directions == 1) std::erase(flat, Axis::directions);
  const auto inner = flat.size() < 2 ? flat.end() : flat.begin() + 2;
  const std::vector<Axis> expected =
      directions == 1 ? std::vector{Axis::hidden} : std::vector{Axis::directions, Axis::hidden};
  return std::equal(inner, flat.end(), expected.begin(), expected.end());
}

bool is_batch_first(const Axes& axes) {
  const std::vector<Axis> flat = flattened(axes);
  return std::ranges::find(flat, Axis::batch) < std::ranges::find(flat, Axis::steps);
}

}  // namespace carousel::onnxruntime
