// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/tiling.hpp"

#include <carousel/cpu.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace carousel::simd {
namespace {

/// Enough to use each input weight several times while it is in the cache, and many more where the
/// weights of the state go through that cache meanwhile.
constexpr std::int64_t kProjectedRows = 12;
constexpr std::int64_t kProjectedRowsOfBigLayers = 96;

/// Matrices that come from so far away that the caches' own fetching ahead does not suffice.
constexpr std::int64_t kFarBytes = std::int64_t{16} << 20U;
constexpr std::int64_t kPrefetchDistance = 3072;

constexpr auto kFloatBytes = static_cast<std::int64_t>(sizeof(float));

/// Sums of so many rows are a burden to the caches.
constexpr std::int64_t kManyRows = 48;

/// The numbers of projected rows that the planner may try.
constexpr std::array<std::int64_t, 3> kAllProjectedRows{kProjectedRows, 24,
                                                        kProjectedRowsOfBigLayers};

/// Tiles of so few rows need the weights so fast that depth blocks, which stay in the nearest
/// cache, pay early.
constexpr std::int64_t kFewRows = 8;
constexpr std::int64_t kRoomBytes = std::int64_t{1} << 20U;

/// What a tile may work in with its sums in one depth block: half of the second cache, or all of it
/// where that is small and rows are many.
std::int64_t room_bytes(std::int64_t rows) {
  const std::int64_t half = l2_bytes() / 2;
  return rows <= kFewRows ? half : std::clamp(kRoomBytes, half, l2_bytes());
}

/// Whether a tile that goes through its blocks of both matrices in one depth block would work in
/// more than `room_bytes`: those blocks, the next ones, which are fetched meanwhile, and the rows.
bool long_sums(const RecurrentSpec& spec, std::int64_t width, std::int64_t rows) {
  const std::int64_t terms = spec.input_size + spec.recurrent_size();
  const std::int64_t weights = 2 * kAccumulators * width * Panel::Weights::kElementBytes;
  const std::int64_t bytes = (weights + rows * kFloatBytes) * terms;
  return bytes > room_bytes(rows);
}

/// Whether the matrices and what else a step needs are too big to stay in the second cache.
bool is_big(const RecurrentSpec& spec, std::int64_t width) {
  return matrix_bytes(spec, width) > l2_bytes() / 2;
}

std::int64_t depth_of(const RecurrentSpec& spec, std::int64_t width, std::int64_t rows) {
  if (!long_sums(spec, width, rows)) return std::numeric_limits<std::int64_t>::max();
  // The weights of a depth block are most of the nearest cache. Many rows have many sums to put
  // away after each, so that fewer are better, whose weights come from the second cache.
  const std::int64_t l1 = cpu().l1d_bytes > 0 ? cpu().l1d_bytes : std::int64_t{32} << 10U;
  const std::int64_t bytes = rows < kManyRows ? l1 * 2 / 3 : l1 * 8 / 3;
  return bytes / (kAccumulators * width * Panel::Weights::kElementBytes);
}

std::int64_t usual_projected_rows(const RecurrentSpec& spec, std::int64_t width,
                                  std::int64_t rows) {
  const std::int64_t inputs = is_big(spec, width) ? kProjectedRowsOfBigLayers : kProjectedRows;
  // Only projected inputs can be added to in depth blocks.
  return long_sums(spec, width, rows) ? std::max(inputs, 2 * rows) : inputs;
}

}  // namespace

std::int64_t l2_bytes() { return cpu().l2_bytes > 0 ? cpu().l2_bytes : std::int64_t{512} << 10U; }

Tiling usual_tiling(const RecurrentSpec& spec, std::int64_t width, std::int64_t rows) {
  const bool far = matrix_bytes(spec, width) > kFarBytes;
  return {.projected_rows = usual_projected_rows(spec, width, rows),
          .depth = depth_of(spec, width, rows),
          .prefetch_distance = far ? kPrefetchDistance : 0};
}

std::vector<std::int64_t> list_projected_rows(const RecurrentSpec& spec, std::int64_t width,
                                              std::int64_t tile_rows, std::int64_t rows,
                                              std::int64_t steps) {
  // So many steps ahead; none if that would serve one step of several tiles.
  const auto steps_ahead = [&](std::int64_t inputs) {
    const std::int64_t ahead = std::min(inputs / rows, steps);
    return ahead == 1 && rows > tile_rows ? 0 : ahead;
  };
  std::vector<std::int64_t> list{usual_projected_rows(spec, width, rows)};
  if (!is_big(spec, width)) return list;
  for (const std::int64_t inputs : kAllProjectedRows) {
    const std::int64_t ahead = steps_ahead(inputs);
    const auto same = [&](std::int64_t other) { return steps_ahead(other) == ahead; };
    if (std::ranges::none_of(list, same)) list.push_back(inputs);
  }
  return list;
}

std::string tiling_name(std::int64_t projected_rows) {
  return "inputs " + std::to_string(projected_rows);
}

}  // namespace carousel::simd
