// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../rank_core.hpp"

#include <string>

namespace carousel::cli {

/// Time against error, a dot for each backend and precision; empty where there is one precision.
[[nodiscard]] std::string precision_section(const RankReport& report);

}  // namespace carousel::cli
