// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

namespace carousel::bench {

/// A backend to measure the way to a layer with: of a plain RNN it makes a layer that does nothing,
/// of any other what the best of xsimd makes. Once built into the benchmarks, once a plug-in.
[[nodiscard]] const Backend& route_backend();

}  // namespace carousel::bench
