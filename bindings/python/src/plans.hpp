// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bindings.hpp"

#include <carousel/network.hpp>

#include <span>
#include <vector>

namespace carousel::python {

/// The options of `prepare` and `explain` by name.
[[nodiscard]] PrepareOptions prepare_options(const py::kwargs& given);

/// {"l0": "int8"}
[[nodiscard]] std::vector<LayerPrecision> layer_precisions_of(const py::dict& given);

/// As a list of the dataclass LayerPlan.
[[nodiscard]] py::list plans_of(std::span<const LayerPlan> plans);

}  // namespace carousel::python
