// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

namespace carousel::int8 {

/// Whether all sums of the layer fit into an int32 (`kMostTerms`), which only int8 asks.
[[nodiscard]] Support supports_terms(const LayerSpec& spec, Precision precision);

}  // namespace carousel::int8
