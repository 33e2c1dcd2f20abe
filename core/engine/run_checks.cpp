// SPDX-License-Identifier: Apache-2.0
#include "core/engine/flows.hpp"
#include "core/engine/overlap_checks.hpp"
#include "core/engine/run.hpp"
#include "core/engine/run_text.hpp"
#include "core/engine/view_checks.hpp"

#include <algorithm>
#include <utility>

namespace carousel::detail {
namespace {

/// What a message calls an input or output, and the sizes that it must have.
struct ExpectedView {
  std::string_view kind;  ///< "input " or "output "
  std::string_view name;
  std::string_view size_name;
  std::int64_t size;
  std::int64_t batch;
};

/// What holds for inputs and outputs alike, apart from the number of steps.
template <class T>
Status check_view(const SequenceView<T>& view, const ExpectedView& expected) noexcept {
  const auto refuse = [&](const auto&... parts) {
    return run_failure(expected.kind, Quoted{expected.name}, parts...);
  };
  if (view.steps < 0 || view.steps > kMostSteps) {
    return refuse(" has ", view.steps, " steps, but must have 0..", kMostSteps);
  }
  if (view.batch != expected.batch) {
    return refuse(" has a batch of ", view.batch, ", but the stream was made for ", expected.batch);
  }
  if (view.features != expected.size) {
    return refuse(" has ", view.features, " features, but the network's ", expected.size_name,
                  " is ", expected.size);
  }
  if (view.steps > 0 && view.batch > 0 && view.data == nullptr) {
    return refuse(": its data is null");
  }
  if (!is_addressable(view)) {
    return refuse(": its strides, ", view.step_stride, " from step to step and ", view.batch_stride,
                  " from row to row, are more than memory can have");
  }
  return {};
}

Status check_output(const NetworkData& network, const SequenceView<float>& y, std::size_t k,
                    std::int64_t steps, std::int64_t batch) noexcept {
  const NetworkOutput& output = network.outputs[k];
  const auto refuse = [&](const auto&... parts) {
    return run_failure("output ", Quoted{output.name}, parts...);
  };
  if (y.steps != steps) {
    return refuse(" has ", y.steps, " steps, but must have ", steps,
                  network.same_steps ? ", as many as the inputs"
                                     : ", as many as the network gives (output_steps)");
  }
  const ExpectedView expected{"output ", output.name, "output_size", output.size, batch};
  if (Status status = check_view(y, expected); !status) return status;
  if (!frames_are_apart(y)) {
    return refuse(": its strides, ", y.step_stride, " from step to step and ", y.batch_stride,
                  " from row to row, let its frames overlap");
  }
  return {};
}

Status check_lengths(Lengths lengths, std::int64_t steps, std::int64_t batch) noexcept {
  if (!lengths.empty() && std::cmp_not_equal(lengths.size(), batch)) {
    return run_failure("lengths has ", static_cast<std::uint64_t>(lengths.size()),
                       " entries, but must be empty or have one for each of the ", batch, " rows");
  }
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    if (lengths[b] >= 0 && lengths[b] <= steps) continue;
    return run_failure("lengths[", static_cast<std::uint64_t>(b), "] is ", lengths[b],
                       ", but must be in 0..", steps, ", the steps of the run");
  }
  return {};
}

Status check_ids(std::string_view input, const SequenceView<const std::int32_t>& ids,
                 std::int64_t count, Lengths lengths) noexcept {
  for (std::int64_t b = 0; b < ids.batch; ++b) {
    const std::int64_t steps = lengths.empty() ? ids.steps : lengths[static_cast<std::size_t>(b)];
    for (std::int64_t t = 0; t < steps; ++t) {
      const std::int32_t id = *ids.row(t, b);
      if (id >= 0 && id < count) continue;
      return run_failure("input ", Quoted{input}, ": the id at step ", t, " of row ", b, " is ",
                         std::int64_t{id}, ", but must be in 0..", count - 1);
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
    const ExpectedView expected{"input ", input.name, "input_size", input.size, data.options.batch};
    const Status status =
        input.ids ? check_view(views.ids, expected) : check_view(views.x, expected);
    if (!status) return status;
    data.input_steps[k] = given_steps(views, input.ids);
    if (input.one_step) {
      if (data.input_steps[k] == 1) continue;
      return run_failure("input ", Quoted{input.name}, " has ", data.input_steps[k],
                         " steps, but must have 1");
    }
    if (!network.wiring.whole_sequence && steps >= 0 && steps != data.input_steps[k]) {
      return run_failure("input ", Quoted{input.name}, " has ", data.input_steps[k],
                         " steps, but must have ", steps, ", as many as the others");
    }
    steps = data.input_steps[k];
    if (network.wiring.whole_sequence && steps > data.options.max_steps) {
      return run_failure("input ", Quoted{input.name}, " has ", steps,
                         " steps, but this network needs the whole sequence (whole_sequence), and "
                         "its stream was made for max_steps = ",
                         data.options.max_steps);
    }
  }
  return {};
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
      if (data.spare_outputs.empty()) {
        return run_failure("output ", Quoted{network.outputs[k].name}, " is missing");
      }
      data.outputs[k] = steps_first(data.spare_outputs[k].data(), steps, batch, size);
      continue;
    }
    const Status status = check_output(network, data.outputs[k], k, steps, batch);
    if (!status) return status;
  }
  return {};
}

Status check_initial_states(const NetworkData& network, const StreamData& data) noexcept {
  const auto given = [&](std::size_t input) { return data.inputs[input].given; };
  for (const auto& needed : network.needed_inputs) {
    if (std::ranges::none_of(needed, given)) continue;
    const auto missing = std::ranges::find_if_not(needed, given);
    if (missing == needed.end()) continue;
    return run_failure("input ", Quoted{network.inputs[*missing].name},
                       " is missing; it sets an initial state together with others");
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
  if (Status status = check_overlaps(network, data, lengths); !status) return status;
  const std::size_t main = network.main_input == kNone ? 0 : network.main_input;
  if (Status status = check_lengths(lengths, data.input_steps[main], batch); !status) {
    return status;
  }
  share_outputs(network, data);
  for (std::size_t k = 0; k < network.inputs.size(); ++k) {
    if (!network.inputs[k].ids || !data.inputs[k].given) continue;
    const Status status =
        check_ids(network.inputs[k].name, data.inputs[k].ids, network.id_counts[k],
                  network.inputs[k].one_step ? Lengths{} : lengths);
    if (!status) return status;
  }
  return check_initial_states(network, data);
}

}  // namespace carousel::detail
