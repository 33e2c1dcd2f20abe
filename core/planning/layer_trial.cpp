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

LayerTrial::LayerTrial(const Backend& backend, const LayerSpec& spec, const Weights& weights,
                       const LayerOptions& options)
    : spec_(spec),
      batch_(options.batch),
      max_steps_(options.steps),
      layer_(backend.prepare(spec, weights, options)),
      workspace_(layer_->workspace({.batch = batch_, .max_steps = max_steps_})),
      x_(numbers(max_steps_ * batch_ * input_size(spec))),
      y_(static_cast<std::size_t>(output_steps(spec, max_steps_) * batch_ * output_size(spec))) {
  for (const StateSpec& state : states(spec)) {
    states_.emplace_back(batch_ * state.size);
    state_pointers_.push_back(states_.back().data());
  }
}

void LayerTrial::run(std::int64_t steps) {
  for (AlignedFloats& state : states_) std::ranges::fill(state.span(), 0.0F);
  const auto x = steps_first<const float>(x_.data(), steps, batch_, input_size(spec_));
  const FlushDenormals flush;
  const Status status = layer_->forward(
      {.inputs = {&x, 1},
       .y = steps_first(y_.data(), output_steps(spec_, steps), batch_, output_size(spec_)),
       .states = state_pointers_},
      *workspace_);
  if (!status) throw Error(ErrorCode::internal, status.message());
}

}  // namespace carousel::planning
