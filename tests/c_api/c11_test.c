/* SPDX-License-Identifier: Apache-2.0 */
/* carousel.h from C11: a trained model run to the end, and every function with null pointers. */
#include <carousel/carousel.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                                                  \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      fprintf(stderr, "line %d: %s (%s)\n", __LINE__, #condition, carousel_last_error()); \
      ++failures;                                                                         \
    }                                                                                     \
  } while (0)

static void check_null_handles(void) {
  CHECK(carousel_model_input_size(NULL) == 0);
  CHECK(carousel_model_output_size(NULL) == 0);
  CHECK(carousel_model_num_embeddings(NULL) == 0);
  CHECK(carousel_model_parameter_count(NULL) == 0);
  CHECK(carousel_model_metadata(NULL, "key") == NULL);
  CHECK(carousel_network_layer_count(NULL) == 0);
  CHECK(carousel_network_input_size(NULL) == 0);
  CHECK(carousel_network_output_size(NULL) == 0);
  CHECK(carousel_network_input_count(NULL) == 0);
  CHECK(carousel_network_output_count(NULL) == 0);
  CHECK(!carousel_network_takes_ids(NULL));
  CHECK(!carousel_network_whole_sequence(NULL));
  CHECK(carousel_network_output_steps(NULL, 0, 1) == 0);
  CHECK(carousel_network_memory_bytes(NULL) == 0);
  CHECK(carousel_stream_memory_bytes(NULL) == 0);
  CHECK(carousel_stream_state_count(NULL) == 0);
  carousel_stream_reset(NULL);
  carousel_stream_free(NULL);
  carousel_network_free(NULL);
  carousel_model_free(NULL);
}

static void check_null_arguments(carousel_model* model, const carousel_network* network,
                                 carousel_stream* stream) {
  const carousel_status bad = CAROUSEL_INVALID_ARGUMENT;
  const float number = 0.0F;
  float result = 0.0F;
  int64_t steps = 0;
  const int32_t id = 0;
  const carousel_run_args args = {.struct_size = sizeof args};
  carousel_model* no_model = NULL;
  carousel_network* no_network = NULL;
  carousel_stream* no_stream = NULL;
  carousel_state state = {.struct_size = sizeof state};
  carousel_layer_info info = {.struct_size = sizeof info};
  carousel_named_state named = {.struct_size = sizeof named};
  carousel_sequence_info sequence = {.struct_size = sizeof sequence};
  const carousel_named_sequence in = {.name = "ids", .ids = &id};
  const carousel_named_sequence out = {.name = "y", .y = &result};
  const carousel_layer_spec spec = {.struct_size = sizeof spec, .input_size = 1, .hidden_size = 1};
  const carousel_weights weights = {.struct_size = sizeof weights};

  CHECK(carousel_backend_get(0, NULL) == bad);
  CHECK(carousel_model_load(NULL, NULL, &no_model) == bad);
  CHECK(carousel_model_load("file", NULL, NULL) == bad);
  CHECK(carousel_model_load_memory("", 0, NULL, NULL, NULL) == bad);
  CHECK(carousel_model_new(NULL) == bad);
  CHECK(carousel_layer_spec_init(NULL, CAROUSEL_LSTM) == bad);
  CHECK(carousel_model_add_input(NULL, "x", 1, false) == bad);
  CHECK(carousel_model_add_input(model, NULL, 1, false) == bad);
  CHECK(carousel_model_add_output(NULL, "y", "l0") == bad);
  CHECK(carousel_model_add_output(model, NULL, "l0") == bad);
  CHECK(carousel_model_add_output(model, "y", NULL) == bad);
  CHECK(carousel_model_add_layer(NULL, &spec, &weights, NULL) == bad);
  CHECK(carousel_model_add_layer(model, NULL, &weights, NULL) == bad);
  CHECK(carousel_model_add_layer(model, &spec, NULL, NULL) == bad);
  CHECK(carousel_model_save(NULL, "file") == bad);
  CHECK(carousel_model_save(model, NULL) == bad);
  CHECK(carousel_model_save_onnx(NULL, "file.onnx") == bad);
  CHECK(carousel_model_save_onnx(model, NULL) == bad);
  CHECK(carousel_model_metadata(model, NULL) == NULL);
  CHECK(carousel_prepare(NULL, NULL, &no_network) == bad);
  CHECK(carousel_prepare(model, NULL, NULL) == bad);
  CHECK(carousel_network_layer(NULL, 0, &info) == bad);
  CHECK(carousel_network_layer(network, 0, NULL) == bad);
  CHECK(carousel_network_input(NULL, 0, &sequence) == bad);
  CHECK(carousel_network_input(network, 0, NULL) == bad);
  CHECK(carousel_network_output(NULL, 0, &sequence) == bad);
  CHECK(carousel_network_output(network, 0, NULL) == bad);
  CHECK(carousel_stream_new(NULL, NULL, &no_stream) == bad);
  CHECK(carousel_stream_new(network, NULL, NULL) == bad);
  CHECK(carousel_stream_run(NULL, 1, &number, &result) == bad);
  CHECK(carousel_stream_run_ids(NULL, 1, &id, &result) == bad);
  CHECK(carousel_stream_run_ids(stream, 1, NULL, &result) == bad);
  CHECK(carousel_stream_run_ids(stream, 1, &id, NULL) == bad);
  CHECK(carousel_stream_run(stream, 1, &number, &result) == bad); /* it takes ids */
  CHECK(carousel_stream_run_args(NULL, &args) == bad);
  CHECK(carousel_stream_run_args(stream, NULL) == bad);
  CHECK(carousel_stream_state(NULL, &state) == bad);
  CHECK(carousel_stream_state(stream, NULL) == bad);
  CHECK(carousel_stream_run_named(NULL, 1, &in, 1, &out, 1, NULL) == bad);
  CHECK(carousel_stream_run_named(stream, 1, NULL, 1, &out, 1, NULL) == bad);
  CHECK(carousel_stream_run_named(stream, 1, &in, 1, NULL, 1, NULL) == bad);
  CHECK(carousel_stream_run_named(stream, 1, NULL, 0, NULL, 0, NULL) == bad);
  CHECK(carousel_run_size(NULL, 1, &steps, &steps) == bad);
  CHECK(carousel_run_size(NULL, 0, NULL, &steps) == bad);
  CHECK(carousel_run_size(NULL, 0, &steps, NULL) == bad);
  CHECK(carousel_read_frames(NULL, 1, 1, 1, &number, &result) == bad);
  CHECK(carousel_read_frames(NULL, 0, 1, 1, NULL, &result) == bad);
  CHECK(carousel_write_frames(NULL, 0, 1, 1, &number, NULL) == bad);
  CHECK(carousel_stream_get_state(NULL, 0, &named) == bad);
  CHECK(carousel_stream_get_state(stream, 0, NULL) == bad);
  CHECK(no_model == NULL && no_network == NULL && no_stream == NULL);
}

/* State carried over: two runs of one step are one run of two. */
static void check_streaming(carousel_stream* stream, int64_t outputs) {
  const int32_t ids[2] = {1, 2};
  float* whole = calloc((size_t)(2 * outputs), sizeof(float));
  float* parts = calloc((size_t)(2 * outputs), sizeof(float));
  CHECK(whole != NULL && parts != NULL);
  if (whole != NULL && parts != NULL) {
    carousel_stream_reset(stream);
    CHECK(carousel_stream_run_ids(stream, 2, ids, whole) == CAROUSEL_OK);
    carousel_stream_reset(stream);
    CHECK(carousel_stream_run_ids(stream, 1, ids, parts) == CAROUSEL_OK);
    CHECK(carousel_stream_run_ids(stream, 1, ids + 1, parts + outputs) == CAROUSEL_OK);
    CHECK(memcmp(whole, parts, (size_t)(2 * outputs) * sizeof(float)) == 0);
    CHECK(whole[0] != 0.0F && whole[outputs] != whole[0]);
  }
  free(whole);
  free(parts);
}

/* [batch, 2, steps] and back. */
static void check_axes(void) {
  const carousel_file_axis axes[3] = {{.kind = CAROUSEL_AXIS_BATCH},
                                      {.kind = CAROUSEL_AXIS_FEATURES, .size = 2},
                                      {.kind = CAROUSEL_AXIS_STEPS}};
  const int64_t shape[3] = {1, 2, 3};
  const carousel_file_array array = {
      .name = "x", .axes = axes, .shape = shape, .axis_count = 3, .one_step = false};
  const float values[6] = {0, 1, 2, 3, 4, 5};
  const float expected[6] = {0, 3, 1, 4, 2, 5};
  float frames[6] = {0};
  float back[6] = {0};
  int64_t steps = 0;
  int64_t batch = 0;
  CHECK(carousel_run_size(&array, 1, &steps, &batch) == CAROUSEL_OK && steps == 3 && batch == 1);
  CHECK(carousel_read_frames(axes, 3, steps, batch, values, frames) == CAROUSEL_OK);
  CHECK(memcmp(frames, expected, sizeof frames) == 0);
  CHECK(carousel_write_frames(axes, 3, steps, batch, frames, back) == CAROUSEL_OK);
  CHECK(memcmp(back, values, sizeof back) == 0);
  CHECK(carousel_read_frames(axes, 3, -1, 1, values, frames) == CAROUSEL_INVALID_ARGUMENT);
}

/* The same run by name, and states by name: those of the layers that have any. */
static void check_names(const carousel_network* network, carousel_stream* stream, int64_t outputs) {
  const int32_t ids[2] = {1, 2};
  carousel_sequence_info input = {.struct_size = sizeof input};
  carousel_sequence_info output = {.struct_size = sizeof output};
  CHECK(carousel_network_input_count(network) == 1);
  CHECK(carousel_network_output_count(network) == 1);
  CHECK(carousel_network_input(network, 0, &input) == CAROUSEL_OK && input.ids);
  CHECK(input.axis_count == 2 && input.axes[1].kind == CAROUSEL_AXIS_BATCH && !input.optional);
  CHECK(carousel_network_output_steps(network, 0, 7) == 7);
  CHECK(carousel_network_output(network, 0, &output) == CAROUSEL_OK && output.size == outputs);
  float* by_place = calloc((size_t)(2 * outputs), sizeof(float));
  float* by_name = calloc((size_t)(2 * outputs), sizeof(float));
  CHECK(by_place != NULL && by_name != NULL);
  if (by_place != NULL && by_name != NULL) {
    const carousel_named_sequence in = {.name = input.name, .ids = ids};
    const carousel_named_sequence out = {.name = output.name, .y = by_name};
    carousel_stream_reset(stream);
    CHECK(carousel_stream_run_ids(stream, 2, ids, by_place) == CAROUSEL_OK);
    carousel_stream_reset(stream);
    CHECK(carousel_stream_run_named(stream, 2, &in, 1, &out, 1, NULL) == CAROUSEL_OK);
    CHECK(memcmp(by_place, by_name, (size_t)(2 * outputs) * sizeof(float)) == 0);
  }
  free(by_place);
  free(by_name);
  carousel_named_state state = {.struct_size = sizeof state};
  CHECK(carousel_stream_state_count(stream) > 0);
  CHECK(carousel_stream_get_state(stream, 0, &state) == CAROUSEL_OK);
  CHECK(strcmp(state.name, "h") == 0 && state.batch == 1 && state.values[0] != 0.0F);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  carousel_model* model = NULL;
  carousel_network* network = NULL;
  carousel_stream* stream = NULL;
  const carousel_prepare_options options = {.struct_size = sizeof options, .backend = "scalar"};
  CHECK(strcmp(carousel_last_error(), "") == 0);
  CHECK(carousel_model_load(argv[1], NULL, &model) == CAROUSEL_OK);
  CHECK(carousel_prepare(model, &options, &network) == CAROUSEL_OK);
  CHECK(carousel_stream_new(network, NULL, &stream) == CAROUSEL_OK);
  check_null_handles();
  check_axes();
  if (stream != NULL) {
    check_null_arguments(model, network, stream);
    check_streaming(stream, carousel_network_output_size(network));
    check_names(network, stream, carousel_network_output_size(network));
  }
  carousel_stream_free(stream);
  carousel_network_free(network);
  carousel_model_free(model);
  if (failures == 0) printf("ok\n");
  return failures == 0 ? 0 : 1;
}
