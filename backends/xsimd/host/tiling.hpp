// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/xsimd/host/panels.hpp"

#include <carousel/spec.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// In which order and portions a recurrent layer does its work: what it does by itself, and what
/// the planner may try. Results do not depend on it.
namespace carousel::simd {

/// The bytes of a core's second cache.
[[nodiscard]] std::int64_t l2_bytes();

/// The portions of some rows that run side by side. `RecurrentJob` explains the terms.
struct Tiling {
  std::int64_t projected_rows;     ///< (row, step) pairs whose inputs are projected together
  std::int64_t depth;              ///< terms of a depth block
  std::int64_t prefetch_distance;  ///< elements that a single tile fetches ahead; 0: nothing
};

[[nodiscard]] Tiling usual_tiling(const RecurrentSpec& spec, std::int64_t width, std::int64_t rows);

/// The numbers of projected rows that make a difference for so many rows and steps, the usual one
/// first: none else where the weights stay in the second cache. `tile_rows` are those of the
/// highest tile.
[[nodiscard]] std::vector<std::int64_t> list_projected_rows(const RecurrentSpec& spec,
                                                            std::int64_t width,
                                                            std::int64_t tile_rows,
                                                            std::int64_t rows, std::int64_t steps);

/// The name of a tiling, such as "inputs 12": part of what wisdom files keep.
[[nodiscard]] std::string tiling_name(std::int64_t projected_rows);

}  // namespace carousel::simd
