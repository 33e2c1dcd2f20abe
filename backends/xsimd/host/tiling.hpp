// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/xsimd/host/panels.hpp"

#include <carousel/spec.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// How a recurrent layer's work is partitioned into depth blocks and segments: the default, and the
/// alternatives that the planner may try. Results do not depend on it.
namespace carousel::simd {

/// The bytes of a core's L2 cache.
[[nodiscard]] std::int64_t l2_bytes();

/// The tiling of a job. `RecurrentJob` explains the terms.
struct Tiling {
  std::int64_t projected_rows;     ///< (row, step) pairs whose inputs are projected together
  std::int64_t depth;              ///< terms of a depth block
  std::int64_t prefetch_distance;  ///< how many elements ahead a single tile prefetches; 0: none
  bool passes;                     ///< whether a single tile may add its sums in passes
  bool pairs;                      ///< whether these are over pairs of rows
};

/// The default tiling.
[[nodiscard]] Tiling default_tiling(const RecurrentSpec& spec, const WeightFormat& format,
                                    std::int64_t rows);

/// The numbers of projected rows that make a difference for so many rows and steps, the default one
/// first. There are no others where the weights stay in the L2 cache. `tile_rows` is the most rows
/// that a tile has.
[[nodiscard]] std::vector<std::int64_t> list_projected_rows(const RecurrentSpec& spec,
                                                            const WeightFormat& format,
                                                            std::int64_t tile_rows,
                                                            std::int64_t rows, std::int64_t steps);

/// The name of a tiling, such as "inputs 12": part of what wisdom files keep.
[[nodiscard]] std::string tiling_name(std::int64_t projected_rows);

}  // namespace carousel::simd
