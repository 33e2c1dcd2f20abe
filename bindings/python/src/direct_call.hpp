// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bindings.hpp"
#include "errors.hpp"

#include <array>
#include <cstddef>
#include <exception>
#include <new>

namespace carousel::python {

/// `object(first, second=None, third=None)` without pybind11's dispatch, which makes a new string
/// of each parameter's name, and a copy of the dict of named arguments, for every call. Where the
/// arguments do not fit, the method `__call__`, which pybind11 knows, says so.
template <class Self, auto call>
class DirectCall {
 public:
  /// Of a class that has `__call__` already; names of the second and third parameter.
  static void install(const py::object& type, const char* second, const char* third) {
    method_ = py::object(type.attr("__call__")).release().ptr();
    names_ = {PyUnicode_InternFromString(second), PyUnicode_InternFromString(third)};
    reinterpret_cast<PyTypeObject*>(type.ptr())->tp_call = enter;
  }

 private:
  using Arguments = std::array<PyObject*, 3>;

  /// False where there are too many or too few, two for one parameter, or names of none. Names in
  /// source code are interned, so that the same name is the same object.
  static bool sort(PyObject* positional, PyObject* named, Arguments& arguments) noexcept {
    const auto count = static_cast<std::size_t>(PyTuple_GET_SIZE(positional));
    if (count < 1 || count > arguments.size()) return false;
    for (std::size_t k = 0; k < count; ++k) {
      arguments[k] = PyTuple_GET_ITEM(positional, static_cast<Py_ssize_t>(k));
    }
    Py_ssize_t at = 0;
    PyObject* name = nullptr;
    PyObject* value = nullptr;
    while (named != nullptr && PyDict_Next(named, &at, &name, &value) != 0) {
      const std::size_t k = name == names_[0] ? 1 : 2;
      if (name != names_[k - 1] || k < count) return false;
      arguments[k] = value;
    }
    return true;
  }

  static PyObject* call_method(PyObject* self, PyObject* positional, PyObject* named) {
    py::tuple all(PyTuple_GET_SIZE(positional) + 1);
    PyTuple_SET_ITEM(all.ptr(), 0, py::handle(self).inc_ref().ptr());
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(positional); ++k) {
      PyTuple_SET_ITEM(all.ptr(), k + 1,
                       py::handle(PyTuple_GET_ITEM(positional, k)).inc_ref().ptr());
    }
    return PyObject_Call(method_, all.ptr(), named);
  }

  static PyObject* enter(PyObject* self, PyObject* positional, PyObject* named) noexcept {
    try {
      Arguments arguments{nullptr, Py_None, Py_None};
      if (!sort(positional, named, arguments)) return call_method(self, positional, named);
      return call(py::handle(self).cast<Self&>(), arguments[0], arguments[1], arguments[2])
          .release()
          .ptr();
    } catch (py::error_already_set& error) {
      error.restore();
    } catch (const Error& error) {
      raise(error);
    } catch (const std::bad_alloc&) {
      PyErr_NoMemory();
    } catch (const std::exception& error) {
      PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    return nullptr;
  }

  // Kept for good, as the module is.
  static inline PyObject* method_ = nullptr;
  static inline std::array<PyObject*, 2> names_{};
};

}  // namespace carousel::python
