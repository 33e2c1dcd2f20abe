// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/int8_packing.hpp"

#include "backends/int8_rows.hpp"
#include "backends/xsimd/host/panels.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace carousel::simd {
namespace {

/// Writes a quantized row to the lane that begins at `to`.
void put_row(const Int8Panel& panel, std::span<const std::int8_t> row, Int8Group* to) {
  for (std::size_t k = 0; k < row.size(); k += kGroupTerms, to += panel.term_stride()) {
    std::ranges::copy(row.subspan(k, std::min<std::size_t>(kGroupTerms, row.size() - k)),
                      to->terms);
  }
}

/// What the sums of a row of zeros come to, negated.
Aligned<std::int32_t> make_start(const Int8Matrix& matrix) {
  const Int8Panel& panel = matrix.panel;
  Aligned<std::int32_t> zeros(panel.blocks * panel.vectors * panel.width);
  Aligned<std::int32_t> start(panel.blocks * panel.vectors * panel.width);
  Aligned<std::int8_t> row(quantized_bytes(matrix.columns));
  const std::vector<float> values(static_cast<std::size_t>(matrix.columns), 0.0F);
  (void)matrix.dot->quantize(values.data(), matrix.columns, row.data());
  matrix.dot->multiply({.weights = panel.data,
                        .start = zeros.data(),
                        .rows = row.data(),
                        .groups = panel.terms,
                        .vectors = panel.vectors,
                        .row_count = 1,
                        .block_count = panel.blocks,
                        .sums = start.data()});
  for (std::int32_t& sum : start.span()) sum = -sum;
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
