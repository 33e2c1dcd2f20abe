// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bindings.hpp"

namespace carousel::python {

/// One of the dataclasses of a module of the package: `made("ports", "Port", name = ...)`.
template <class... Fields>
[[nodiscard]] py::object made(const char* module, const char* name, Fields&&... fields) {
  const std::string from = std::string("carousel.") + module;
  return py::module_::import(from.c_str()).attr(name)(std::forward<Fields>(fields)...);
}

}  // namespace carousel::python
