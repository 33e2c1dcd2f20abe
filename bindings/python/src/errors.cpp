// SPDX-License-Identifier: Apache-2.0
#include "errors.hpp"

#include "bindings.hpp"

#include <exception>
#include <new>

namespace carousel::python {
namespace {

/// Raises carousel.Error, which keeps the code.
void raise(ErrorCode code, const char* text) {
  const py::object type = py::module_::import("carousel.errors").attr("Error");
  const py::object error = type(static_cast<int>(code), text);
  PyErr_SetObject(type.ptr(), error.ptr());
}

void translate(std::exception_ptr thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const Error& error) {
    raise(error.code(), error.what());
  }
}

}  // namespace

void refuse(const std::string& text) { throw Error(ErrorCode::invalid_argument, text); }

void require(const Status& status) {
  if (!status) refuse(status.message());
}

void bind_errors(py::module_& /*module*/) { py::register_exception_translator(translate); }

}  // namespace carousel::python
