/* SPDX-License-Identifier: Apache-2.0 */
/* Finds, links and runs: a cell of one unit without bias makes 0 of 0. */
#include <carousel/carousel.h>

#include <stdio.h>

int main(void) {
  const float weight[4] = {1, 1, 1, 1};
  const int64_t shape[2] = {4, 1};
  const carousel_tensor tensors[2] = {{"weight_ih", CAROUSEL_DTYPE_F32, 2, shape, weight},
                                      {"weight_hh", CAROUSEL_DTYPE_F32, 2, shape, weight}};
  const carousel_layer_spec spec = {
      .struct_size = sizeof spec, .kind = CAROUSEL_LSTM, .input_size = 1, .hidden_size = 1};
  const carousel_weights weights = {.struct_size = sizeof weights, .count = 2, .tensors = tensors};
  const float x = 0;
  float y = 1;
  carousel_model* model = NULL;
  carousel_network* network = NULL;
  carousel_stream* stream = NULL;
  const int failed = carousel_model_new(&model) != CAROUSEL_OK ||
                     carousel_model_add_layer(model, &spec, &weights, NULL) != CAROUSEL_OK ||
                     carousel_prepare(model, NULL, &network) != CAROUSEL_OK ||
                     carousel_stream_new(network, NULL, &stream) != CAROUSEL_OK ||
                     carousel_stream_run(stream, 1, &x, &y) != CAROUSEL_OK || y != 0;
  if (failed) fprintf(stderr, "%s\n", carousel_last_error());
  printf("Carousel %s\n", carousel_version());
  carousel_stream_free(stream);
  carousel_network_free(network);
  carousel_model_free(model);
  return failed;
}
