// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include "core/planning/measure.hpp"

#include <vector>

namespace carousel::planning {

/// The required weights of a layer, of one value: what they are does not matter to the time, but
/// making them takes some.
[[nodiscard]] Weights constant_weights(const LayerSpec& spec);

/// Returns the seconds of one run of each of `kProbes` with one thread; 0 for those that were left
/// out because the smaller ones tell that they are slow. Empty when the backend cannot run them.
[[nodiscard]] std::vector<double> time_probes(const Backend& backend, Precision precision,
                                              const Clock& now);

/// The same with `thread_seconds`, once in this process for each version and precision of a
/// backend. May be called by any thread.
[[nodiscard]] std::vector<double> probe_times(const Backend& backend, Precision precision);

}  // namespace carousel::planning
