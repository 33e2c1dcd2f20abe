// SPDX-License-Identifier: Apache-2.0
#include "core/engine/stream_data.hpp"
#include "core/model/formatted.hpp"

#include "core/engine/flows.hpp"
#include "core/engine/no_memory.hpp"
#include "core/model/quote.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace carousel::detail {
namespace {

void check(const StreamOptions& options) {
  require_in("stream: batch", options.batch, 0, kMostRows);
  require_in("stream: max_steps", options.max_steps, 1, kMostSteps);
}

/// "the stream's states (batch 2, max_steps 64)"
std::string memory_text(const StreamData& data, const std::string& what) {
  return formatted("the stream's {} (batch {}, max_steps {})", what, data.options.batch,
                   data.options.max_steps);
}

AlignedFloats floats_for(const StreamData& data, const char* what, std::int64_t count) {
  return with_memory_for([&] { return memory_text(data, what); },
                         [&] { return AlignedFloats(count); });
}

/// "h" of "h_reverse": states of that name stand side by side, as in PyTorch's h_n.
std::string_view stem(std::string_view name) {
  constexpr std::string_view ending = "_reverse";
  return name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : name;
}

/// The stems of all states in the order in which they first appear.
std::vector<std::string_view> stems(const NetworkData& network) {
  std::vector<std::string_view> list;
  for (const NetworkState& state : network.states) {
    const std::string_view one = stem(state.spec.name);
    if (std::ranges::find(list, one) == list.end()) list.push_back(one);
  }
  return list;
}

std::int64_t numbers_of_state(const NetworkState& state, std::int64_t batch) {
  const auto what = [&] {
    return formatted("stream: the state {} of layer {}", quote(state.spec.name), state.layer);
  };
  return require_numbers(what, 1, batch, state.spec.size);
}

void allocate_states(const NetworkData& network, StreamData& data) {
  const std::int64_t batch = data.options.batch;
  data.states.resize(network.states.size());
  data.state_pointers.resize(network.states.size());
  for (const std::string_view name : stems(network)) {
    std::int64_t size = 0;
    for (const NetworkState& state : network.states) {
      if (stem(state.spec.name) == name) size += numbers_of_state(state, batch);
    }
    float* next = data.state_memory.emplace_back(floats_for(data, "states", size)).data();
    for (std::size_t i = 0; i < network.states.size(); ++i) {
      const NetworkState& state = network.states[i];
      if (stem(state.spec.name) != name) continue;
      data.states[i] = {static_cast<std::int64_t>(state.layer), state.spec.name,
                        steps_first(next, 1, batch, state.spec.size)};
      data.state_pointers[i] = next;
      next += batch * state.spec.size;
    }
  }
}

void find_first_states(const NetworkData& network, StreamData& data) {
  data.first_state.resize(network.layers.size() + 1, network.states.size());
  for (std::size_t i = network.states.size(); i-- > 0;) {
    data.first_state[network.states[i].layer] = i;
  }
  for (std::size_t k = network.layers.size(); k-- > 0;) {
    data.first_state[k] = std::min(data.first_state[k], data.first_state[k + 1]);
  }
}

/// "stream: what layer 'l0'"
std::string named_layer_text(const NetworkData& network, std::size_t layer) {
  return "stream: what layer " + quote(network.plans[layer].name);
}

/// What a layer reads may be much larger than what it writes, and its scratch grows with it.
void check_inputs(const NetworkData& network, const StreamData& data, std::size_t layer) {
  const std::vector<Source>& sources = network.wiring.sources[layer];
  for (std::size_t k = 0; k < sources.size(); ++k) {
    const std::int64_t steps = steps_of(sources[k], data.input_steps, data.flow_steps);
    (void)require_numbers([&] { return named_layer_text(network, layer) + " reads"; }, steps,
                          data.options.batch, input_size(network.plans[layer].spec, k));
  }
}

/// Each buffer is as large as the largest sequence that stands in it, in a run of max_steps.
void allocate_buffers(const NetworkData& network, StreamData& data) {
  const auto [batch, max_steps] = data.options;
  data.input_steps = input_steps(network, max_steps);
  data.flow_steps.resize(network.layers.size());
  data.counted_steps.resize(network.inputs.size(), -1);
  (void)count_steps(network, data.input_steps, data.flow_steps);
  std::vector<std::int64_t> sizes(network.buffers.buffer_count);
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    check_inputs(network, data, k);
    const Place& place = network.buffers.writes[k];
    const std::int64_t size =
        require_numbers([&] { return named_layer_text(network, k) + " puts out"; },
                        data.flow_steps[k], batch, output_size(network.plans[k].spec));
    if (place.in != Place::In::buffer) continue;
    sizes[place.index] = std::max(sizes[place.index], size);
  }
  for (const std::int64_t size : sizes) {
    data.buffers.push_back(floats_for(data, "sequences between layers", size));
  }
  if (network.outputs.size() < 2) return;
  for (std::size_t k = 0; k < network.outputs.size(); ++k) {
    const std::int64_t steps =
        steps_of(network.wiring.outputs[k], data.input_steps, data.flow_steps);
    const std::int64_t size =
        require_numbers([&] { return "stream: output " + quote(network.outputs[k].name); }, steps,
                        batch, network.outputs[k].size);
    data.spare_outputs.push_back(floats_for(data, "outputs that a run leaves out", size));
  }
}

/// The most steps that a layer reads or writes in one `forward`.
std::int64_t most_steps(const NetworkData& network, const StreamData& data, std::size_t layer) {
  std::int64_t most = data.flow_steps[layer];
  for (const Source& source : network.wiring.sources[layer]) {
    most = std::max(most, steps_of(source, data.input_steps, data.flow_steps));
  }
  return std::max<std::int64_t>(most, 1);
}

void allocate_lengths(const NetworkData& network, StreamData& data) {
  const auto rows = static_cast<std::size_t>(data.options.batch);
  data.lengths.resize(rows);
  data.chunk_lengths.resize(rows);
  if (network.wiring.whole_sequence) data.flow_lengths.resize(rows * network.layers.size());
}

void allocate_scratch(const NetworkData& network, StreamData& data) {
  const std::int64_t batch = data.options.batch;
  allocate_buffers(network, data);
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    const auto what = [&] {
      return memory_text(data, "scratch of layer " + quote(network.plans[k].name));
    };
    data.workspaces.push_back(with_memory_for(what, [&] {
      return network.layers[k]->workspace(
          {.batch = batch, .max_steps = most_steps(network, data, k)});
    }));
  }
  with_memory_for([&] { return memory_text(data, "lengths of rows"); },
                  [&] { allocate_lengths(network, data); });
  data.inputs.resize(network.inputs.size());
  data.chunk_inputs.resize(network.inputs.size());
  data.outputs.resize(network.outputs.size());
  data.chunk_outputs.resize(network.outputs.size());
  data.output_given.resize(network.outputs.size());
}

/// The sequence of a buffer, of no steps yet, or that of a final state.
SequenceView<float> fixed_view(const StreamData& data, const Place& place, std::int64_t features) {
  const std::int64_t batch = data.options.batch;
  if (place.in == Place::In::state) {
    return steps_first(data.state_pointers[place.index], 1, batch, features);
  }
  if (place.in != Place::In::buffer) return {};
  return steps_first(data.buffers[place.index].data(), 0, batch, features);
}

/// Whether a sequence stands where the caller of a run says.
bool stands_with_caller(const Place& place) noexcept {
  return place.in == Place::In::model_input || place.in == Place::In::model_output;
}

void prepare_calls(const NetworkData& network, StreamData& data) {
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    const LayerSpec& spec = network.plans[k].spec;
    LayerCall& call = data.calls.emplace_back();
    const std::vector<Place>& reads = network.buffers.reads[k];
    for (std::size_t i = 0; i < reads.size(); ++i) {
      call.inputs.emplace_back(fixed_view(data, reads[i], input_size(spec, i)));
    }
    call.inside = !stands_with_caller(network.buffers.writes[k]) &&
                  std::ranges::none_of(reads, stands_with_caller);
    const std::size_t first = data.first_state[k];
    call.args.inputs = call.inputs;
    call.args.y = fixed_view(data, network.buffers.writes[k], output_size(spec));
    call.args.states =
        std::span(data.state_pointers).subspan(first, data.first_state[k + 1] - first);
  }
}

}  // namespace

StreamData::StreamData(const NetworkData& network, const StreamOptions& given) : options(given) {
  check(options);
  allocate_states(network, *this);
  find_first_states(network, *this);
  allocate_scratch(network, *this);
  prepare_calls(network, *this);
  reset(network);
}

void StreamData::reset(const NetworkData& network) noexcept {
  for (std::size_t i = 0; i < states.size(); ++i) {
    const std::vector<float>& initial = network.states[i].initial;
    const SequenceView<float>& values = states[i].values;
    for (std::int64_t b = 0; b < values.batch; ++b) {
      float* row = values.row(0, b);
      if (initial.empty()) {
        std::fill_n(row, values.features, 0.0F);
      } else {
        std::ranges::copy(initial, row);
      }
    }
  }
}

std::size_t StreamData::memory_bytes() const noexcept {
  const std::size_t counts = input_steps.size() + flow_steps.size() + counted_steps.size() +
                             lengths.size() + chunk_lengths.size() + flow_lengths.size();
  std::size_t bytes = sizeof(*this) + counts * sizeof(std::int64_t) +
                      states.size() * (sizeof(NamedState) + sizeof(float*)) +
                      first_state.size() * sizeof(std::size_t) +
                      2 * inputs.size() * sizeof(InputViews) +
                      outputs.size() * (2 * sizeof(SequenceView<float>) + 1);
  for (const LayerCall& call : calls) {
    bytes += sizeof(LayerCall) + call.inputs.size() * sizeof(SequenceView<float>);
  }
  for (const AlignedFloats& memory : state_memory) bytes += memory.bytes();
  for (const AlignedFloats& buffer : buffers) bytes += buffer.bytes();
  for (const AlignedFloats& spare : spare_outputs) bytes += spare.bytes();
  for (const auto& workspace : workspaces) bytes += workspace->memory_bytes();
  return bytes;
}

}  // namespace carousel::detail
