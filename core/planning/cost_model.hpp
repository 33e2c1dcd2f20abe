// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/planning/candidates.hpp"

namespace carousel::planning {

/// Returns about how many seconds one run of `problem` takes with so many threads, or 0 for a
/// backend or a kind of layer that the model does not know. It is good enough to rank backends, no
/// more. With one thread it is
///
///     T (W / b + B F / f + B H a + s) + r      for each direction
///
/// with T steps, B rows, F the operations of the matrices for one row, and W the bytes of weights
/// that are read in a step: the recurrent ones, and those of the inputs once for twelve rows. The
/// units are rounded up to whole vectors. f, a, s and r are the backend's rate of arithmetic,
/// what the activations of one unit cost, and what a step and a run cost besides; b is its rate of
/// reading weights, which depends on whether they fit the core's L2 cache. More threads divide the
/// work and have to be woken, and wait for each other after each step unless each has its own rows.
[[nodiscard]] double predict_seconds(const Backend& backend, const Problem& problem, int threads,
                                     const CpuFeatures& cpu);

}  // namespace carousel::planning
