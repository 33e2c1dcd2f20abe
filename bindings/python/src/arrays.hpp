// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bindings.hpp"

#include <carousel/view.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <pybind11/numpy.h>
#include <string>
#include <string_view>
#include <vector>

/// NumPy arrays as the sequences of a run, in place where that is possible.
namespace carousel::python {

/// The sizes of an array, without a heap: a call takes microseconds.
class Shape {
 public:
  Shape(std::initializer_list<py::ssize_t> sizes) noexcept : Shape(sizes.begin(), sizes.end()) {}
  template <class Iterator>
  Shape(Iterator first, Iterator end) noexcept : end_(std::copy(first, end, sizes_.begin())) {}
  Shape(const Shape& other) noexcept : Shape(other.begin(), other.end()) {}
  Shape& operator=(const Shape&) = delete;

  [[nodiscard]] static Shape of(const py::array& array) noexcept {
    return {array.shape(), array.shape() + array.ndim()};
  }
  [[nodiscard]] const py::ssize_t* begin() const noexcept { return sizes_.data(); }
  [[nodiscard]] const py::ssize_t* end() const noexcept { return end_; }
  [[nodiscard]] int rank() const noexcept { return static_cast<int>(end_ - sizes_.data()); }

  friend bool operator==(const Shape& a, const Shape& b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  static constexpr std::size_t kMostAxes = 64;  // NumPy has at most 32, or from 2.0 on 64
  std::array<py::ssize_t, kMostAxes> sizes_;
  py::ssize_t* end_;
};

/// "[3, 4]" and "float32 [3, 4]", for messages.
[[nodiscard]] std::string text_of(const Shape& shape);
[[nodiscard]] std::string text_of(const py::array& array);

/// Any object as an array: NumPy's own, PyTorch's on the CPU, nested lists. Nothing is copied of
/// what has its elements in memory.
[[nodiscard]] py::array as_array(py::handle object);

/// What a sequence should look like.
struct SequenceForm {
  const char* name = "x";
  std::int64_t features = 0;
  bool ids = false;          ///< Integers without an axis of features.
  bool batch_first = false;  ///< [batch, steps, features] instead of [steps, batch, features]
};

/// A sequence that a caller gave.
struct GivenSequence {
  py::array owner{};  ///< Keeps the elements alive.
  SequenceView<const float> x{};
  SequenceView<const std::int32_t> ids{};
  bool batched = true;  ///< Whether the array has an axis of rows.

  [[nodiscard]] std::int64_t steps() const noexcept {
    return ids.data == nullptr ? x.steps : ids.steps;
  }
  [[nodiscard]] std::int64_t batch() const noexcept {
    return ids.data == nullptr ? x.batch : ids.batch;
  }
};

/// In place, whatever the strides of steps and rows are; features that do not stand side by side
/// are copied. Floats have to be float32; ids are int32 in place, other integers are copied. Throws
/// Error naming what was expected and found.
[[nodiscard]] GivenSequence given_sequence(py::handle object, const SequenceForm& form);

/// float32 or int32, row-major and dense: the array itself, or a copy of one with other strides.
/// Floats have to be float32; ids may be integers of any type within the range of int32.
[[nodiscard]] py::array dense_array(const py::array& array, bool ids, std::string_view name);

/// None: no lengths. Integers, one for each row.
[[nodiscard]] std::vector<std::int64_t> given_lengths(py::handle object);

/// The array of a result, [steps, batch, features] or [batch, steps, features], or without rows.
struct ResultForm {
  std::int64_t steps = 0;
  std::int64_t batch = 1;
  std::int64_t features = 0;
  bool batch_first = false;
  bool batched = true;
};
/// Row-major, its elements not set.
[[nodiscard]] py::array_t<float> new_floats(const Shape& shape);
[[nodiscard]] py::array_t<float> new_result(const ResultForm& form);
/// Throws Error unless `array` is a writable float32 array of that shape whose features stand side
/// by side, and shares no memory with `input`.
[[nodiscard]] SequenceView<float> result_view(py::array& array, const ResultForm& form,
                                              const py::array& input);
/// Of an array that `new_result` made.
[[nodiscard]] SequenceView<float> result_view(py::array_t<float>& array, const ResultForm& form);

}  // namespace carousel::python
