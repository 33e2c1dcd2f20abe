// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/formatted.hpp"

#include <cstdint>
#include <string>

namespace carousel {

/// "7 steps are too few for this network": why an output would have no step.
[[nodiscard]] inline std::string too_few_steps(std::int64_t steps) {
  return formatted("{}{} too few for this network", steps, steps == 1 ? " step is" : " steps are");
}

}  // namespace carousel
