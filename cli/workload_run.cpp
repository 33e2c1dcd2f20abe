// SPDX-License-Identifier: Apache-2.0
#include "workload_run.hpp"

namespace carousel::cli {
namespace {

std::size_t count_outputs(const Network& network, std::int64_t steps, std::int64_t batch) {
  std::int64_t count = 0;
  for (std::size_t k = 0; k < network.outputs().size(); ++k) {
    count += network.output_steps(steps, k) * batch * network.outputs()[k].size;
  }
  return static_cast<std::size_t>(count);
}

}  // namespace

WorkloadRun::WorkloadRun(const Network& network, const Workload& work, std::int64_t count)
    : work_(work),
      count_(count),
      y_(count_outputs(network, count, work.batch)),
      inputs_(work.views(0, count)) {
  float* next = y_.data();
  for (std::size_t k = 0; k < network.outputs().size(); ++k) {
    const auto& [name, size, axes] = network.outputs()[k];
    const std::int64_t steps = network.output_steps(count, k);
    outputs_.push_back({name, steps_first(next, steps, work.batch, size)});
    next += steps * work.batch * size;
  }
}

Status WorkloadRun::operator()(Stream& stream, std::int64_t first) {
  for (std::size_t k = 0; k < inputs_.size(); ++k) {
    inputs_[k] = work_.inputs[k].view(first, count_, work_.batch);
  }
  if (inputs_.size() != 1 || outputs_.size() != 1) return stream.run(inputs_, outputs_);
  const NamedInput& input = inputs_.front();
  return work_.inputs.front().about.ids ? stream.run_ids(input.ids, outputs_.front().y)
                                        : stream.run(input.x, outputs_.front().y);
}

std::span<const float> WorkloadRun::output(std::size_t index) const {
  const SequenceView<float>& y = outputs_.at(index).y;
  return {y.data, static_cast<std::size_t>(y.steps * y.batch * y.features)};
}

}  // namespace carousel::cli
