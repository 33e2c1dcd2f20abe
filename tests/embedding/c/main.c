/* SPDX-License-Identifier: Apache-2.0 */
/* A network built from arrays, run once, its result compared with the equations. */
#include <carousel/carousel.h>

#include <math.h>
#include <stdio.h>

static double sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }

/* Without weights, one step from zero state depends on the biases alone. */
static carousel_status make_network(carousel_network** network) {
  static const float zero[4 * 8 * 8] = {0.0F};
  float bias[4 * 8];
  for (int i = 0; i < 4 * 8; ++i) bias[i] = 0.375F;
  const int64_t ih[2] = {4 * 8, 3}, hh[2] = {4 * 8, 8}, rows[1] = {4 * 8};
  const carousel_tensor tensors[4] = {{"weight_ih", CAROUSEL_DTYPE_F32, 2, ih, zero},
                                      {"weight_hh", CAROUSEL_DTYPE_F32, 2, hh, zero},
                                      {"bias_ih", CAROUSEL_DTYPE_F32, 1, rows, bias},
                                      {"bias_hh", CAROUSEL_DTYPE_F32, 1, rows, bias}};
  const carousel_weights weights = {.struct_size = sizeof weights, .count = 4, .tensors = tensors};
  carousel_layer_spec spec = {.struct_size = sizeof spec};
  carousel_model* model = NULL;
  carousel_status status = carousel_layer_spec_init(&spec, CAROUSEL_LSTM);
  spec.input_size = 3;
  spec.hidden_size = 8;
  if (status == CAROUSEL_OK) status = carousel_model_new(&model);
  if (status == CAROUSEL_OK) status = carousel_model_add_layer(model, &spec, &weights, NULL);
  if (status == CAROUSEL_OK) status = carousel_prepare(model, NULL, network);
  carousel_model_free(model);
  return status;
}

static int run_once(const carousel_network* network) {
  const float x[3] = {1.0F, 1.0F, 1.0F};
  float y[8] = {0.0F};
  carousel_stream* stream = NULL;
  if (carousel_stream_new(network, NULL, &stream) != CAROUSEL_OK) return 0;
  const carousel_status status = carousel_stream_run(stream, 1, x, y);
  carousel_stream_free(stream);
  const double expected = sigmoid(0.75) * tanh(sigmoid(0.75) * tanh(0.75));
  int ok = status == CAROUSEL_OK;
  for (int i = 0; i < 8; ++i) ok = ok && fabs(y[i] - expected) < 1e-6;
  return ok;
}

int main(void) {
  carousel_network* network = NULL;
  if (make_network(&network) != CAROUSEL_OK || !run_once(network)) {
    fprintf(stderr, "c11: %s\n", carousel_last_error());
    return 1;
  }
  carousel_network_free(network);
  printf("C11 with Carousel %s: ok\n", carousel_version());
  return 0;
}
