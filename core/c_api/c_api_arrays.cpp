// SPDX-License-Identifier: Apache-2.0
#include "c_api.hpp"

#include "core/engine/view_checks.hpp"
#include "core/model/limits.hpp"
#include "core/model/quote.hpp"

#include <carousel/file_axes.hpp>

#include <array>

namespace carousel::c_api {
namespace {

/// By the numbers of carousel_axis_kind.
constexpr std::array kKinds{FileAxis::Of::features, FileAxis::Of::steps, FileAxis::Of::batch,
                            FileAxis::Of::steps_batch, FileAxis::Of::batch_steps};
static_assert(kKinds.at(CAROUSEL_AXIS_BATCH_STEPS) == FileAxis::Of::batch_steps);

/// An element of 4 bytes of any kind.
using Element = std::array<std::byte, 4>;

FileArray array_from_c(const carousel_file_array& given) {
  require(given.name, "the name of an array");
  require_array(given.axes, given.axis_count, "the axes of an array");
  require_array(given.shape, given.axis_count, "the shape of an array");
  return {.name = escaped(given.name),
          .axes = axes_from_c(given.axes, given.axis_count),
          .shape = {given.shape, given.shape + given.axis_count},
          .one_step = given.one_step};
}

RunSize size_from_c(std::int64_t steps, std::int64_t batch) {
  detail::require_in("steps", steps, 0, detail::kMostSteps);
  detail::require_in("batch", batch, 0, detail::kMostRows);
  return {steps, batch};
}

/// The layout of an array and of frames that have as many elements; throws Error where one is null,
/// or they overlap.
FileLayout layout_from_c(const carousel_file_axis* axes, std::size_t count, const RunSize& size,
                         const void* array, const void* frames) {
  require(array, "array");
  require(frames, "frames");
  FileLayout layout = file_layout(axes_from_c(axes, count), size);
  const auto features = static_cast<std::int64_t>(layout.features.size());
  const auto numbers = detail::require_numbers([] { return std::string("frames"); }, size.steps,
                                               size.batch, features);
  const auto all = [&](const void* data) {
    return steps_first(static_cast<const Element*>(data), 1, 1, numbers);
  };
  if (detail::may_overlap(all(array), all(frames))) refuse_argument("array and frames overlap");
  return layout;
}

}  // namespace

std::vector<FileAxis> axes_from_c(const carousel_file_axis* axes, std::size_t count) {
  require_array(axes, count, "axes");
  std::vector<FileAxis> list;
  for (std::size_t k = 0; k < count; ++k) {
    require_enum(axes[k].kind, CAROUSEL_AXIS_BATCH_STEPS, "the kind of an axis");
    list.push_back({kKinds.at(static_cast<std::size_t>(axes[k].kind)), axes[k].size});
  }
  return list;
}

std::vector<carousel_file_axis> axes_to_c(const std::vector<FileAxis>& axes) {
  std::vector<carousel_file_axis> list;
  for (const FileAxis& axis : axes) {
    const auto* kind = std::ranges::find(kKinds, axis.of);
    list.push_back({.kind = static_cast<std::int32_t>(kind - kKinds.begin()),
                    .size = axis.of == FileAxis::Of::features ? axis.size : 0});
  }
  return list;
}

}  // namespace carousel::c_api

using namespace carousel::c_api;

extern "C" {

carousel_status carousel_run_size(const carousel_file_array* arrays, size_t count, int64_t* steps,
                                  int64_t* batch) {
  return guarded([&] {
    require_array(arrays, count, "arrays");
    require(steps, "steps");
    require(batch, "batch");
    std::vector<carousel::FileArray> list;
    for (size_t k = 0; k < count; ++k) list.push_back(array_from_c(arrays[k]));
    const carousel::RunSize size = carousel::run_size(list);
    *steps = size.steps;
    *batch = size.batch;
  });
}

carousel_status carousel_read_frames(const carousel_file_axis* axes, size_t axis_count,
                                     int64_t steps, int64_t batch, const void* array,
                                     void* frames) {
  return guarded([&] {
    const carousel::RunSize size = size_from_c(steps, batch);
    const auto layout = layout_from_c(axes, axis_count, size, array, frames);
    const auto features = static_cast<std::int64_t>(layout.features.size());
    carousel::read_frames(
        layout, static_cast<const Element*>(array),
        carousel::steps_first(static_cast<Element*>(frames), steps, batch, features));
  });
}

carousel_status carousel_write_frames(const carousel_file_axis* axes, size_t axis_count,
                                      int64_t steps, int64_t batch, const float* frames,
                                      float* array) {
  return guarded([&] {
    const carousel::RunSize size = size_from_c(steps, batch);
    const auto layout = layout_from_c(axes, axis_count, size, array, frames);
    const auto features = static_cast<std::int64_t>(layout.features.size());
    carousel::write_frames(layout, carousel::steps_first(frames, steps, batch, features), array);
  });
}
}
