// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>

/// \file
/// The parts of the Python extension, a file each. What they give to Python that is more than a
/// number or an array is one of the dataclasses of carousel/results.py and the modules beside it.
namespace carousel::python {

namespace py = pybind11;

void bind_errors(py::module_& module);
/// Loads NumPy, which may let go of Python's lock, while no other thread can be here.
void bind_arrays(py::module_& module);
void bind_backends(py::module_& module);
void bind_model(py::module_& module);
void bind_network(py::module_& module);
void bind_stream(py::module_& module);
void bind_cross_check(py::module_& module);
/// What lives in the `carousel` command: rank, check and trace.
void bind_command_parts(py::module_& module);

}  // namespace carousel::python
