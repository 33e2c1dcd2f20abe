// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bindings.hpp"
#include "model.hpp"

#include <carousel/cross_check.hpp>

#include <optional>
#include <string>

namespace carousel::python {

/// What both checks take from Python; `frames` are [steps, batch, features] by input's name.
struct CheckArguments {
  const PythonModel& model;
  const py::dict& frames;
  py::handle lengths;
  std::string backend;
  int threads = 1;
  std::string precision;
  py::dict layer_precisions;  ///< {"l0": "int8"}
  std::optional<double> tolerance{};
  py::object progress;  ///< None, or called with the share that is done.
};

/// Runs the check without Python's lock and gives the dataclass CheckReport; `loss` is a field of
/// it.
[[nodiscard]] py::object checked(const CheckArguments& arguments, const Reference* reference,
                                 const py::object& loss = py::none());

}  // namespace carousel::python
