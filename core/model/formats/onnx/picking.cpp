// SPDX-License-Identifier: Apache-2.0
#include "picking.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// More elements than the weights of any layer here; their list takes eight bytes each.
constexpr std::int64_t kMaxElements = std::int64_t{1} << 26U;

/// For each axis of the result, how far each index along it moves in the operand.
using Offsets = std::vector<std::vector<std::size_t>>;

void check_size(const Shape& shape) {
  const bool huge = std::ranges::any_of(shape, [](auto size) { return size > kMaxElements; });
  if (huge || checked_count(shape) > kMaxElements) {
    throw Refusal(
        formatted("makes a constant of the shape {}, which is too large", shape_text(shape)));
  }
}

std::vector<std::size_t> strides_of(const Shape& shape) {
  std::vector<std::size_t> strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;) {
    strides[axis - 1] = strides[axis] * static_cast<std::size_t>(shape[axis]);
  }
  return strides;
}

std::vector<std::size_t> steps(std::int64_t count, std::size_t stride) {
  std::vector<std::size_t> offsets(static_cast<std::size_t>(count));
  for (std::size_t k = 0; k < offsets.size(); ++k) offsets[k] = k * stride;
  return offsets;
}

/// The offsets that leave every axis as it is.
Offsets identity(const Shape& shape) {
  check_size(shape);
  const std::vector<std::size_t> strides = strides_of(shape);
  Offsets offsets;
  for (std::size_t a = 0; a < shape.size(); ++a) offsets.push_back(steps(shape[a], strides[a]));
  return offsets;
}

Picking pick(const Offsets& offsets) {
  Picking picking;
  for (const auto& axis : offsets) picking.shape.push_back(static_cast<std::int64_t>(axis.size()));
  check_size(picking.shape);
  picking.source.assign(static_cast<std::size_t>(checked_count(picking.shape)), 0);
  std::size_t run = picking.source.size();  // consecutive elements with one index along an axis
  for (const auto& axis : offsets) {
    if (run == 0) break;
    run /= axis.size();
    for (std::size_t k = 0; k < picking.source.size(); ++k) {
      picking.source[k] += axis[k / run % axis.size()];
    }
  }
  return picking;
}

}  // namespace

std::size_t checked_axis(std::int64_t axis, std::size_t rank) {
  const auto limit = static_cast<std::int64_t>(rank);
  if (axis < -limit || axis >= limit) {
    throw Malformed(formatted("axis {} of a tensor with {} axes", axis, rank));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + limit : axis);
}

Range clamp_range(std::size_t axis, std::int64_t start, std::int64_t end, std::int64_t step,
                  std::int64_t size) {
  if (step == 0) throw Malformed("a slice with step 0");
  const bool up = step > 0;
  const auto bound = [&](std::int64_t value) {
    if (value < 0) value = value < -size ? -1 : value + size;
    return up ? std::clamp<std::int64_t>(value, 0, size)
              : std::clamp<std::int64_t>(value, -1, size - 1);
  };
  const std::int64_t first = bound(start);
  const std::int64_t distance = up ? bound(end) - first : first - bound(end);
  if (distance <= 0) return {axis, 0, 1, 0};
  // |step| as unsigned: the least int64 has no positive twin.
  const auto stride = up ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
  const auto count =
      static_cast<std::int64_t>((static_cast<std::uint64_t>(distance) - 1) / stride) + 1;
  return {axis, first, count == 1 ? 1 : step, count};
}

Picking pick_range(const Shape& shape, const Range& range) {
  Offsets offsets = identity(shape);
  const std::vector<std::size_t> all = offsets[range.axis];
  std::vector<std::size_t>& chosen = offsets[range.axis];
  chosen.clear();
  for (std::int64_t k = 0; k < range.count; ++k) {
    chosen.push_back(all[static_cast<std::size_t>(range.start + k * range.step)]);
  }
  return pick(offsets);
}

Picking pick_transposed(const Shape& shape, const std::vector<std::int64_t>& perm) {
  const Offsets offsets = identity(shape);
  Offsets moved;
  std::vector<bool> used(shape.size(), false);
  for (const std::int64_t axis : perm) {
    const std::size_t from = checked_axis(axis, shape.size());
    if (used[from]) throw Malformed(formatted("a permutation with axis {} twice", axis));
    used[from] = true;
    moved.push_back(offsets[from]);
  }
  if (moved.size() != shape.size()) throw Malformed("a permutation of other than all axes");
  return pick(moved);
}

Picking pick_gathered(const Shape& shape, std::size_t axis, const Shape& indices_shape,
                      const std::vector<std::int64_t>& indices) {
  const std::int64_t size = shape[axis];
  Offsets offsets = identity(shape);
  const std::vector<std::size_t> all = offsets[axis];
  offsets[axis].clear();
  for (const std::int64_t index : indices) {
    if (index < -size || index >= size) {
      throw Malformed(formatted("index {} of an axis of size {}", index, size));
    }
    offsets[axis].push_back(all[static_cast<std::size_t>(index < 0 ? index + size : index)]);
  }
  Picking picking = pick(offsets);
  const auto at = picking.shape.erase(picking.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  picking.shape.insert(at, indices_shape.begin(), indices_shape.end());
  return picking;
}

Picking pick_expanded(const Shape& shape, const Shape& to) {
  const std::size_t rank = std::max(shape.size(), to.size());
  Shape from(rank - shape.size(), 1);
  from.insert(from.end(), shape.begin(), shape.end());
  Shape target(rank - to.size(), 1);
  target.insert(target.end(), to.begin(), to.end());
  check_size(target);
  Offsets offsets = identity(from);
  for (std::size_t a = 0; a < rank; ++a) {
    if (target[a] == from[a] || target[a] == 1) continue;
    if (from[a] != 1) {
      throw Malformed(
          formatted("the shape {} cannot be expanded to {}", shape_text(shape), shape_text(to)));
    }
    offsets[a].assign(static_cast<std::size_t>(target[a]), 0);
  }
  return pick(offsets);
}

Picking pick_tiled(const Shape& shape, const std::vector<std::int64_t>& repeats) {
  if (repeats.size() != shape.size()) throw Malformed("as many repeats as axes are needed");
  check_size(repeats);
  Offsets offsets = identity(shape);
  for (std::size_t a = 0; a < shape.size(); ++a) {
    const std::vector<std::size_t> once = offsets[a];
    check_size({repeats[a], shape[a]});
    offsets[a].clear();
    for (std::int64_t k = 0; k < repeats[a]; ++k) {
      offsets[a].insert(offsets[a].end(), once.begin(), once.end());
    }
  }
  return pick(offsets);
}

Array gathered(const Array& array, const Picking& picking) {
  const std::size_t size = width(array.type);
  Array result{array.type, picking.shape, {}};
  result.data.resize(picking.source.size() * size);
  for (std::size_t k = 0; k < picking.source.size(); ++k) {
    std::memcpy(result.data.data() + k * size, array.data.data() + picking.source[k] * size, size);
  }
  return result;
}

}  // namespace carousel::loading::onnx
