// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"

PYBIND11_MODULE(_carousel, module) {
  using namespace carousel::python;
  module.doc() = "The compiled part of the package carousel.";
  bind_errors(module);
  bind_arrays(module);
  bind_backends(module);
  bind_model(module);
  bind_network(module);
  bind_stream(module);
  bind_cross_check(module);
#ifdef CAROUSEL_PYTHON_COMMAND_PARTS
  bind_command_parts(module);
#endif
}
