// SPDX-License-Identifier: Apache-2.0
#include "prepared_layer.hpp"

#include "core/engine/float_env.hpp"

#include <algorithm>

namespace carousel::detail {

PreparedLayer::PreparedLayer(const Backend& backend, const ModelLayer& layer,
                             const LayerOptions& options)
    : spec_(layer.spec), layer_(backend.prepare(spec_, layer.weights, options)) {}

LayerOutcome PreparedLayer::run(const LayerProblem& problem) const {
  const auto [steps, batch] = std::pair(problem.steps, problem.batch);
  const std::int64_t features = output_size(spec_);
  LayerOutcome outcome{std::vector<float>(static_cast<std::size_t>(steps * batch * features)),
                       problem.state};
  std::vector<SequenceView<const float>> inputs;
  for (std::size_t i = 0; i < problem.inputs.size(); ++i) {
    inputs.push_back(steps_first(problem.inputs[i].data(), steps, batch, input_size(spec_, i)));
  }
  std::vector<float*> states;
  for (std::vector<float>& state : outcome.state) states.push_back(state.data());
  ForwardArgs args{.inputs = inputs,
                   .y = steps_first(outcome.y.data(), steps, batch, features),
                   .lengths = problem.lengths.empty() ? nullptr : problem.lengths.data(),
                   .states = states};
  if (takes_ids(spec_)) args.ids = steps_first(problem.ids.data(), steps, batch, std::int64_t{1});
  const auto workspace =
      layer_->workspace({.batch = batch, .max_steps = std::max<std::int64_t>(steps, 1)});
  const FlushDenormals flush;
  if (const Status status = layer_->forward(args, *workspace); !status) {
    throw Error(ErrorCode::internal, status.message());
  }
  return outcome;
}

}  // namespace carousel::detail
