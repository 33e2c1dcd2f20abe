// SPDX-License-Identifier: Apache-2.0
// A stream whose sequences stand in memory of its own, so that a run needs no address.
#include "bindings/wasm/src/module.hpp"
#include "core/c_api/c_api.hpp"
#include "core/engine/aligned.hpp"

#include <vector>

namespace {

using carousel::Aligned;
using carousel::ModelInput;
using carousel::SequenceView;

/// The memory of an input: floats or ids, of which the other one is empty.
struct InputMemory {
  Aligned<float> x;
  Aligned<std::int32_t> ids;
  bool given = true;
};

std::int64_t product(std::int64_t a, std::int64_t b, std::int64_t c) {
  constexpr double kMost = 1U << 31U;
  if (static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c) < kMost) {
    return a * b * c;
  }
  throw std::bad_alloc();
}

InputMemory memory_of(const ModelInput& input, std::int64_t steps, std::int64_t batch) {
  const std::int64_t count = product(input.one_step ? 1 : steps, batch, input.size);
  InputMemory memory;
  if (input.ids) {
    memory.ids = Aligned<std::int32_t>(count);
  } else {
    memory.x = Aligned<float>(count);
  }
  return memory;
}

}  // namespace

struct wasm_stream {
  wasm_stream(const carousel::Network& with, std::int64_t rows, std::int64_t steps);

  carousel::Network network;
  carousel::Stream stream;
  std::int64_t batch;
  std::int64_t max_steps;
  OutputSteps output_steps;
  std::vector<InputMemory> inputs;
  std::vector<Aligned<float>> outputs;
  std::vector<std::int32_t> lengths;
  // The arguments of a run.
  std::vector<carousel::NamedInput> run_inputs;
  std::vector<carousel::NamedOutput> run_outputs;
  std::vector<std::int64_t> run_lengths;
};

wasm_stream::wasm_stream(const carousel::Network& with, std::int64_t rows, std::int64_t steps)
    : network(with),
      stream(network.stream({.batch = rows, .max_steps = steps})),
      batch(rows),
      max_steps(steps),
      output_steps(network),
      lengths(static_cast<std::size_t>(rows), static_cast<std::int32_t>(steps)),
      run_inputs(network.inputs().size()),
      run_outputs(network.outputs().size()),
      run_lengths(static_cast<std::size_t>(rows)) {
  for (std::size_t k = 0; k < network.inputs().size(); ++k) {
    inputs.push_back(memory_of(network.inputs()[k], steps, rows));
    inputs.back().given = !network.optional_input(k);
  }
  for (std::size_t k = 0; k < network.outputs().size(); ++k) {
    const std::int64_t most = std::max(output_steps(steps, k), output_steps(1, k));
    outputs.emplace_back(product(most, rows, network.outputs()[k].size));
  }
}

namespace {

/// The inputs that are given, at the beginning of `run_inputs`.
std::span<const carousel::NamedInput> inputs_of(wasm_stream& s, std::int64_t steps) noexcept {
  std::size_t count = 0;
  for (std::size_t k = 0; k < s.inputs.size(); ++k) {
    const InputMemory& memory = s.inputs[k];
    if (!memory.given) continue;
    const ModelInput& input = s.network.inputs()[k];
    const std::int64_t own_steps = input.one_step ? 1 : steps;
    carousel::NamedInput& to = s.run_inputs[count++];
    to = {.name = input.name};
    if (input.ids) {
      const std::int32_t* ids = memory.ids.data();
      to.ids = carousel::steps_first(ids, own_steps, s.batch, input.size);
    } else {
      const float* x = memory.x.data();
      to.x = carousel::steps_first(x, own_steps, s.batch, input.size);
    }
  }
  return std::span(s.run_inputs).first(count);
}

std::span<const carousel::NamedOutput> outputs_of(wasm_stream& s, std::int64_t steps) noexcept {
  for (std::size_t k = 0; k < s.outputs.size(); ++k) {
    const carousel::NetworkOutput& output = s.network.outputs()[k];
    s.run_outputs[k] = {.name = output.name,
                        .y = carousel::steps_first(s.outputs[k].data(), s.output_steps(steps, k),
                                                   s.batch, output.size)};
  }
  return s.run_outputs;
}

}  // namespace

wasm_stream* wasm_stream_new(const wasm_network* network, std::int32_t batch,
                             std::int32_t max_steps) {
  wasm_stream* made = nullptr;
  const carousel_status status =
      carousel::c_api::guarded([&] { made = new wasm_stream(network->network, batch, max_steps); });
  return status == CAROUSEL_OK ? made : nullptr;
}

void* wasm_stream_input(wasm_stream* stream, std::size_t index) {
  const InputMemory& memory = stream->inputs[index];
  return memory.ids.size() > 0 ? static_cast<void*>(memory.ids.data()) : memory.x.data();
}

float* wasm_stream_output(wasm_stream* stream, std::size_t index) {
  return stream->outputs[index].data();
}

std::int32_t wasm_stream_output_steps(wasm_stream* stream, std::size_t index, std::int32_t steps) {
  return static_cast<std::int32_t>(stream->output_steps(steps, index));
}

std::int32_t* wasm_stream_lengths(wasm_stream* stream) { return stream->lengths.data(); }

void wasm_stream_give(wasm_stream* stream, std::size_t input, bool given) {
  stream->inputs[input].given = given;
}

bool wasm_stream_run(wasm_stream* stream, std::int32_t steps, bool use_lengths) {
  wasm_stream& s = *stream;
  if (steps < 0 || steps > s.max_steps) {
    carousel::c_api::set_static_error("run: steps must be within 0 and the stream's maxSteps");
    return false;
  }
  std::ranges::copy(s.lengths, s.run_lengths.begin());
  const std::span<const std::int64_t> lengths(s.run_lengths);
  const carousel::Status status = s.stream.run(inputs_of(s, steps), outputs_of(s, steps),
                                               use_lengths ? lengths : lengths.first(0));
  if (!status) carousel::c_api::set_static_error(status.message());
  return static_cast<bool>(status);
}

char* wasm_stream_describe(wasm_stream* stream) { return describe_states(stream->stream.states()); }

float* wasm_stream_state(wasm_stream* stream, std::size_t index) {
  return stream->stream.states()[index].values.data;
}

void wasm_stream_reset(wasm_stream* stream) { stream->stream.reset(); }

void wasm_stream_free(wasm_stream* stream) { delete stream; }
