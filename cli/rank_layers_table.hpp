// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rank_layers.hpp"
#include "table.hpp"

namespace carousel::cli {

/// Time per step and share of the whole, a row for each layer and a column for each backend. With
/// `sums` a last row for all of them.
[[nodiscard]] Table layers_table(const LayersReport& report, bool sums);

}  // namespace carousel::cli
