// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/panels.hpp"

#include "core/model/plain_cell.hpp"

namespace carousel::simd {
namespace {

/// Whether the last block is a half block: the kernels have one for the cell and the precision, and
/// the units that remain for the last block fit it.
bool ends_in_half_block(const RecurrentSpec& spec, const WeightFormat& format) {
  const std::int64_t rest = head_units(spec) % format.width;
  return format.width >= kLeastHalvedWidth && format.precision == Precision::float32 &&
         has_own_steps(spec) && rest > 0 && 2 * rest <= format.width;
}

}  // namespace

bool has_own_steps(const RecurrentSpec& spec) {
  return spec.cell != Cell::slstm && is_plain_cell(spec);
}

bool interleaves_gates(const RecurrentSpec& spec) {
  return spec.cell == Cell::lstm || spec.cell == Cell::slstm ||
         (spec.cell == Cell::gru && spec.linear_before_reset);
}

PanelShape output_panel(std::int64_t outputs, std::int64_t terms, std::int64_t width) {
  return {.terms = terms,
          .blocks = ceil_div(outputs, kAccumulators * width),
          .vectors = kAccumulators,
          .width = width};
}

PanelShape gate_panel(const RecurrentSpec& spec, std::int64_t terms, const WeightFormat& format) {
  const std::int64_t width = format.width;
  const std::int64_t unit_vectors = ceil_div(head_units(spec), width);
  if (interleaves_gates(spec)) {
    return {.terms = terms,
            .blocks = unit_vectors,
            .half = ends_in_half_block(spec, format),
            .vectors = spec.gates(),
            .width = width};
  }
  PanelShape panel = output_panel(spec.hidden_size, terms, width);
  if (spec.cell == Cell::gru) {
    panel.reset_first_blocks = ceil_div(2 * unit_vectors, kAccumulators);
    panel.blocks += panel.reset_first_blocks;
  }
  return panel;
}

PanelShape input_panel(const RecurrentSpec& spec, const WeightFormat& format) {
  return gate_panel(spec, spec.input_size, format);
}

PanelShape recurrent_panel(const RecurrentSpec& spec, const WeightFormat& format) {
  return gate_panel(spec, spec.recurrent_size(), format);
}

std::int64_t matrix_bytes(const RecurrentSpec& spec, const WeightFormat& format) {
  return format.bytes() *
         (input_panel(spec, format).elements() + recurrent_panel(spec, format).elements());
}

}  // namespace carousel::simd
