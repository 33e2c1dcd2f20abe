// SPDX-License-Identifier: Apache-2.0
#include "errors.hpp"

#include "bindings.hpp"

#include <exception>
#include <new>

namespace carousel::python {
namespace {

void translate(std::exception_ptr thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const Error& error) {
    raise(error);
  }
}

}  // namespace

void raise(const Error& error) {
  const py::object type = py::module_::import("carousel.errors").attr("Error");
  const py::object made = type(static_cast<int>(error.code()), error.what());
  PyErr_SetObject(type.ptr(), made.ptr());
}

void refuse(const std::string& text) { throw Error(ErrorCode::invalid_argument, text); }

void require(const Status& status) {
  if (!status) refuse(status.message());
}

void bind_errors(py::module_& /*module*/) { py::register_exception_translator(translate); }

}  // namespace carousel::python
