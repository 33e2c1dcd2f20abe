// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/tiling.hpp"

#include "backends/xsimd/kernels.hpp"
#include "core/model/plain_cell.hpp"

#include <carousel/cpu.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace carousel::simd {
namespace {

/// Enough to use each input weight several times while it is in the cache, and many more where the
/// weights of the state go through that cache meanwhile.
constexpr std::int64_t kInputs = 12;
constexpr std::int64_t kInputsOfBigLayers = 96;

/// Matrices that come from so far away that the caches' own fetching ahead does not suffice.
constexpr std::int64_t kFarBytes = std::int64_t{16} << 20U;
constexpr std::int64_t kFloatsAhead = 3072;

/// Sums of so many rows are a burden to the caches.
constexpr std::int64_t kManyRows = 48;

/// What else is worth trying.
constexpr std::array<std::int64_t, 3> kAllInputs{kInputs, 24, kInputsOfBigLayers};

/// Tiles of so few rows need the weights so fast that pieces, which stay in the nearest cache, pay
/// early.
constexpr std::int64_t kFewRows = 8;
constexpr std::int64_t kRoomBytes = std::int64_t{1} << 20U;

/// What a tile may work in with its sums in one piece: half of the second cache, or all of it where
/// that is small and rows are many.
std::int64_t room_bytes(std::int64_t rows) {
  const std::int64_t half = l2_bytes() / 2;
  return rows <= kFewRows ? half : std::clamp(kRoomBytes, half, l2_bytes());
}

/// Whether a tile that goes through its blocks of both matrices in one piece would work in more
/// than that: those blocks, the next ones, which are fetched meanwhile, and the rows.
bool long_sums(const LayerSpec& spec, std::int64_t width, std::int64_t rows) {
  const std::int64_t terms = spec.input_size + spec.state_size();
  const auto bytes = (2 * 4 * width + rows) * terms * static_cast<std::int64_t>(sizeof(float));
  return bytes > room_bytes(rows);
}

/// Whether the matrices and what else a step needs do not stay in the second cache together.
bool is_big(const LayerSpec& spec, std::int64_t width) {
  return matrix_bytes(spec, width) > l2_bytes() / 2;
}

std::int64_t terms_of_piece(const LayerSpec& spec, std::int64_t width, std::int64_t rows) {
  if (!long_sums(spec, width, rows)) return std::numeric_limits<std::int64_t>::max();
  // Their weights are most of the nearest cache. Many rows have many sums to put away after each
  // piece, so that fewer pieces are better, whose weights come from the second cache.
  const std::int64_t l1 = cpu().l1d_bytes > 0 ? cpu().l1d_bytes : std::int64_t{32} << 10U;
  const std::int64_t bytes = rows < kManyRows ? l1 * 2 / 3 : l1 * 8 / 3;
  return bytes / (4 * width * static_cast<std::int64_t>(sizeof(float)));
}

std::int64_t usual_inputs(const LayerSpec& spec, std::int64_t width, std::int64_t rows) {
  const std::int64_t inputs = is_big(spec, width) ? kInputsOfBigLayers : kInputs;
  // Pieces are a matter of projected inputs.
  return long_sums(spec, width, rows) ? std::max(inputs, 2 * rows) : inputs;
}

}  // namespace

std::int64_t reset_blocks(const LayerSpec& spec, std::int64_t width) {
  if (spec.cell != Cell::gru || spec.linear_before_reset) return 0;
  return ceil_div(2 * ceil_div(spec.hidden_size, width), 4);
}

std::int64_t count_blocks(const LayerSpec& spec, std::int64_t width) {
  const std::int64_t vectors = ceil_div(spec.hidden_size, width);
  const std::int64_t reset = reset_blocks(spec, width);
  return spec.cell == Cell::rnn || reset > 0 ? reset + ceil_div(vectors, 4) : vectors;
}

bool ends_in_half_block(const LayerSpec& spec, std::int64_t width) {
  if (width < kLeastHalvedWidth || spec.cell == Cell::rnn) return false;
  if (reset_blocks(spec, width) > 0) return false;
  const std::int64_t rest = spec.hidden_size % width;
  return is_plain_cell(spec) && rest > 0 && 2 * rest <= width;
}

std::int64_t matrix_bytes(const LayerSpec& spec, std::int64_t width) {
  const bool interleaved = spec.cell != Cell::rnn && reset_blocks(spec, width) == 0;
  const std::int64_t vectors = interleaved ? spec.gates() : 4;
  const std::int64_t saved = ends_in_half_block(spec, width) ? vectors / 2 : 0;
  const std::int64_t terms = spec.input_size + spec.state_size();
  return (count_blocks(spec, width) * vectors - saved) * width * terms *
         static_cast<std::int64_t>(sizeof(float));
}

std::int64_t l2_bytes() { return cpu().l2_bytes > 0 ? cpu().l2_bytes : std::int64_t{512} << 10U; }

Cut usual_cut(const LayerSpec& spec, std::int64_t width, std::int64_t rows) {
  const bool far = matrix_bytes(spec, width) > kFarBytes;
  return {.inputs = usual_inputs(spec, width, rows),
          .piece = terms_of_piece(spec, width, rows),
          .far_ahead = far ? kFloatsAhead : 0};
}

std::vector<std::int64_t> list_inputs(const LayerSpec& spec, std::int64_t width,
                                      std::int64_t tile_rows, std::int64_t rows,
                                      std::int64_t steps) {
  // So many steps ahead; none if that would serve one step of several tiles.
  const auto steps_ahead = [&](std::int64_t inputs) {
    const std::int64_t ahead = std::min(inputs / rows, steps);
    return ahead == 1 && rows > tile_rows ? 0 : ahead;
  };
  std::vector<std::int64_t> list{usual_inputs(spec, width, rows)};
  if (!is_big(spec, width)) return list;
  for (const std::int64_t inputs : kAllInputs) {
    const std::int64_t ahead = steps_ahead(inputs);
    const auto same = [&](std::int64_t other) { return steps_ahead(other) == ahead; };
    if (std::ranges::none_of(list, same)) list.push_back(inputs);
  }
  return list;
}

std::string inputs_name(std::int64_t inputs) { return "inputs " + std::to_string(inputs); }

}  // namespace carousel::simd
