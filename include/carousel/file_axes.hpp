// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>
#include <carousel/model.hpp>
#include <carousel/view.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// \file
/// Arrays in a model file's own order of axes, and what flows through a network, [steps, batch,
/// features]: which shapes fit, and how to get from one to the other.
/// \code
/// const ModelInput& input = network.inputs().front();
/// const auto axes = carousel::file_axes(input.axes, input.size, input.ids);
/// const RunSize size = carousel::run_size(std::vector<FileArray>{{"x", axes, shape}});
/// const FileLayout layout = carousel::file_layout(axes, size);
/// carousel::read_frames(layout, array, carousel::steps_first(x, size.steps, size.batch,
/// features)); \endcode
namespace carousel {

/// How many steps and rows the sequences of a run have.
struct RunSize {
  std::int64_t steps = 1;
  std::int64_t batch = 1;

  friend bool operator==(const RunSize&, const RunSize&) = default;
};

/// The axes of an input or output: its file's own, or where these are empty [steps, batch, size],
/// of ids [steps, batch].
[[nodiscard]] CAROUSEL_API std::vector<FileAxis> file_axes(std::span<const FileAxis> own,
                                                           std::int64_t size, bool ids = false);

/// "[batch, steps, 3]"; an axis that steps and batch share is "steps*batch" or "batch*steps".
[[nodiscard]] CAROUSEL_API std::string axes_text(std::span<const FileAxis> axes);

/// Features of a frame.
[[nodiscard]] CAROUSEL_API std::int64_t frame_size(std::span<const FileAxis> axes) noexcept;

/// The shape of an array with so many steps and rows. Throws Error (invalid_argument) when there
/// are several of what has no axis.
[[nodiscard]] CAROUSEL_API std::vector<std::int64_t> file_shape(std::span<const FileAxis> axes,
                                                                const RunSize& size);

/// One of the arrays of a run.
struct FileArray {
  std::string name;  ///< For messages: "input 'x'".
  std::vector<FileAxis> axes;
  std::vector<std::int64_t> shape;
  bool one_step = false;  ///< It has a single step, however many the others have.
};

/// Whether an array by itself has the number of axes and the features that it should.
[[nodiscard]] CAROUSEL_API bool fits(std::span<const FileAxis> axes,
                                     std::span<const std::int64_t> shape) noexcept;

/// The steps and rows of a run, on which all arrays have to agree; what none of them tells is 1.
/// An axis that steps and batch share counts the steps of one row where nothing else tells the
/// rows. Throws Error (invalid_argument) naming array, axis, and what was expected and found.
[[nodiscard]] CAROUSEL_API RunSize run_size(std::span<const FileArray> arrays);

/// Where the elements of an array stand: that of step t, row b and feature f has the index
/// t * step_stride + b * batch_stride + features[f].
struct FileLayout {
  std::int64_t step_stride = 0;
  std::int64_t batch_stride = 0;
  std::vector<std::int64_t> features;

  /// Whether the features of a frame stand side by side, so that `file_view` works.
  [[nodiscard]] CAROUSEL_API bool has_whole_frames() const noexcept;
};

/// The layout of an array, row-major and dense, with so many steps and rows.
[[nodiscard]] CAROUSEL_API FileLayout file_layout(std::span<const FileAxis> axes,
                                                  const RunSize& size);

/// An array with whole frames, in place: nothing is copied.
template <class T>
[[nodiscard]] SequenceView<T> file_view(const FileLayout& layout, T* array, const RunSize& size) {
  return {array,
          size.steps,
          size.batch,
          static_cast<std::int64_t>(layout.features.size()),
          layout.step_stride,
          layout.batch_stride};
}

/// Copies an array of a file into a sequence, whose sizes are those of the layout.
template <class T>
void read_frames(const FileLayout& layout, const T* array, const SequenceView<T>& sequence) {
  for (std::int64_t t = 0; t < sequence.steps; ++t) {
    for (std::int64_t b = 0; b < sequence.batch; ++b) {
      const T* frame = array + t * layout.step_stride + b * layout.batch_stride;
      T* to = sequence.row(t, b);
      for (std::size_t f = 0; f < layout.features.size(); ++f) to[f] = frame[layout.features[f]];
    }
  }
}

/// Copies a sequence into an array of a file.
template <class T>
void write_frames(const FileLayout& layout, const SequenceView<const T>& sequence, T* array) {
  for (std::int64_t t = 0; t < sequence.steps; ++t) {
    for (std::int64_t b = 0; b < sequence.batch; ++b) {
      T* frame = array + t * layout.step_stride + b * layout.batch_stride;
      const T* from = sequence.row(t, b);
      for (std::size_t f = 0; f < layout.features.size(); ++f) frame[layout.features[f]] = from[f];
    }
  }
}

}  // namespace carousel
