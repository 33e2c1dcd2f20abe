// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/spec.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// How a recurrent layer cuts its work: what it does by itself, and what the planner may try.
/// Results do not depend on it.
namespace carousel::simd {

[[nodiscard]] constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// Blocks of r and z of a GRU whose reset gate comes before the matrix (see PackedLayer); 0: it is
/// none.
[[nodiscard]] std::int64_t reset_blocks(const LayerSpec& spec, std::int64_t width);

/// Blocks of a layer's packed weights.
[[nodiscard]] std::int64_t count_blocks(const LayerSpec& spec, std::int64_t width);

/// Whether the last block of a layer is packed as a half block (see PackedLayer).
[[nodiscard]] bool ends_in_half_block(const LayerSpec& spec, std::int64_t width);

/// Bytes of one direction's packed matrices.
[[nodiscard]] std::int64_t matrix_bytes(const LayerSpec& spec, std::int64_t width);

/// The second cache of a core.
[[nodiscard]] std::int64_t l2_bytes();

/// How the work of some rows that run side by side is cut.
struct Cut {
  std::int64_t inputs;     ///< (row, step) pairs that are projected together, ahead of the steps
  std::int64_t piece;      ///< terms of a sum that are added for all rows before the next ones are
  std::int64_t far_ahead;  ///< floats that a single tile fetches ahead of itself; 0: nothing
};

[[nodiscard]] Cut usual_cut(const LayerSpec& spec, std::int64_t width, std::int64_t rows);

/// Numbers of pairs that make a difference for so many rows and steps, the usual one first: none
/// else where the weights stay in the second cache.
/// `tile_rows` are those that the widest tile works on.
[[nodiscard]] std::vector<std::int64_t> list_inputs(const LayerSpec& spec, std::int64_t width,
                                                    std::int64_t tile_rows, std::int64_t rows,
                                                    std::int64_t steps);

/// "inputs 12"
[[nodiscard]] std::string inputs_name(std::int64_t inputs);

}  // namespace carousel::simd
