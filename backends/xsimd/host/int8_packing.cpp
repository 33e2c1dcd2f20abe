// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/int8_packing.hpp"

#include "backends/int8_rows.hpp"
#include "backends/xsimd/host/panels.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace carousel::simd {
namespace {

/// Adds `kWeightOffset` to a number that is stored as unsigned then, or the other way round.
void offset_weight(std::int8_t& weight) {
  weight = static_cast<std::int8_t>(static_cast<std::uint8_t>(weight) ^ kWeightOffset);
}

void offset_weights(std::span<Int8Group> groups) {
  for (Int8Group& group : groups) std::ranges::for_each(group.terms, offset_weight);
}

/// Writes a quantized row to the lane that begins at `to`.
void put_row(const Int8Panel& panel, std::span<const std::int8_t> row, Int8Group* to) {
  for (std::size_t k = 0; k < row.size(); k += kGroupTerms, to += panel.term_stride()) {
    std::ranges::copy(row.subspan(k, std::min<std::size_t>(kGroupTerms, row.size() - k)),
                      to->terms);
  }
}

/// What the sums of a row of zeros come to, negated. There are two such rows, which are one, since
/// a single row may have sums that do without a start.
Aligned<std::int32_t> make_start(const Int8Matrix& matrix) {
  const Int8Panel& panel = matrix.panel;
  const std::int64_t in_block = panel.vectors * panel.width;
  Aligned<std::int32_t> start(panel.blocks * in_block);
  Aligned<std::int32_t> sums(2 * panel.blocks * in_block);
  Aligned<std::int8_t> row(row_bytes(*matrix.dot, matrix.columns));
  const std::vector<float> values(static_cast<std::size_t>(matrix.columns), 0.0F);
  (void)matrix.dot->quantize(values.data(), matrix.columns, row.data());
  matrix.dot->multiply({.weights = panel.data,
                        .start = start.data(),
                        .rows = row.data(),
                        .groups = panel.terms,
                        .vectors = panel.vectors,
                        .row_count = 2,
                        .block_count = panel.blocks,
                        .sums = sums.data()});
  for (std::int64_t i = 0; i < panel.blocks * in_block; ++i) {
    start.data()[i] = -sums.data()[i / in_block * in_block + i];
  }
  return start;
}

}  // namespace

PackedInt8 pack_int8(const Int8Dot& dot, std::span<const float> weight, const PanelShape& panel,
                     std::span<const float> places) {
  PackedInt8 result;
  Int8Matrix& matrix = result.matrix;
  matrix = {.dot = &dot, .panel = {panel}, .columns = panel.terms};
  matrix.panel.terms = ceil_div(panel.terms, kGroupTerms);
  result.weights = Aligned<Int8Group>(matrix.panel.elements());
  result.scales = AlignedFloats(static_cast<std::int64_t>(places.size()));
  matrix.panel.data = result.weights.data();
  matrix.scales = result.scales.data();
  const auto columns = static_cast<std::size_t>(matrix.columns);
  const std::int64_t lanes = matrix.panel.term_stride();
  std::vector<std::int8_t> row(columns);
  for (std::size_t place = 0; place < places.size(); ++place) {
    const auto number = static_cast<std::size_t>(places[place]);
    if (number == 0) continue;
    result.scales.data()[place] =
        int8::quantize(weight.subspan((number - 1) * columns, columns), row.data());
    const auto lane = static_cast<std::int64_t>(place);
    put_row(matrix.panel, row,
            result.weights.data() + lane / lanes * matrix.panel.block_stride() + lane % lanes);
  }
  if (dot.has_pairs) offset_weights(result.weights.span());
  if (dot.has_start) result.start = make_start(matrix);
  matrix.start = result.start.data();
  return result;
}

std::vector<float> row_numbers(std::int64_t rows) {
  std::vector<float> numbers(static_cast<std::size_t>(rows));
  std::iota(numbers.begin(), numbers.end(), 1.0F);
  return numbers;
}

}  // namespace carousel::simd
