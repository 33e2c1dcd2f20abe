// SPDX-License-Identifier: Apache-2.0
#include "arrays.hpp"

#include "errors.hpp"

#include <cstddef>
#include <limits>
#include <utility>

namespace carousel::python {
namespace {

constexpr auto kFloat = static_cast<py::ssize_t>(sizeof(float));
static_assert(sizeof(float) == sizeof(std::int32_t));

bool is_integer(const py::array& array) {
  const char kind = array.dtype().kind();
  return kind == 'i' || kind == 'u';
}

/// Whether the elements are T. Nearly every array has NumPy's one object for its type, and the full
/// comparison takes longer than all else that is looked at.
template <class T>
bool has_type(const py::array& array) {
  static const PyObject* const usual = py::dtype::of<T>().release().ptr();
  return array.dtype().ptr() == usual || py::array_t<T>::check_(array);
}
bool is_float32(const py::array& array) { return has_type<float>(array); }
bool is_int32(const py::array& array) { return has_type<std::int32_t>(array); }

/// "[steps, batch, 3]", "ids [steps]"
std::string expected_text(const SequenceForm& form) {
  const std::string batched = form.batch_first ? "[batch, steps" : "[steps, batch";
  const std::string end = form.ids ? "]" : ", " + std::to_string(form.features) + "]";
  return (form.ids ? "integers " : "float32 ") + batched + end + " or [steps" + end;
}

[[noreturn]] void refuse_sequence(const py::array& array, const SequenceForm& form) {
  std::string text =
      std::string(form.name) + ": is " + text_of(array) + "; expected " + expected_text(form);
  if (!form.ids && array.dtype().kind() == 'f' && !is_float32(array)) {
    text += "; convert it: " + std::string(form.name) + ".astype(numpy.float32)";
  }
  refuse(text);
}

bool is_aligned(const py::array& array) {
  return reinterpret_cast<std::uintptr_t>(array.data()) % sizeof(float) == 0;
}

/// Whether steps and rows can be reached by strides of whole elements, and features by 1.
bool viewable(const py::array& array, bool features_last) {
  const py::ssize_t rank = array.ndim();
  if (!is_aligned(array)) return false;
  for (py::ssize_t k = 0; k < rank; ++k) {
    if (array.strides(k) % kFloat != 0) return false;
  }
  return !features_last || array.shape(rank - 1) <= 1 || array.strides(rank - 1) == kFloat;
}

py::array dense_copy(const py::array& array, bool ids) {
  using Floats = py::array_t<float, py::array::c_style>;
  using Ids = py::array_t<std::int32_t, py::array::c_style>;
  return ids ? py::array(Ids(array)) : py::array(Floats(array));
}

/// Integers of another type as int32.
py::array narrow_ids(const py::array& array, std::string_view name) {
  constexpr auto kLeast = std::numeric_limits<std::int32_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
  if (array.size() > 0) {
    const py::object least = array.attr("min")();
    const py::object most = array.attr("max")();
    if (least < py::int_(kLeast) || most > py::int_(kMost)) {
      refuse(std::string(name) + ": has ids beyond the range of int32");
    }
  }
  return array.attr("astype")(py::dtype::of<std::int32_t>());
}

/// The axes of steps, rows and features of an array, whose rows may be missing.
template <class T>
SequenceView<T> view_of(T* data, const py::array& array, const SequenceForm& form, bool batched) {
  const int step_axis = batched && form.batch_first ? 1 : 0;
  const int batch_axis = 1 - step_axis;
  return {.data = data,
          .steps = array.shape(step_axis),
          .batch = batched ? array.shape(batch_axis) : 1,
          .features = form.features,
          .step_stride = array.strides(step_axis) / kFloat,
          .batch_stride = batched ? array.strides(batch_axis) / kFloat : form.features};
}

/// [first byte, end) of an array's elements.
std::pair<const char*, const char*> extent(const py::array& array) {
  const auto* first = static_cast<const char*>(array.data());
  const char* end = first + array.itemsize();
  for (py::ssize_t k = 0; k < array.ndim(); ++k) {
    if (array.shape(k) == 0) return {first, first};
    const py::ssize_t reach = (array.shape(k) - 1) * array.strides(k);
    (reach < 0 ? first : end) += reach;
  }
  return {first, end};
}

bool may_overlap(const py::array& a, const py::array& b) {
  const auto [a_first, a_end] = extent(a);
  const auto [b_first, b_end] = extent(b);
  return a_first < b_end && b_first < a_end;
}

Shape shape_of(const ResultForm& form) {
  if (!form.batched) return {form.steps, form.features};
  if (form.batch_first) return {form.batch, form.steps, form.features};
  return {form.steps, form.batch, form.features};
}

}  // namespace

std::string text_of(const Shape& shape) {
  std::string text = "[";
  for (const py::ssize_t size : shape) {
    text += (text.size() == 1 ? "" : ", ") + std::to_string(size);
  }
  return text + "]";
}

std::string text_of(const py::array& array) {
  return py::str(array.dtype()).cast<std::string>() + " " + text_of(Shape::of(array));
}

py::array as_array(py::handle object) {
  if (py::isinstance<py::array>(object)) return py::reinterpret_borrow<py::array>(object);
  return py::array(py::reinterpret_borrow<py::object>(object));
}

GivenSequence given_sequence(py::handle object, const SequenceForm& form) {
  GivenSequence given{.owner = as_array(object)};
  const py::ssize_t rank = given.owner.ndim() + (form.ids ? 1 : 0);
  const bool type_fits = form.ids ? is_integer(given.owner) : is_float32(given.owner);
  if (!type_fits || rank < 2 || rank > 3 ||
      (!form.ids && given.owner.shape(rank - 1) != form.features)) {
    refuse_sequence(given.owner, form);
  }
  given.batched = rank == 3;
  if (form.ids && !is_int32(given.owner)) given.owner = narrow_ids(given.owner, form.name);
  if (!viewable(given.owner, !form.ids)) given.owner = dense_copy(given.owner, form.ids);
  const void* data = given.owner.data();
  if (form.ids) {
    given.ids = view_of(static_cast<const std::int32_t*>(data), given.owner, form, given.batched);
  } else {
    given.x = view_of(static_cast<const float*>(data), given.owner, form, given.batched);
  }
  return given;
}

py::array dense_array(const py::array& array, bool ids, std::string_view name) {
  if (ids ? !is_integer(array) : !is_float32(array)) {
    refuse(std::string(name) + ": is " + text_of(array) + "; expected " +
           (ids ? "integers" : "float32"));
  }
  if (ids && !is_int32(array)) return dense_copy(narrow_ids(array, name), true);
  const bool dense = (array.flags() & py::array::c_style) != 0;
  return dense && is_aligned(array) ? array : dense_copy(array, ids);
}

std::vector<std::int64_t> given_lengths(py::handle object) {
  if (object.is_none()) return {};
  const py::array array = as_array(object);
  if (array.ndim() != 1 || (!is_integer(array) && array.size() > 0)) {
    refuse("lengths: is " + text_of(array) + "; expected integers [batch]");
  }
  const auto values = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>(array);
  return {values.data(), values.data() + values.size()};
}

py::array_t<float> new_floats(const Shape& shape) {
  // What py::array_t's constructor calls, which puts shape and strides on the heap before.
  const auto& numpy = py::detail::npy_api::get();
  PyObject* array =
      numpy.PyArray_NewFromDescr_(numpy.PyArray_Type_, py::dtype::of<float>().release().ptr(),
                                  shape.rank(), shape.begin(), nullptr, nullptr, 0, nullptr);
  if (array == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::array_t<float>>(array);
}

py::array_t<float> new_result(const ResultForm& form) { return new_floats(shape_of(form)); }

SequenceView<float> result_view(py::array& array, const ResultForm& form, const py::array& input) {
  const Shape shape = shape_of(form);
  const bool same = is_float32(array) && Shape::of(array) == shape;
  if (!same || !viewable(array, true)) {
    refuse("out: is " + text_of(array) + "; expected float32 " + text_of(shape) +
           " with features side by side");
  }
  if (!array.writeable()) refuse("out: is read-only");
  if (may_overlap(array, input)) refuse("out: shares memory with the input");
  const SequenceForm axes{
      .name = "out", .features = form.features, .ids = false, .batch_first = form.batch_first};
  return view_of(static_cast<float*>(array.mutable_data()), array, axes, form.batched);
}

SequenceView<float> result_view(py::array_t<float>& array, const ResultForm& form) {
  float* data = array.mutable_data();
  if (form.batched && form.batch_first) {
    return batch_first(data, form.batch, form.steps, form.features);
  }
  return steps_first(data, form.steps, form.batch, form.features);
}

void bind_arrays(py::module_& /*module*/) {
  (void)is_float32(new_floats({0}));
  (void)is_int32(py::array_t<std::int32_t>(0));
}

}  // namespace carousel::python
