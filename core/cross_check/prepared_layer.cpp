// SPDX-License-Identifier: Apache-2.0
#include "prepared_layer.hpp"

#include "core/engine/float_env.hpp"
#include "core/engine/network_data.hpp"

#include <algorithm>

namespace carousel::detail {

PreparedLayer::PreparedLayer(const Backend& backend, const ModelLayer& layer, int threads)
    : spec_(layer.spec), layer_(backend.prepare(spec_, weights_of(layer), {.threads = threads})) {}

LayerOutcome PreparedLayer::run(const LayerProblem& problem) const {
  const auto [steps, batch] = std::pair(problem.steps, problem.batch);
  LayerOutcome outcome{
      std::vector<float>(static_cast<std::size_t>(steps * batch * spec_.output_size())),
      problem.state};
  ForwardArgs args{.x = steps_first(problem.x.data(), steps, batch, spec_.input_size),
                   .y = steps_first(outcome.y.data(), steps, batch, spec_.output_size()),
                   .lengths = problem.lengths.empty() ? nullptr : problem.lengths.data()};
  for (std::size_t d = 0; d < 2; ++d) {
    auto& [h, c] = outcome.state;
    args.h.at(d) = h.at(d).empty() ? nullptr : h.at(d).data();
    args.c.at(d) = c.at(d).empty() ? nullptr : c.at(d).data();
  }
  const auto workspace =
      layer_->workspace({.batch = batch, .max_steps = std::max<std::int64_t>(steps, 1)});
  const FlushDenormals flush;
  if (const Status status = layer_->forward(args, *workspace); !status) {
    throw Error(status.message());
  }
  return outcome;
}

}  // namespace carousel::detail
