// SPDX-License-Identifier: Apache-2.0
// What is called from carousel_stream_run_args on must not throw, allocate or lock.
#include "c_api.hpp"

namespace carousel::c_api {
namespace {

StreamOptions stream_options(const carousel_stream_options* from) {
  const carousel_stream_options given = read_struct(from, "carousel_stream_options");
  StreamOptions options;
  if (given.batch != 0) options.batch = given.batch;
  if (given.max_steps != 0) options.max_steps = given.max_steps;
  return options;
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

carousel_status refuse(const char* text) noexcept {
  set_static_error(text);
  return CAROUSEL_INVALID_ARGUMENT;
}

Status run(carousel_stream& s, const carousel_run_args& args) noexcept {
  const SequenceView<float> y =
      sequence(args.y, args.steps, s.batch, s.output_size, args.y_step_stride, args.y_batch_stride);
  std::span<const std::int64_t> lengths;
  if (args.lengths != nullptr) lengths = {args.lengths, static_cast<std::size_t>(s.batch)};
  if (args.ids != nullptr || (args.x == nullptr && s.takes_ids)) {
    return s.stream.run_ids(
        sequence(args.ids, args.steps, s.batch, 1, args.x_step_stride, args.x_batch_stride), y,
        lengths);
  }
  return s.stream.run(
      sequence(args.x, args.steps, s.batch, s.input_size, args.x_step_stride, args.x_batch_stride),
      y, lengths);
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
  return guarded(CAROUSEL_INVALID_ARGUMENT, [&] {
    require_result(stream, "stream");
    require(network, "network");
    const carousel::StreamOptions made_with = stream_options(options);
    *stream = new carousel_stream{network->network.stream(made_with), made_with.batch,
                                  network->network.input_size(), network->network.output_size(),
                                  network->network.takes_ids()};
  });
}

carousel_status carousel_stream_run_args(carousel_stream* stream, const carousel_run_args* args) {
  if (stream == nullptr) return refuse("stream is null");
  if (args == nullptr) return refuse("args is null");
  if (args->struct_size < sizeof(carousel_run_args)) {
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

void carousel_stream_reset(carousel_stream* stream) {
  if (stream != nullptr) stream->stream.reset();
}

carousel_status carousel_stream_state(carousel_stream* stream, carousel_state* state) {
  return guarded(CAROUSEL_INVALID_ARGUMENT, [&] {
    require(stream, "stream");
    write_struct(state_of(stream->stream.state()), state, "state");
  });
}

carousel_status carousel_stream_layer_state(carousel_stream* stream, int64_t layer,
                                            int64_t direction, carousel_state* state) {
  return guarded(CAROUSEL_INVALID_ARGUMENT, [&] {
    require(stream, "stream");
    write_struct(state_of(stream->stream.layer_state(layer, direction)), state, "state");
  });
}

size_t carousel_stream_memory_bytes(const carousel_stream* stream) {
  return stream == nullptr ? 0 : stream->stream.memory_bytes();
}

void carousel_stream_free(carousel_stream* stream) { delete stream; }
}
