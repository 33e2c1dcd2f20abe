// SPDX-License-Identifier: Apache-2.0
#include <carousel/file_axes.hpp>

#include <algorithm>
#include <optional>

#include "core/model/element_count.hpp"
#include "core/model/formatted.hpp"
#include "core/model/limits.hpp"

namespace carousel {
namespace {

using Of = FileAxis::Of;

bool has(std::span<const FileAxis> axes, Of of) noexcept {
  return std::ranges::find(axes, of, &FileAxis::of) != axes.end();
}

bool is_shared(Of of) noexcept { return of == Of::steps_batch || of == Of::batch_steps; }

bool has_shared(std::span<const FileAxis> axes) noexcept {
  return std::ranges::any_of(axes, is_shared, &FileAxis::of);
}

std::string axis_text(const FileAxis& axis) {
  switch (axis.of) {
    case Of::steps: return "steps";
    case Of::batch: return "batch";
    case Of::steps_batch: return "steps*batch";
    case Of::batch_steps: return "batch*steps";
    case Of::features: break;
  }
  return std::to_string(axis.size);
}

[[noreturn]] void refuse(const std::string& text) {
  throw Error(ErrorCode::invalid_argument, text);
}

/// Nothing if it is negative or more than there can be.
std::optional<std::int64_t> axis_size(const FileAxis& axis, const RunSize& size) noexcept {
  switch (axis.of) {
    case Of::steps: return checked_multiply(size.steps, 1);
    case Of::batch: return checked_multiply(size.batch, 1);
    case Of::steps_batch:
    case Of::batch_steps: return checked_multiply(size.steps, size.batch);
    case Of::features: break;
  }
  return checked_multiply(axis.size, 1);
}

/// Throws where steps or rows have several axes: which of them an element belongs to is unknown.
void require_axes_of_their_own(std::span<const FileAxis> axes) {
  for (const Of own : {Of::steps, Of::batch}) {
    const auto count = std::ranges::count_if(
        axes, [own](const FileAxis& axis) { return axis.of == own || is_shared(axis.of); });
    if (count <= 1) continue;
    refuse(formatted("an array {} has {} axes for the {}, but may have one", axes_text(axes), count,
                     own == Of::steps ? "steps" : "rows"));
  }
}

/// Throws unless the index of each element is a number, and frames are as small as those of layers.
void require_possible(std::span<const FileAxis> axes, const RunSize& size) {
  require_axes_of_their_own(axes);
  constexpr std::int64_t kMostFeatures = std::int64_t{1} << 20U;
  std::optional<std::int64_t> features = 1;
  std::optional<std::int64_t> elements = 1;
  for (const FileAxis& axis : axes) {
    // Of no rows, too, strides are products of the other axes.
    const std::optional<std::int64_t> count = axis_size(axis, size);
    const std::int64_t factor = count ? std::max<std::int64_t>(*count, 1) : -1;
    if (axis.of == Of::features && features) features = checked_multiply(*features, factor);
    if (elements) elements = checked_multiply(*elements, factor);
  }
  if (elements && features && *features <= kMostFeatures) return;
  refuse(formatted("an array {} of {} steps and {} rows is not possible", axes_text(axes),
                   size.steps, size.batch));
}

std::string where(const FileArray& array, std::size_t axis) {
  return formatted("{}: axis {} ({}) is {}", array.name, axis, axis_text(array.axes[axis]),
                   array.shape[axis]);
}

/// "; expected [batch, steps, 3], found [6, 2, 4]"
std::string shapes(const FileArray& array) {
  return formatted("; expected {}, found {}", axes_text(array.axes), shape_text(array.shape));
}

/// A number that arrays have to agree on, and the first one that told it.
struct Agreed {
  const char* what;  ///< "steps"
  std::int64_t count = -1;
  std::string from{};

  [[nodiscard]] bool known() const noexcept { return count >= 0; }
};

/// `told` is how the array says so, for messages.
void agree(Agreed& agreed, std::int64_t count, const FileArray& array, const std::string& told) {
  if (!agreed.known()) {
    agreed.count = count;
    agreed.from = array.name;
  }
  if (agreed.count == count) return;
  refuse(formatted("{}, but {} has {} {}{}", told, agreed.from, agreed.count, agreed.what,
                   shapes(array)));
}

void check_alone(const FileArray& array) {
  if (array.shape.size() != array.axes.size()) {
    refuse(formatted("{}: has {} axes, but must have {}{}", array.name, array.shape.size(),
                     array.axes.size(), shapes(array)));
  }
  for (std::size_t k = 0; k < array.axes.size(); ++k) {
    const FileAxis& axis = array.axes[k];
    if (array.shape[k] < 0) refuse(where(array, k) + ", but no axis is negative");
    if (axis.of == Of::features && array.shape[k] != axis.size) {
      refuse(where(array, k) + shapes(array));
    }
    if (axis.of == Of::steps && array.one_step && array.shape[k] != 1) {
      refuse(formatted("{}, but there is a single step of it{}", where(array, k), shapes(array)));
    }
  }
}

void read_own_axes(const FileArray& array, Agreed& steps, Agreed& batch) {
  for (std::size_t k = 0; k < array.axes.size(); ++k) {
    const Of of = array.axes[k].of;
    if (of == Of::steps && !array.one_step) agree(steps, array.shape[k], array, where(array, k));
    if (of == Of::batch) agree(batch, array.shape[k], array, where(array, k));
  }
}

/// What has no axis is there once.
void read_missing_axes(const FileArray& array, Agreed& steps, Agreed& batch) {
  if (has_shared(array.axes)) return;
  const std::string none = array.name + ": has no axis for the ";
  if (!array.one_step && !has(array.axes, Of::steps)) {
    agree(steps, 1, array, none + "steps, so that it has one");
  }
  if (!has(array.axes, Of::batch)) agree(batch, 1, array, none + "rows, so that it has one");
}

/// `count` is the product of both. What is not known follows from what is.
void read_product(std::int64_t count, const FileArray& array, const std::string& told,
                  Agreed& steps, Agreed& batch) {
  if (array.one_step) return agree(batch, count, array, told);
  if (!steps.known() && !batch.known()) agree(batch, 1, array, told);
  Agreed& known = steps.known() ? steps : batch;
  Agreed& other = steps.known() ? batch : steps;
  if (!other.known()) {
    agree(other, known.count > 0 ? count / known.count : 1, array, told);
  }
  if (other.known() && checked_multiply(known.count, other.count) == count) return;
  refuse(formatted("{}, which does not fit {} {} ({}){}", told, known.count, known.what, known.from,
                   shapes(array)));
}

void read_shared_axis(const FileArray& array, Agreed& steps, Agreed& batch) {
  const auto found = std::ranges::find_if(array.axes, is_shared, &FileAxis::of);
  if (found == array.axes.end()) return;
  const auto k = static_cast<std::size_t>(found - array.axes.begin());
  read_product(array.shape[k], array, where(array, k), steps, batch);
}

/// Adds an axis of features: the offsets so far, once for each of its places.
std::vector<std::int64_t> spread(const std::vector<std::int64_t>& offsets, std::int64_t size,
                                 std::int64_t stride) {
  std::vector<std::int64_t> result;
  for (const std::int64_t offset : offsets) {
    for (std::int64_t i = 0; i < size; ++i) result.push_back(offset + i * stride);
  }
  return result;
}

}  // namespace

std::vector<FileAxis> file_axes(std::span<const FileAxis> own, std::int64_t size, bool ids) {
  if (!own.empty()) return {own.begin(), own.end()};
  std::vector<FileAxis> axes{{Of::steps}, {Of::batch}};
  if (!ids) axes.push_back({Of::features, size});
  return axes;
}

std::string axes_text(std::span<const FileAxis> axes) {
  std::string text;
  for (const FileAxis& axis : axes) text += (text.empty() ? "" : ", ") + axis_text(axis);
  return formatted("[{}]", text);
}

std::int64_t frame_size(std::span<const FileAxis> axes) noexcept {
  std::int64_t size = 1;
  for (const FileAxis& axis : axes) size *= axis.of == Of::features ? axis.size : 1;
  return size;
}

std::vector<std::int64_t> file_shape(std::span<const FileAxis> axes, const RunSize& size) {
  require_possible(axes, size);
  const bool shared = has_shared(axes);
  const auto need = [&](std::int64_t count, Of of, const char* what) {
    if (count == 1 || shared || has(axes, of)) return;
    refuse(formatted("an array {} has no axis for {} {}", axes_text(axes), count, what));
  };
  need(size.steps, Of::steps, "steps");
  need(size.batch, Of::batch, "rows");
  std::vector<std::int64_t> shape;
  for (const FileAxis& axis : axes) shape.push_back(axis_size(axis, size).value_or(0));
  return shape;
}

bool fits(std::span<const FileAxis> axes, std::span<const std::int64_t> shape) noexcept {
  return std::ranges::equal(axes, shape, [](const FileAxis& axis, std::int64_t size) {
    return axis.of != Of::features || axis.size == size;
  });
}

RunSize run_size(std::span<const FileArray> arrays) {
  Agreed steps{"steps"};
  Agreed batch{"rows"};
  for (const FileArray& array : arrays) check_alone(array);
  for (const FileArray& array : arrays) read_own_axes(array, steps, batch);
  for (const FileArray& array : arrays) read_missing_axes(array, steps, batch);
  for (const FileArray& array : arrays) read_shared_axis(array, steps, batch);
  const RunSize size{steps.known() ? steps.count : 1, batch.known() ? batch.count : 1};
  detail::require_in("steps of the arrays: their number", size.steps, 0, detail::kMostSteps);
  detail::require_in("rows of the arrays: their number", size.batch, 0, detail::kMostRows);
  return size;
}

bool FileLayout::has_whole_frames() const noexcept {
  for (std::size_t f = 0; f < features.size(); ++f) {
    if (features[f] != static_cast<std::int64_t>(f)) return false;
  }
  return true;
}

FileLayout file_layout(std::span<const FileAxis> axes, const RunSize& size) {
  const std::vector<std::int64_t> shape = file_shape(axes, size);
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t k = shape.size(); k-- > 1;) strides[k - 1] = strides[k] * shape[k];
  FileLayout layout;
  layout.features.push_back(0);
  for (std::size_t k = 0; k < axes.size(); ++k) {
    switch (axes[k].of) {
      case Of::steps: layout.step_stride = strides[k]; break;
      case Of::batch: layout.batch_stride = strides[k]; break;
      case Of::steps_batch:
        layout.step_stride = size.batch * strides[k];
        layout.batch_stride = strides[k];
        break;
      case Of::batch_steps:
        layout.step_stride = strides[k];
        layout.batch_stride = size.steps * strides[k];
        break;
      case Of::features: layout.features = spread(layout.features, axes[k].size, strides[k]); break;
    }
  }
  return layout;
}

}  // namespace carousel
