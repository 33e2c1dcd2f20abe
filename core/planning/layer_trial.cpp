// SPDX-License-Identifier: Apache-2.0
#include "core/planning/layer_trial.hpp"

#include "core/engine/float_env.hpp"

#include <algorithm>

namespace carousel::planning {

std::vector<float> numbers(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::uint64_t state = 1;  // a multiplicative congruential generator (Lehmer 1951)
  for (float& value : values) {
    state = state * 48271 % 2147483647;
    value = static_cast<float>(static_cast<double>(state) / 1073741824.0 - 1.0);
  }
  return values;
}

LayerTrial::LayerTrial(const Backend& backend, const LayerSpec& spec, const LayerWeights& weights,
                       const LayerOptions& options)
    : spec_(spec),
      batch_(options.batch),
      max_steps_(options.steps),
      layer_(backend.prepare(spec, weights, options)),
      workspace_(layer_->workspace({.batch = batch_, .max_steps = max_steps_})),
      x_(numbers(max_steps_ * batch_ * spec.input_size)),
      y_(static_cast<std::size_t>(max_steps_ * batch_ * spec.output_size())) {
  for (std::size_t d = 0; spec.recurrent() && d < static_cast<std::size_t>(spec.directions());
       ++d) {
    h_.at(d) = AlignedFloats(batch_ * spec.state_size());
    if (spec.has_cell_state()) c_.at(d) = AlignedFloats(batch_ * spec.hidden_size);
  }
}

void LayerTrial::run(std::int64_t steps) {
  for (AlignedFloats& h : h_) std::ranges::fill(h.span(), 0.0F);
  for (AlignedFloats& c : c_) std::ranges::fill(c.span(), 0.0F);
  const FlushDenormals flush;
  const Status status =
      layer_->forward({.x = steps_first<const float>(x_.data(), steps, batch_, spec_.input_size),
                       .y = steps_first(y_.data(), steps, batch_, spec_.output_size()),
                       .h = {h_[0].data(), h_[1].data()},
                       .c = {c_[0].data(), c_[1].data()}},
                      *workspace_);
  if (!status) throw Error(status.message());
}

}  // namespace carousel::planning
