// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/suite.hpp"

namespace carousel::conformance {

/// What a plug-in is tried with besides the cases.
[[nodiscard]] std::vector<Trial> plugin_trials(const Backend& backend);

}  // namespace carousel::conformance
