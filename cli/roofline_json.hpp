// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "table.hpp"

#include "core/measure/roofline.hpp"

namespace carousel::cli {

/// [{"bytes": ..., "bytes_per_second": ...}, ...]
[[nodiscard]] Json reads_json(const Roofline& roofline);

}  // namespace carousel::cli
