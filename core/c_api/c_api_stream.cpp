// SPDX-License-Identifier: Apache-2.0
// What is called from carousel_stream_run_args on must not throw, allocate or lock.
#include "c_api.hpp"

#include "core/engine/flows.hpp"
#include "core/engine/network_data.hpp"
#include "core/engine/run_text.hpp"
#include "core/model/formatted.hpp"

OutputSteps::OutputSteps(const carousel::Network& network)
    : network_(&carousel::detail::NetworkAccess::data(network)),
      inputs_(network_->inputs.size()),
      layers_(network_->layers.size()) {}

std::int64_t OutputSteps::operator()(std::int64_t steps, std::size_t output) noexcept {
  if (steps < 0 || steps > carousel::detail::kMostSteps) return steps;  // which the stream refuses
  if (steps != counted_) {
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      inputs_[k] = network_->inputs[k].one_step ? 1 : steps;
    }
    static_cast<void>(carousel::detail::count_steps(*network_, inputs_, layers_));
    counted_ = steps;
  }
  return carousel::detail::steps_of(network_->wiring.outputs[output], inputs_, layers_);
}

namespace carousel::c_api {
namespace {

StreamOptions stream_options(const carousel_stream_options* from) {
  const carousel_stream_options given = read_struct(from, "carousel_stream_options");
  StreamOptions options;
  if (given.batch != 0) options.batch = given.batch;
  if (given.max_steps != 0) options.max_steps = given.max_steps;
  return options;
}

/// The first output that follows the steps: final states do not. Where it is another one after all,
/// the stream refuses runs that do not have its steps.
std::size_t main_output_of(const Network& network) {
  for (std::size_t k = 0; k < network.outputs().size(); ++k) {
    if (network.output_steps(2, k) > network.output_steps(1, k)) return k;
  }
  return 0;
}

carousel_stream* make_stream(const Network& network, const StreamOptions& options) {
  Stream stream = network.stream(options);
  std::vector<std::string> names;
  for (const NamedState& state : stream.states()) names.emplace_back(state.name);
  return new carousel_stream{.network = network,
                             .stream = std::move(stream),
                             .batch = options.batch,
                             .state_names = std::move(names),
                             .output_steps = OutputSteps(network),
                             .main_output = main_output_of(network),
                             .inputs = std::vector<NamedInput>(network.inputs().size()),
                             .outputs = std::vector<NamedOutput>(network.outputs().size())};
}

carousel_state state_of(const StateView& view) {
  return {.struct_size = 0,
          .h = view.h.data,
          .c = view.c.data,
          .count = view.h.steps,
          .batch = view.h.batch,
          .h_size = view.h.features,
          .c_size = view.c.features};
}

carousel_named_state named_state(carousel_stream& stream, std::size_t index) {
  const auto states = stream.stream.states();
  if (index >= states.size()) {
    refuse_argument(formatted("state {} of a stream with {}", index, states.size()));
  }
  const NamedState& state = states[index];
  return {.struct_size = 0,
          .layer = state.layer,
          .name = stream.state_names[index].c_str(),
          .values = state.values.data,
          .batch = stream.batch,
          .size = state.values.features};
}

carousel_status refuse(const char* text) noexcept {
  set_static_error(text);
  return CAROUSEL_INVALID_ARGUMENT;
}

std::span<const std::int64_t> lengths_of(const carousel_stream& s,
                                         const std::int64_t* lengths) noexcept {
  if (lengths == nullptr) return {};
  return {lengths, static_cast<std::size_t>(s.batch)};
}

Status run(carousel_stream& s, const carousel_run_args& args) noexcept {
  const SequenceView<float> y =
      sequence(args.y, s.output_steps(args.steps, s.main_output), s.batch, s.network.output_size(),
               args.y_step_stride, args.y_batch_stride);
  const auto lengths = lengths_of(s, args.lengths);
  if (args.ids != nullptr || (args.x == nullptr && s.network.takes_ids())) {
    return s.stream.run_ids(
        sequence(args.ids, args.steps, s.batch, 1, args.x_step_stride, args.x_batch_stride), y,
        lengths);
  }
  return s.stream.run(sequence(args.x, args.steps, s.batch, s.network.input_size(),
                               args.x_step_stride, args.x_batch_stride),
                      y, lengths);
}

/// The place of that name; behind the last one where there is none.
template <class Known>
std::size_t index_of(std::span<const Known> known, std::string_view name) noexcept {
  return static_cast<std::size_t>(std::ranges::find(known, name, &Known::name) - known.begin());
}

/// A name that there is not is left for the stream to refuse.
NamedInput named_input(const carousel_stream& s, std::int64_t steps,
                       const carousel_named_sequence& given) noexcept {
  const std::size_t index = index_of(s.network.inputs(), given.name);
  if (index == s.network.inputs().size()) return {.name = given.name};
  const ModelInput& input = s.network.inputs()[index];
  const auto view = [&](auto* data) {
    return sequence(data, input.one_step ? 1 : steps, s.batch, input.size, given.step_stride,
                    given.batch_stride);
  };
  return {.name = given.name, .x = view(given.x), .ids = view(given.ids)};
}

NamedOutput named_output(carousel_stream& s, std::int64_t steps,
                         const carousel_named_sequence& given) noexcept {
  const std::size_t index = index_of(s.network.outputs(), given.name);
  if (index == s.network.outputs().size()) return {.name = given.name, .y = {}};
  return {.name = given.name,
          .y = sequence(given.y, s.output_steps(steps, index), s.batch,
                        s.network.outputs()[index].size, given.step_stride, given.batch_stride)};
}

/// What is wrong with the sequences before the stream looks at them; null: nothing.
const char* find_fault(const carousel_named_sequence* given, std::size_t count, std::size_t known,
                       bool outputs) noexcept {
  if (count > known) {
    return detail::run_failure(outputs ? "output_count" : "input_count", " is ",
                               static_cast<std::uint64_t>(count), ", but the network has ",
                               static_cast<std::uint64_t>(known), ", each to be given once")
        .message();
  }
  if (given == nullptr && count > 0)
    return outputs ? "run: outputs is null" : "run: inputs is null";
  for (std::size_t k = 0; k < count; ++k) {
    const char* const kind = outputs ? "output " : "input ";
    if (given[k].name == nullptr) {
      return detail::run_failure(kind, static_cast<std::uint64_t>(k), ": its name is null")
          .message();
    }
    const auto refuse = [&](const char* why) {
      return detail::run_failure(kind, detail::Quoted{given[k].name}, why).message();
    };
    const bool reads = given[k].x != nullptr || given[k].ids != nullptr;
    if (outputs && reads) return refuse(": x and ids of an output must be null");
    if (!outputs && given[k].y != nullptr) return refuse(": y of an input must be null");
    if (given[k].x != nullptr && given[k].ids != nullptr)
      return refuse(": give x or ids, not both");
  }
  return nullptr;
}

/// Dense output, everything else as zero has it.
carousel_run_args dense_args(std::int64_t steps, float* y) noexcept {
  carousel_run_args args{};
  args.struct_size = sizeof args;
  args.steps = steps;
  args.y = y;
  return args;
}

}  // namespace
}  // namespace carousel::c_api

using namespace carousel::c_api;

extern "C" {

carousel_status carousel_stream_new(const carousel_network* network,
                                    const carousel_stream_options* options,
                                    carousel_stream** stream) {
  return guarded([&] {
    require_result(stream, "stream");
    require(network, "network");
    *stream = make_stream(network->network, stream_options(options));
  });
}

carousel_status carousel_stream_run_args(carousel_stream* stream, const carousel_run_args* args) {
  if (stream == nullptr) return refuse("stream is null");
  if (args == nullptr) return refuse("args is null");
  if (args->struct_size < sizeof(carousel_run_args) ||
      args->struct_size > carousel::c_types::kMostStructBytes) {
    return refuse("carousel_run_args: struct_size must be the size of the struct");
  }
  if (carousel::c_types::uses_members_past(args, args->struct_size, sizeof *args)) {
    return refuse("carousel_run_args: uses members that this version of Carousel does not know");
  }
  if (args->x != nullptr && args->ids != nullptr) return refuse("run: give x or ids, not both");
  const carousel::Status status = run(*stream, *args);
  return status ? CAROUSEL_OK : refuse(status.message());
}

carousel_status carousel_stream_run(carousel_stream* stream, int64_t steps, const float* x,
                                    float* y) {
  carousel_run_args args = dense_args(steps, y);
  args.x = x;
  return carousel_stream_run_args(stream, &args);
}

carousel_status carousel_stream_run_ids(carousel_stream* stream, int64_t steps, const int32_t* ids,
                                        float* y) {
  carousel_run_args args = dense_args(steps, y);
  args.ids = ids;
  return carousel_stream_run_args(stream, &args);
}

carousel_status carousel_stream_run_named(carousel_stream* stream, int64_t steps,
                                          const carousel_named_sequence* inputs, size_t input_count,
                                          const carousel_named_sequence* outputs,
                                          size_t output_count, const int64_t* lengths) {
  if (stream == nullptr) return refuse("stream is null");
  carousel::detail::RunText::use(stream->fault_text);
  const char* fault = find_fault(inputs, input_count, stream->inputs.size(), false);
  if (fault == nullptr) fault = find_fault(outputs, output_count, stream->outputs.size(), true);
  if (fault != nullptr) return refuse(fault);
  for (size_t k = 0; k < input_count; ++k) {
    stream->inputs[k] = named_input(*stream, steps, inputs[k]);
  }
  for (size_t k = 0; k < output_count; ++k) {
    stream->outputs[k] = named_output(*stream, steps, outputs[k]);
  }
  const carousel::Status status = stream->stream.run(std::span(stream->inputs).first(input_count),
                                                     std::span(stream->outputs).first(output_count),
                                                     lengths_of(*stream, lengths));
  return status ? CAROUSEL_OK : refuse(status.message());
}

void carousel_stream_reset(carousel_stream* stream) {
  if (stream != nullptr) stream->stream.reset();
}

carousel_status carousel_stream_state(carousel_stream* stream, carousel_state* state) {
  return guarded([&] {
    require(stream, "stream");
    write_struct(state_of(stream->stream.state()), state, "state");
  });
}

size_t carousel_stream_state_count(const carousel_stream* stream) {
  return stream == nullptr ? 0 : stream->state_names.size();
}

carousel_status carousel_stream_get_state(carousel_stream* stream, size_t index,
                                          carousel_named_state* state) {
  return guarded([&] {
    require(stream, "stream");
    write_struct(named_state(*stream, index), state, "state");
  });
}

size_t carousel_stream_memory_bytes(const carousel_stream* stream) {
  return stream == nullptr ? 0 : stream->stream.memory_bytes();
}

void carousel_stream_free(carousel_stream* stream) { delete stream; }
}
