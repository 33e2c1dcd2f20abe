// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/cell_weights.hpp"

#include "backends/scalar/arithmetic.hpp"

namespace carousel::scalar {
namespace {

bool separate_bias_hn(const RecurrentSpec& spec) {
  return spec.cell == Cell::gru && spec.linear_before_reset;
}

}  // namespace

CellWeights::CellWeights(const RecurrentSpec& spec, const RecurrentWeights& weights,
                         Precision precision)
    : ih(weights.weight_ih, spec.input_size, precision),
      hh(weights.weight_hh, spec.recurrent_size(), precision),
      bias(static_cast<std::size_t>(spec.gates() * spec.hidden_size), 0.0F),
      hr(weights.weight_hr, spec.hidden_size, precision),
      peephole(copy(weights.peephole)),
      norm(copy(weights.norm_weight)) {
  const auto units = static_cast<std::size_t>(spec.hidden_size);
  const bool separate = separate_bias_hn(spec);
  if (separate) bias_hn.assign(units, 0.0F);
  if (!spec.bias) return;
  add_to(bias, weights.bias_ih);
  add_to(bias, weights.bias_hh.first(separate ? 2 * units : bias.size()));
  if (separate) bias_hn = copy(weights.bias_hh.subspan(2 * units));
}

std::size_t CellWeights::bytes() const noexcept {
  std::size_t floats = 0;
  for (const auto* part : {&bias, &bias_hn, &peephole, &norm}) floats += part->size();
  return ih.bytes() + hh.bytes() + hr.bytes() + floats * sizeof(float);
}

}  // namespace carousel::scalar
