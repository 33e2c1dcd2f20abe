// SPDX-License-Identifier: Apache-2.0
#include "core/engine/run.hpp"

#include "core/engine/float_env.hpp"
#include "core/engine/run_lengths.hpp"

#include <algorithm>

namespace carousel::detail {
namespace {

/// What is being worked on: a whole run, or a chunk of it.
struct Part {
  std::int64_t first = 0;  ///< Step of the run's inputs.
  std::int64_t count = 0;
  bool whole = true;
};

// --- Arguments of a layer ---

SequenceView<const float> read_view(const NetworkData& network, const StreamData& data,
                                    const Place& place, bool whole) noexcept {
  switch (place.in) {
    case Place::In::model_input:
      return whole ? data.inputs[place.index].x : data.chunk_inputs[place.index].x;
    case Place::In::model_output:
      return whole ? data.outputs[place.index] : data.chunk_outputs[place.index];
    case Place::In::state:
      return steps_first<const float>(data.state_pointers[place.index], 1, data.options.batch,
                                      network.states[place.index].spec.size);
    case Place::In::buffer: break;
  }
  return {};
}

/// The steps of what a layer reads from a buffer.
std::int64_t buffer_steps(const StreamData& data, const Source& source, const Part& part) noexcept {
  return part.whole ? data.flow_steps[source.index] : part.count;
}

/// Points the arguments of layer `k` to the part that is being worked on. Those in memory of the
/// stream stand where they did, and often have as many steps as the last time.
ForwardArgs& arguments_of(const NetworkData& network, StreamData& data, std::size_t k,
                          const Part& part) noexcept {
  LayerCall& call = data.calls[k];
  const std::int64_t steps = part.whole ? data.flows_counted : part.count;
  if (call.inside && call.set_for == steps) return call.args;
  call.set_for = steps;
  const std::vector<Place>& reads = network.buffers.reads[k];
  for (std::size_t i = 0; i < reads.size(); ++i) {
    const Place& place = reads[i];
    if (place.in == Place::In::state) continue;
    if (place.in == Place::In::buffer) {
      call.inputs[i].steps = buffer_steps(data, network.wiring.sources[k][i], part);
    } else if (place.in == Place::In::model_input && network.inputs[place.index].ids) {
      call.args.ids =
          part.whole ? data.inputs[place.index].ids : data.chunk_inputs[place.index].ids;
    } else {
      call.inputs[i] = read_view(network, data, place, part.whole);
    }
  }
  const Place& write = network.buffers.writes[k];
  if (write.in == Place::In::model_output) {
    call.args.y = part.whole ? data.outputs[write.index] : data.chunk_outputs[write.index];
  } else {
    call.args.y.steps = part.whole ? data.flow_steps[k] : part.count;
  }
  return call.args;
}

// --- Lengths ---

/// The lengths that remain for a chunk; null when there are none.
const std::int64_t* chunk_lengths(StreamData& data, Lengths lengths, const Part& part) noexcept {
  if (lengths.empty()) return nullptr;
  std::ranges::transform(lengths, data.chunk_lengths.begin(), [&](std::int64_t length) {
    return std::clamp<std::int64_t>(length - part.first, 0, part.count);
  });
  return data.chunk_lengths.data();
}

// --- States ---

bool is_given(const NetworkData& network, const StreamData& data, const Source& source) noexcept {
  if (source.of == Source::Of::model_input) return data.inputs[source.index].given;
  if (source.of != Source::Of::layer) return true;
  return std::ranges::all_of(network.needed_inputs[source.index],
                             [&](std::size_t input) { return data.inputs[input].given; });
}

/// Sets the states of layer `k` that a run sets before it begins.
void set_states(const NetworkData& network, StreamData& data, std::size_t k) noexcept {
  const std::vector<InitialState>& initial = network.wiring.initial_states[k];
  for (std::size_t i = 0; i < initial.size(); ++i) {
    if (!is_given(network, data, initial[i].source)) continue;
    const Place& place = network.buffers.initial_states[k][i];
    SequenceView<const float> from = read_view(network, data, place, true);
    if (place.in == Place::In::buffer) from = data.calls[initial[i].source.index].args.y;
    const SequenceView<float>& to = data.states[data.first_state[k] + initial[i].state].values;
    for (std::int64_t b = 0; b < to.batch; ++b)
      std::copy_n(from.row(0, b), to.features, to.row(0, b));
  }
}

// --- Layers ---

Status run_layer(const NetworkData& network, StreamData& data, std::size_t k,
                 const std::int64_t* lengths, const Part& part) noexcept {
  ForwardArgs& args = arguments_of(network, data, k, part);
  args.lengths = lengths;
  return network.layers[k]->forward(args, *data.workspaces[k]);
}

/// All layers, one after the other, on the whole sequence.
Status run_whole(const NetworkData& network, StreamData& data, RunLengths& lengths) noexcept {
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    if (!is_given(network, data, {Source::Of::layer, k})) continue;
    set_states(network, data, k);
    if (Status status = run_layer(network, data, k, lengths.of_layer(k), {}); !status) {
      return status;
    }
    if (Status status = lengths.take_from_layer(k); !status) return status;
    lengths.follow(k);
  }
  return {};
}

/// Layers of one phase, on single steps.
Status run_phase(const NetworkData& network, StreamData& data, Phase phase) noexcept {
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    if (network.wiring.phases[k] != phase) continue;
    if (!is_given(network, data, {Source::Of::layer, k})) continue;
    if (Status status = run_layer(network, data, k, nullptr, {}); !status) return status;
  }
  return {};
}

void point_to_chunk(const NetworkData& network, StreamData& data, const Part& part) noexcept {
  for (std::size_t k = 0; k < data.inputs.size(); ++k) {
    if (network.inputs[k].one_step) continue;
    if (network.inputs[k].ids) {
      data.chunk_inputs[k].ids = data.inputs[k].ids.slice(part.first, part.count);
    } else {
      data.chunk_inputs[k].x = data.inputs[k].x.slice(part.first, part.count);
    }
  }
  for (std::size_t k = 0; k < data.outputs.size(); ++k) {
    const Source& source = network.wiring.outputs[k];
    if (source.of != Source::Of::layer || network.wiring.phases[source.index] != Phase::main)
      continue;
    // Memory of the stream, for what the run does not ask for, holds one chunk.
    const bool given = data.output_given[k] != 0;
    data.chunk_outputs[k] = data.outputs[k].slice(given ? part.first : 0, part.count);
  }
}

/// The layers of the main phase, on one chunk of at most max_steps steps.
Status run_chunk(const NetworkData& network, StreamData& data, Lengths lengths,
                 const Part& part) noexcept {
  point_to_chunk(network, data, part);
  const std::int64_t* chunk = chunk_lengths(data, lengths, part);
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    if (network.wiring.phases[k] != Phase::main) continue;
    if (Status status = run_layer(network, data, k, chunk, part); !status) return status;
  }
  return {};
}

/// The main phase in chunks, between what comes before and after it.
Status run_in_chunks(const NetworkData& network, StreamData& data, Lengths lengths,
                     std::int64_t steps) noexcept {
  if (!network.same_steps) {
    if (Status status = run_phase(network, data, Phase::before); !status) return status;
    for (std::size_t k = 0; k < network.layers.size(); ++k) set_states(network, data, k);
  }
  for (std::int64_t first = 0; first < steps; first += data.options.max_steps) {
    const Part part{first, std::min(data.options.max_steps, steps - first), false};
    if (Status status = run_chunk(network, data, lengths, part); !status) return status;
  }
  return network.same_steps ? Status{} : run_phase(network, data, Phase::after);
}

/// Outputs that no layer has written in place.
void copy_outputs(const NetworkData& network, StreamData& data) noexcept {
  for (const OutputCopy& copy : network.buffers.copies) {
    if (data.output_given[copy.output] == 0) continue;
    SequenceView<const float> from = read_view(network, data, copy.from, true);
    const SequenceView<float>& y = data.outputs[copy.output];
    if (from.data == y.data) continue;  // written there in the first place
    for (std::int64_t t = 0; t < y.steps; ++t) {
      for (std::int64_t b = 0; b < y.batch; ++b)
        std::copy_n(from.row(t, b), y.features, y.row(t, b));
    }
  }
}

/// Steps of the sequences that are worked off in chunks.
std::int64_t main_steps(const NetworkData& network, const StreamData& data) noexcept {
  for (std::size_t k = 0; k < network.inputs.size(); ++k) {
    if (!network.inputs[k].one_step) return data.input_steps[k];
  }
  return 1;
}

}  // namespace

Status run_arguments(const NetworkData& network, StreamData& data, Lengths lengths) noexcept {
  if (Status status = check_run(network, data, lengths); !status) return status;
  RunLengths all(network, data, lengths);
  if (Status status = all.take_input(); !status) return status;
  const FlushDenormals flush;
  if (network.wiring.whole_sequence) {
    if (Status status = run_whole(network, data, all); !status) return status;
  } else {
    const std::int64_t steps = main_steps(network, data);
    if (Status status = run_in_chunks(network, data, all.of_all(), steps); !status) return status;
  }
  copy_outputs(network, data);
  return {};
}

}  // namespace carousel::detail
