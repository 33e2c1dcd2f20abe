// SPDX-License-Identifier: Apache-2.0
#include "core/engine/float_env.hpp"
#include "core/engine/stream_data.hpp"

#include <algorithm>
#include <utility>

namespace carousel {
namespace {

using detail::NetworkData;
using detail::Place;
using detail::StreamData;

using Lengths = std::span<const std::int64_t>;

std::int64_t steps_of(const detail::InputViews& input, bool ids) noexcept {
  return ids ? input.ids.steps : input.x.steps;
}

template <class T>
Status check_input(const SequenceView<const T>& x, std::int64_t size, std::int64_t steps,
                   std::int64_t batch) noexcept {
  if (x.steps < 0 || x.steps != steps) {
    return Status::failure("run: y must have as many steps as x, and not less than 0");
  }
  if (x.batch != batch) {
    return Status::failure("run: x and y must have the batch that the stream was made for");
  }
  if (x.features != size) {
    return Status::failure("run: x.features must be the network's input_size");
  }
  if (steps * batch > 0 && x.data == nullptr) return Status::failure("run: the data of x is null");
  return {};
}

Status check_output(const SequenceView<float>& y, std::int64_t size, std::int64_t steps,
                    std::int64_t batch) noexcept {
  if (y.steps != steps) {
    return Status::failure("run: y must have as many steps as x, and not less than 0");
  }
  if (y.batch != batch) {
    return Status::failure("run: x and y must have the batch that the stream was made for");
  }
  if (y.features != size) {
    return Status::failure("run: y.features must be the network's output_size");
  }
  if (steps * batch > 0 && y.data == nullptr) return Status::failure("run: the data of y is null");
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

/// Checks the arguments that stand in `data`.
Status check_run(const NetworkData& network, const StreamData& data, Lengths lengths) noexcept {
  const std::int64_t batch = data.options.batch;
  const std::int64_t steps = steps_of(data.inputs.front(), network.inputs.front().ids);
  for (std::size_t k = 0; k < network.inputs.size(); ++k) {
    const auto& [name, size, ids] = network.inputs[k];
    const Status status = ids ? check_input(data.inputs[k].ids, size, steps, batch)
                              : check_input(data.inputs[k].x, size, steps, batch);
    if (!status) return status;
  }
  for (std::size_t k = 0; k < network.outputs.size(); ++k) {
    const Status status = check_output(data.outputs[k], network.outputs[k].size, steps, batch);
    if (!status) return status;
  }
  if (steps > data.options.max_steps && network.whole_sequence) {
    return Status::failure(
        "run: a network with a reverse direction takes at most max_steps steps (see "
        "StreamOptions)");
  }
  if (const Status status = check_lengths(lengths, steps, batch); !status) return status;
  for (std::size_t k = 0; k < network.inputs.size(); ++k) {
    if (!network.inputs[k].ids) continue;
    const Status status = check_ids(data.inputs[k].ids, network.id_counts[k], lengths);
    if (!status) return status;
  }
  return {};
}

/// Points the arguments of layer `k` to the chunk that is being worked on.
ForwardArgs& arguments_of(const NetworkData& network, StreamData& data, std::size_t k,
                          std::int64_t steps) noexcept {
  detail::LayerCall& call = data.calls[k];
  const std::vector<Place>& reads = network.buffers.reads[k];
  for (std::size_t i = 0; i < reads.size(); ++i) {
    const Place& place = reads[i];
    if (place.in == Place::In::buffer) {
      call.inputs[i].steps = steps;
    } else if (place.in == Place::In::model_output) {
      call.inputs[i] = data.chunk_outputs[place.index];
    } else if (network.inputs[place.index].ids) {
      call.args.ids = data.chunk_inputs[place.index].ids;
    } else {
      call.inputs[i] = data.chunk_inputs[place.index].x;
    }
  }
  const Place& write = network.buffers.writes[k];
  if (write.in == Place::In::model_output) {
    call.args.y = data.chunk_outputs[write.index];
  } else {
    call.args.y.steps = steps;
  }
  return call.args;
}

/// The lengths that remain for the chunk that starts at `first`; null when there are none.
const std::int64_t* chunk_lengths(StreamData& data, Lengths lengths, std::int64_t first,
                                  std::int64_t count) noexcept {
  if (lengths.empty()) return nullptr;
  std::ranges::transform(lengths, data.lengths.begin(), [&](std::int64_t length) {
    return std::clamp<std::int64_t>(length - first, 0, count);
  });
  return data.lengths.data();
}

/// Runs one chunk of at most max_steps steps through all layers.
Status run_chunk(const NetworkData& network, StreamData& data, Lengths lengths, std::int64_t first,
                 std::int64_t count) noexcept {
  for (std::size_t k = 0; k < data.inputs.size(); ++k) {
    if (network.inputs[k].ids) {
      data.chunk_inputs[k].ids = data.inputs[k].ids.slice(first, count);
    } else {
      data.chunk_inputs[k].x = data.inputs[k].x.slice(first, count);
    }
  }
  for (std::size_t k = 0; k < data.outputs.size(); ++k) {
    data.chunk_outputs[k] = data.outputs[k].slice(first, count);
  }
  const std::int64_t* chunk = chunk_lengths(data, lengths, first, count);
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    ForwardArgs& args = arguments_of(network, data, k, count);
    args.lengths = chunk;
    if (Status status = network.layers[k]->forward(args, *data.workspaces[k]); !status) {
      return status;
    }
  }
  return {};
}

/// Checks and runs the arguments that stand in `data`.
Status run_arguments(const NetworkData& network, StreamData& data, Lengths lengths) noexcept {
  if (Status status = check_run(network, data, lengths); !status) return status;
  const std::int64_t steps = steps_of(data.inputs.front(), network.inputs.front().ids);
  const FlushDenormals flush;
  for (std::int64_t first = 0; first < steps; first += data.options.max_steps) {
    const std::int64_t count = std::min(data.options.max_steps, steps - first);
    if (Status status = run_chunk(network, data, lengths, first, count); !status) return status;
  }
  return {};
}

bool has_one_input_and_output(const NetworkData& network) noexcept {
  return network.inputs.size() == 1 && network.outputs.size() == 1;
}

/// Puts the caller's sequences in the order of the network's; `name` and `put` are told the index.
template <class Given, class Known, class Put>
Status arrange(std::span<const Given> given, std::span<const Known> known, Put&& put) noexcept {
  if (given.size() != known.size()) {
    return Status::failure("run: give each input and each output of the network once");
  }
  for (std::size_t k = 0; k < known.size(); ++k) {
    const auto found = std::ranges::find_if(
        given, [&](const Given& one) { return one.name == std::string_view(known[k].name); });
    if (found == given.end()) {
      return Status::failure("run: an input or output of the network is missing among those given");
    }
    put(k, *found);
  }
  return {};
}

/// Whether PyTorch's h_n and c_n can show the states of a layer beside those of `first`.
bool fits_pytorch_view(const std::vector<StateSpec>& states, const std::vector<StateSpec>& first) {
  return states == first && std::ranges::all_of(states, [](const StateSpec& state) {
           return state.name.starts_with("h") || state.name.starts_with("c");
         });
}

}  // namespace

Stream::Stream(std::shared_ptr<const detail::NetworkData> network, const StreamOptions& options)
    : network_(std::move(network)), data_(std::make_unique<StreamData>(*network_, options)) {}

Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Status Stream::run(SequenceView<const float> x, SequenceView<float> y, Lengths lengths) noexcept {
  if (!has_one_input_and_output(*network_)) {
    return Status::failure("run: this network has several inputs or outputs; give them by name");
  }
  if (network_->inputs.front().ids) {
    return Status::failure("run: this network takes ids; use run_ids");
  }
  data_->inputs.front().x = x;
  data_->outputs.front() = y;
  return run_arguments(*network_, *data_, lengths);
}

Status Stream::run_ids(SequenceView<const std::int32_t> ids, SequenceView<float> y,
                       Lengths lengths) noexcept {
  if (!has_one_input_and_output(*network_)) {
    return Status::failure("run: this network has several inputs or outputs; give them by name");
  }
  if (!network_->inputs.front().ids) {
    return Status::failure("run_ids: this network takes no ids; use run");
  }
  data_->inputs.front().ids = ids;
  data_->outputs.front() = y;
  return run_arguments(*network_, *data_, lengths);
}

Status Stream::run(std::span<const NamedInput> inputs, std::span<const NamedOutput> outputs,
                   Lengths lengths) noexcept {
  if (Status status = arrange<NamedInput, ModelInput>(inputs, network_->inputs,
                                                      [&](std::size_t k, const NamedInput& one) {
                                                        data_->inputs[k] = {one.x, one.ids};
                                                      });
      !status) {
    return status;
  }
  if (Status status = arrange<NamedOutput, NetworkOutput>(
          outputs, network_->outputs,
          [&](std::size_t k, const NamedOutput& one) { data_->outputs[k] = one.y; });
      !status) {
    return status;
  }
  return run_arguments(*network_, *data_, lengths);
}

void Stream::reset() noexcept { data_->reset(*network_); }

std::span<const NamedState> Stream::states() noexcept { return data_->states; }

SequenceView<float> Stream::state(std::int64_t layer, std::string_view name) {
  std::string known;
  for (const NamedState& state : data_->states) {
    if (state.layer != layer) continue;
    if (state.name == name) return state.values;
    known += (known.empty() ? "" : ", ") + std::string(state.name);
  }
  throw Error(ErrorCode::invalid_argument,
              "state: layer " + std::to_string(layer) + " of a network with " +
                  std::to_string(network_->layers.size()) + " layers has no state '" +
                  std::string(name) + "'" +
                  (known.empty() ? "; it has none" : "; it has " + known));
}

StateView Stream::state() {
  const std::int64_t batch = data_->options.batch;
  std::vector<StateSpec> first;
  std::int64_t slots = 0;
  for (const LayerPlan& plan : network_->plans) {
    const std::vector<StateSpec> states = carousel::states(plan.spec);
    if (states.empty()) continue;
    if (first.empty()) first = states;
    if (!fits_pytorch_view(states, first)) {
      throw Error(ErrorCode::unsupported,
                  "state: the layers differ in size or have states besides h and c; use states()");
    }
    slots += std::ranges::count_if(states, [](const auto& s) { return s.name.starts_with("h"); });
  }
  StateView view;
  if (first.empty()) return view;
  view.h = steps_first(data_->state_memory[0].data(), slots, batch, first.front().size);
  if (data_->state_memory.size() > 1) {
    view.c = steps_first(data_->state_memory[1].data(), slots, batch, first[1].size);
  }
  return view;
}

std::size_t Stream::memory_bytes() const noexcept { return sizeof(Stream) + data_->memory_bytes(); }

}  // namespace carousel
