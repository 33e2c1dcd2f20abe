// SPDX-License-Identifier: Apache-2.0
#include "sequence_arrays.hpp"

#include "array_checks.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace carousel::cli {
namespace {

std::int64_t count_of(std::span<const std::int64_t> shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

/// Whether it is a float32 too.
bool is_exact(std::int64_t value) {
  const auto rounded = static_cast<float>(value);
  constexpr auto kTooLarge = static_cast<float>(std::numeric_limits<std::int64_t>::max());
  return rounded < kTooLarge && static_cast<std::int64_t>(rounded) == value;
}

std::vector<float> exact_floats(const std::vector<std::int64_t>& values, const std::string& what) {
  std::vector<float> floats(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!is_exact(values[i])) {
      throw Error(ErrorCode::invalid_argument, what + ": " + std::to_string(values[i]) +
                                                   " (element " + std::to_string(i) +
                                                   ") is no float32; the input takes these");
    }
    floats[i] = static_cast<float>(values[i]);
  }
  return floats;
}

RunSize of_input(const ModelInput& input, RunSize size) {
  if (input.one_step) size.steps = 1;
  return size;
}

std::vector<std::int64_t> shape_of(const std::string& name, const std::vector<FileAxis>& axes,
                                   const RunSize& size) {
  try {
    return file_shape(axes, size);
  } catch (const Error& error) {
    throw Error(error.code(), "'" + name + "': " + error.what());
  }
}

void check_frame(const std::string& name, std::int64_t expected, const FileLayout& layout) {
  if (std::cmp_equal(layout.features.size(), expected)) return;
  throw Error(ErrorCode::internal, name + ": its axes have " +
                                       std::to_string(layout.features.size()) +
                                       " features, but its frames " + std::to_string(expected));
}

}  // namespace

Elements elements_of(const ModelInput& input, NpyArray array, std::int64_t id_count,
                     const std::string& what) {
  if (input.ids) return {.floats = {}, .ids = checked_ids(array, id_count, what)};
  if (array.is_integer()) return {.floats = exact_floats(array.integers(what), what), .ids = {}};
  return {.floats = std::get<std::vector<float>>(std::move(array.values)), .ids = {}};
}

InputArray::InputArray(const ModelInput& input, const std::vector<FileAxis>& axes,
                       const RunSize& size, Elements elements)
    : input_(input),
      size_(of_input(input, size)),
      shape_(shape_of(input.name, axes, size_)),
      layout_(file_layout(axes, size_)),
      elements_(std::move(elements)) {
  check_frame(input.name, input.size, layout_);
}

template <class T>
SequenceView<const T> InputArray::view_of(const std::vector<T>& elements, std::vector<T>& frames,
                                          std::int64_t index) const {
  const T* array = elements.data() + index * count_of(shape_);
  if (layout_.has_whole_frames()) return file_view(layout_, array, size_);
  frames.resize(static_cast<std::size_t>(size_.steps * size_.batch * input_.size));
  const SequenceView<T> view = steps_first(frames.data(), size_.steps, size_.batch, input_.size);
  read_frames(layout_, array, view);
  return view;
}

NamedInput InputArray::view(std::int64_t index) {
  NamedInput view{.name = input_.name};
  if (input_.ids) {
    view.ids = view_of(elements_.ids, frames_.ids, index);
  } else {
    view.x = view_of(elements_.floats, frames_.floats, index);
  }
  return view;
}

OutputArray::OutputArray(const NetworkOutput& output, const std::vector<FileAxis>& axes,
                         const RunSize& size, std::int64_t runs)
    : name_(output.name),
      size_(size),
      shape_(shape_of(output.name, axes, size)),
      layout_(file_layout(axes, size)),
      count_(count_of(shape_)),
      values_(static_cast<std::size_t>(runs * count_)) {
  check_frame(output.name, output.size, layout_);
  if (!layout_.has_whole_frames()) frames_.resize(static_cast<std::size_t>(count_));
}

float* OutputArray::array(std::int64_t index) { return values_.data() + index * count_; }

std::span<const float> OutputArray::values(std::int64_t index) const {
  return {values_.data() + index * count_, static_cast<std::size_t>(count_)};
}

NamedOutput OutputArray::view(std::int64_t index) {
  const auto features = static_cast<std::int64_t>(layout_.features.size());
  if (layout_.has_whole_frames()) return {name_, file_view(layout_, array(index), size_)};
  return {name_, steps_first(frames_.data(), size_.steps, size_.batch, features)};
}

void OutputArray::arrange(std::int64_t index) {
  if (layout_.has_whole_frames()) return;
  const auto features = static_cast<std::int64_t>(layout_.features.size());
  const SequenceView<const float> frames =
      steps_first<const float>(frames_.data(), size_.steps, size_.batch, features);
  write_frames(layout_, frames, array(index));
}

}  // namespace carousel::cli
