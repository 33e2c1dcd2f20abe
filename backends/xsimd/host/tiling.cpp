// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/tiling.hpp"
#include "core/model/formatted.hpp"

#include <carousel/cpu.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace carousel::simd {
namespace {

/// (row, step) pairs whose inputs are projected together: enough to use each input weight several
/// times while it is in the cache. Layers whose recurrent weights replace the input weights in the
/// L2 cache at each step need many more.
constexpr std::int64_t kProjectedRows = 12;
constexpr std::int64_t kProjectedRowsOfBigLayers = 96;

/// Matrices of more bytes are read from L3 or memory, for which hardware prefetching does not
/// suffice: tiles prefetch so many elements ahead.
constexpr std::int64_t kFarBytes = std::int64_t{16} << 20U;
constexpr std::int64_t kPrefetchDistance = 3072;

constexpr auto kFloatBytes = static_cast<std::int64_t>(sizeof(float));

/// From so many rows on, the sums of all rows take up much of the caches.
constexpr std::int64_t kManyRows = 48;

/// The numbers of projected rows that the planner may try.
constexpr std::array<std::int64_t, 3> kAllProjectedRows{kProjectedRows, 24,
                                                        kProjectedRowsOfBigLayers};

/// With so few rows, tiles have fewer of them than they could, and need the weights so fast that
/// depth blocks, which stay in the L1 cache, pay for smaller layers already. With vectors of 8
/// floats, tiles have at most 3 rows or, where there are no others, 4 (kernel_config.hpp): there
/// are none of few rows.
constexpr std::int64_t few_rows(const WeightFormat& format) { return format.width == 8 ? 0 : 8; }
constexpr std::int64_t kRoomBytes = std::int64_t{1} << 20U;

/// The most bytes that the weights and rows of a tile may have if its sums are to be one depth
/// block: half of the L2 cache; with more than a few rows kRoomBytes, if that is between half and
/// twice the L2 cache. Twice, since a step whose inputs are projected ahead uses half of the
/// weights that are counted.
std::int64_t room_bytes(const WeightFormat& format, std::int64_t rows) {
  const std::int64_t half = l2_bytes() / 2;
  return rows <= few_rows(format) ? half : std::clamp(kRoomBytes, half, 2 * l2_bytes());
}

/// Whether a tile whose sums were one depth block would use more than `room_bytes`: a block of both
/// matrices, the next block, which is prefetched meanwhile, and the rows.
bool long_sums(const RecurrentSpec& spec, const WeightFormat& format, std::int64_t rows) {
  const std::int64_t terms = spec.input_size + spec.recurrent_size();
  const std::int64_t weights = 2 * kAccumulators * format.width * format.bytes();
  const std::int64_t bytes = (weights + rows * kFloatBytes) * terms;
  return bytes > room_bytes(format, rows);
}

/// Whether the matrices are too big to stay in the L2 cache with all else that a step needs.
bool is_big(const RecurrentSpec& spec, const WeightFormat& format) {
  return matrix_bytes(spec, format) > l2_bytes() / 2;
}

std::int64_t recurrent_bytes(const RecurrentSpec& spec, const WeightFormat& format) {
  const PanelShape panel = recurrent_panel(spec, format);
  return panel.blocks * panel.terms * panel.term_stride() * format.bytes();
}

/// Whether terms have as many vectors as a block has accumulators, so that passes leave some of
/// them for later. Those of a GRU, which are three, are one pass.
bool has_several_passes(const RecurrentSpec& spec, const WeightFormat& format) {
  return recurrent_panel(spec, format).vectors == kAccumulators;
}

/// Whether passes are over pairs of rows, which prefetch: where weights do not stay in the L2
/// cache.
bool worth_pairs(const RecurrentSpec& spec, const WeightFormat& format) {
  return format.precision == Precision::float32 && has_several_passes(spec, format) &&
         recurrent_bytes(spec, format) > l2_bytes();
}

/// Whether a single tile may add its sums in passes. Those over vectors do not prefetch: with
/// weights of more than twice L2 and of more than some MiB, tiles that read them twice but prefetch
/// are faster. So they are with weights from memory (docs/experiments.md).
bool worth_passes(const RecurrentSpec& spec, const WeightFormat& format) {
  constexpr std::int64_t kPassesAnyhow = std::int64_t{4} << 20U;
  const std::int64_t most = std::max(kPassesAnyhow, 2 * l2_bytes());
  const std::int64_t bytes = recurrent_bytes(spec, format);
  if (worth_pairs(spec, format)) return bytes <= std::max(most, cpu().l3_bytes);
  if (matrix_bytes(spec, format) > kFarBytes) return false;
  return !has_several_passes(spec, format) || bytes <= most;
}

std::int64_t depth_of(const RecurrentSpec& spec, const WeightFormat& format, std::int64_t rows) {
  if (!long_sums(spec, format, rows)) return std::numeric_limits<std::int64_t>::max();
  // The weights of a depth block fill most of the L1 cache. With many rows, many sums are stored
  // after each depth block, so that fewer and larger ones are better, with weights in the L2 cache.
  const std::int64_t l1 = cpu().l1d_bytes > 0 ? cpu().l1d_bytes : std::int64_t{32} << 10U;
  const std::int64_t bytes = rows < kManyRows ? l1 * 2 / 3 : l1 * 8 / 3;
  return bytes / (kAccumulators * format.width * format.bytes());
}

std::int64_t default_projected_rows(const RecurrentSpec& spec, const WeightFormat& format,
                                    std::int64_t rows) {
  const std::int64_t inputs = is_big(spec, format) ? kProjectedRowsOfBigLayers : kProjectedRows;
  // Only projected inputs can be added to in depth blocks.
  return long_sums(spec, format, rows) ? std::max(inputs, 2 * rows) : inputs;
}

}  // namespace

std::int64_t l2_bytes() { return cpu().l2_bytes > 0 ? cpu().l2_bytes : std::int64_t{512} << 10U; }

Tiling default_tiling(const RecurrentSpec& spec, const WeightFormat& format, std::int64_t rows) {
  const bool far = matrix_bytes(spec, format) > kFarBytes;
  return {.projected_rows = default_projected_rows(spec, format, rows),
          .depth = depth_of(spec, format, rows),
          .prefetch_distance = far ? kPrefetchDistance : 0,
          .passes = worth_passes(spec, format),
          .pairs = worth_pairs(spec, format)};
}

std::vector<std::int64_t> list_projected_rows(const RecurrentSpec& spec, const WeightFormat& format,
                                              std::int64_t tile_rows, std::int64_t rows,
                                              std::int64_t steps) {
  // Steps that are projected together. One step of several tiles counts as none: it is not
  // projected.
  const auto steps_ahead = [&](std::int64_t inputs) {
    const std::int64_t ahead = std::min(inputs / rows, steps);
    return ahead == 1 && rows > tile_rows ? 0 : ahead;
  };
  std::vector<std::int64_t> list{default_projected_rows(spec, format, rows)};
  if (!is_big(spec, format)) return list;
  for (const std::int64_t inputs : kAllProjectedRows) {
    const std::int64_t ahead = steps_ahead(inputs);
    const auto same = [&](std::int64_t other) { return steps_ahead(other) == ahead; };
    if (std::ranges::none_of(list, same)) list.push_back(inputs);
  }
  return list;
}

std::string tiling_name(std::int64_t projected_rows) {
  return formatted("inputs {}", projected_rows);
}

}  // namespace carousel::simd
