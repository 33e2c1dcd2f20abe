// SPDX-License-Identifier: Apache-2.0
#include "core/engine/flows.hpp"
#include "core/engine/run.hpp"
#include "core/engine/view_checks.hpp"

#include <algorithm>
#include <utility>

namespace carousel::detail {
namespace {

template <class T>
Status check_view(const SequenceView<const T>& x, std::int64_t size, std::int64_t batch) noexcept {
  if (x.steps < 0) return Status::failure("run: x has less than 0 steps");
  if (x.batch != batch) {
    return Status::failure("run: x and y must have the batch that the stream was made for");
  }
  if (x.features != size) {
    return Status::failure("run: x.features must be the network's input_size");
  }
  if (x.steps > 0 && batch > 0 && x.data == nullptr) {
    return Status::failure("run: the data of x is null");
  }
  if (!is_addressable(x)) {
    return Status::failure("run: x has more steps, or greater strides, than memory can have");
  }
  return {};
}

Status check_output(const SequenceView<float>& y, std::int64_t size, std::int64_t steps,
                    std::int64_t batch, bool same_steps) noexcept {
  if (y.steps != steps) {
    return Status::failure(
        same_steps ? "run: y must have as many steps as x, and not less than 0"
                   : "run: y must have as many steps as the network gives (output_steps)");
  }
  if (y.batch != batch) {
    return Status::failure("run: x and y must have the batch that the stream was made for");
  }
  if (y.features != size) {
    return Status::failure("run: y.features must be the network's output_size");
  }
  if (steps > 0 && batch > 0 && y.data == nullptr) {
    return Status::failure("run: the data of y is null");
  }
  if (!is_addressable(y)) {
    return Status::failure("run: y has more steps, or greater strides, than memory can have");
  }
  if (!frames_are_apart(y)) {
    return Status::failure("run: the strides of y let its frames overlap");
  }
  return {};
}

Status check_lengths(Lengths lengths, std::int64_t steps, std::int64_t batch) noexcept {
  if (!lengths.empty() && std::cmp_not_equal(lengths.size(), batch)) {
    return Status::failure("run: lengths must be empty or have one entry per batch row");
  }
  for (const std::int64_t length : lengths) {
    if (length < 0 || length > steps) {
      return Status::failure("run: every length must be in 0..steps");
    }
  }
  return {};
}

Status check_ids(const SequenceView<const std::int32_t>& ids, std::int64_t count,
                 Lengths lengths) noexcept {
  for (std::int64_t b = 0; b < ids.batch; ++b) {
    const std::int64_t steps = lengths.empty() ? ids.steps : lengths[static_cast<std::size_t>(b)];
    for (std::int64_t t = 0; t < steps; ++t) {
      const std::int32_t id = *ids.row(t, b);
      if (id < 0 || id >= count) {
        return Status::failure("run_ids: every id must be in 0..num_embeddings-1");
      }
    }
  }
  return {};
}

/// Inputs of one step have one; all others have equally many, unless the whole sequence is given.
Status check_inputs(const NetworkData& network, StreamData& data) noexcept {
  std::int64_t steps = -1;
  for (std::size_t k = 0; k < network.inputs.size(); ++k) {
    const ModelInput& input = network.inputs[k];
    const InputViews& views = data.inputs[k];
    data.input_steps[k] = 1;
    if (!views.given) continue;
    const std::int64_t batch = data.options.batch;
    const Status status = input.ids ? check_view(views.ids, input.size, batch)
                                    : check_view(views.x, input.size, batch);
    if (!status) return status;
    data.input_steps[k] = given_steps(views, input.ids);
    if (input.one_step) {
      if (data.input_steps[k] != 1) return Status::failure("run: an input must have one step");
      continue;
    }
    if (!network.wiring.whole_sequence && steps >= 0 && steps != data.input_steps[k]) {
      return Status::failure("run: all inputs must have equally many steps");
    }
    steps = data.input_steps[k];
    if (network.wiring.whole_sequence && steps > data.options.max_steps) {
      return Status::failure(
          "run: a network that needs the whole sequence (whole_sequence) takes at most max_steps "
          "steps (see StreamOptions)");
    }
  }
  return {};
}

/// Whether an input or another output may stand where an output is written.
bool outputs_overlap(const NetworkData& network, const StreamData& data) noexcept {
  for (std::size_t k = 0; k < network.outputs.size(); ++k) {
    if (data.output_given[k] == 0) continue;
    for (std::size_t i = 0; i < network.inputs.size(); ++i) {
      const InputViews& input = data.inputs[i];
      if (input.given && !network.inputs[i].ids && may_overlap(input.x, data.outputs[k]))
        return true;
    }
    for (std::size_t other = 0; other < k; ++other) {
      if (data.output_given[other] != 0 && may_overlap(data.outputs[other], data.outputs[k])) {
        return true;
      }
    }
  }
  return false;
}

/// Counts the steps of all sequences, unless they are as many as in the run before.
bool count_flows(const NetworkData& network, StreamData& data) noexcept {
  if (data.counted_steps == data.input_steps) return true;
  ++data.flows_counted;
  const bool fits = count_steps(network, data.input_steps, data.flow_steps);
  if (fits) {
    std::ranges::copy(data.input_steps, data.counted_steps.begin());
  } else {
    std::ranges::fill(data.counted_steps, -1);
  }
  return fits;
}

/// An output that is left out, while another one that is the same is not, is written there.
void share_outputs(const NetworkData& network, StreamData& data) noexcept {
  for (const OutputCopy& copy : network.buffers.copies) {
    if (copy.from.in != Place::In::model_output || data.output_given[copy.output] == 0) continue;
    if (data.output_given[copy.from.index] != 0) continue;
    data.outputs[copy.from.index] = data.outputs[copy.output];
    data.output_given[copy.from.index] = 1;
  }
}

/// What the run does not ask for goes to memory of the stream.
Status check_outputs(const NetworkData& network, StreamData& data) noexcept {
  const std::int64_t batch = data.options.batch;
  for (std::size_t k = 0; k < network.outputs.size(); ++k) {
    const std::int64_t size = network.outputs[k].size;
    const std::int64_t steps =
        network.same_steps ? data.input_steps.front()
                           : steps_of(network.wiring.outputs[k], data.input_steps, data.flow_steps);
    if (data.output_given[k] == 0) {
      if (data.spare_outputs.empty()) return Status::failure("run: the output is missing");
      data.outputs[k] = steps_first(data.spare_outputs[k].data(), steps, batch, size);
      continue;
    }
    const Status status = check_output(data.outputs[k], size, steps, batch, network.same_steps);
    if (!status) return status;
  }
  return {};
}

Status check_initial_states(const NetworkData& network, const StreamData& data) noexcept {
  const auto given = [&](std::size_t input) { return data.inputs[input].given; };
  for (const auto& needed : network.needed_inputs) {
    if (std::ranges::any_of(needed, given) && !std::ranges::all_of(needed, given)) {
      return Status::failure("run: some of the inputs that set an initial state are missing");
    }
  }
  for (const auto& initial : network.wiring.initial_states) {
    for (const InitialState& state : initial) {
      if (state.source.of == Source::Of::layer &&
          network.wiring.phases[state.source.index] != Phase::before &&
          data.flow_steps[state.source.index] != 1) {
        return Status::failure("run: an initial state must come from a sequence of one step");
      }
    }
  }
  return {};
}

}  // namespace

Status check_run(const NetworkData& network, StreamData& data, Lengths lengths) noexcept {
  const std::int64_t batch = data.options.batch;
  if (Status status = check_inputs(network, data); !status) return status;
  // In chunks, what layers put out has as many steps as the chunk.
  const bool count = network.wiring.whole_sequence || !network.same_steps;
  if (count && !count_flows(network, data)) {
    return Status::failure("run: the inputs' numbers of steps do not fit together");
  }
  if (Status status = check_outputs(network, data); !status) return status;
  if (outputs_overlap(network, data)) {
    return Status::failure("run: an output overlaps an input or another output");
  }
  share_outputs(network, data);
  const std::size_t main = network.main_input == kNone ? 0 : network.main_input;
  if (const Status status = check_lengths(lengths, data.input_steps[main], batch); !status) {
    return status;
  }
  for (std::size_t k = 0; k < network.inputs.size(); ++k) {
    if (!network.inputs[k].ids || !data.inputs[k].given) continue;
    const Status status = check_ids(data.inputs[k].ids, network.id_counts[k],
                                    network.inputs[k].one_step ? Lengths{} : lengths);
    if (!status) return status;
  }
  return check_initial_states(network, data);
}

}  // namespace carousel::detail
