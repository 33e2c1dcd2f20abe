// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/weights.hpp"

#include <span>

namespace carousel::scalar {
namespace {

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

bool separate_bias_hn(const LayerSpec& spec) {
  return spec.cell == Cell::gru && spec.linear_before_reset;
}

}  // namespace

Weights::Weights(const LayerSpec& spec, const WeightsView& view)
    : ih(copy(view.weight_ih)),
      hh(copy(view.weight_hh)),
      bias(static_cast<std::size_t>(spec.gates() * spec.hidden_size), 0.0F),
      hr(copy(view.weight_hr)),
      peephole(copy(view.peephole)) {
  const auto units = static_cast<std::size_t>(spec.hidden_size);
  const std::size_t shared = separate_bias_hn(spec) ? 2 * units : bias.size();
  for (std::size_t j = 0; j < view.bias_ih.size(); ++j) bias[j] += view.bias_ih[j];
  for (std::size_t j = 0; j < view.bias_hh.size() && j < shared; ++j) bias[j] += view.bias_hh[j];
  if (!separate_bias_hn(spec)) return;
  bias_hn = view.bias_hh.empty() ? std::vector<float>(units, 0.0F)
                                 : copy(view.bias_hh.subspan(2 * units));
}

std::size_t Weights::bytes() const noexcept {
  return (ih.size() + hh.size() + bias.size() + bias_hn.size() + hr.size() + peephole.size()) *
         sizeof(float);
}

}  // namespace carousel::scalar
