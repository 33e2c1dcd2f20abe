// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../rank_layers.hpp"

#include <string>

namespace carousel::cli {

/// What `carousel rank` measured as an HTML page that needs nothing else. `layers` is empty where
/// they were not asked for.
[[nodiscard]] std::string rank_page(const Workload& work, int threads, const RankReport& report,
                                    const LayersReport& layers);

}  // namespace carousel::cli
