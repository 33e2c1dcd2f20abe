// SPDX-License-Identifier: Apache-2.0
// A plug-in that runs a small network on the backend it was compiled for.
#include <carousel/carousel.h>

#include <cstddef>

/// y[8] for x[8]; 0 if all went well.
extern "C" __attribute__((visibility("default"))) int plugin_run(const float* x, float* y) {
  float weight[4 * 8 * 8];
  for (std::size_t i = 0; i < 4 * 8 * 8; ++i) weight[i] = 0.01F * static_cast<float>(i % 17);
  const int64_t shape[2] = {4 * 8, 8};
  const carousel_tensor tensors[2] = {{"weight_ih", CAROUSEL_DTYPE_F32, 2, shape, weight},
                                      {"weight_hh", CAROUSEL_DTYPE_F32, 2, shape, weight}};
  carousel_layer_spec spec{};  // an LSTM without bias
  spec.struct_size = sizeof spec;
  spec.input_size = 8;
  spec.hidden_size = 8;
  carousel_weights weights{};
  weights.struct_size = sizeof weights;
  weights.count = 2;
  weights.tensors = tensors;
  carousel_prepare_options options{};
  options.struct_size = sizeof options;
  options.backend = PLUGIN_BACKEND;

  carousel_model* model = nullptr;
  carousel_network* network = nullptr;
  carousel_stream* stream = nullptr;
  const bool ok = carousel_model_new(&model) == CAROUSEL_OK &&
                  carousel_model_add_layer(model, &spec, &weights, nullptr) == CAROUSEL_OK &&
                  carousel_prepare(model, &options, &network) == CAROUSEL_OK &&
                  carousel_stream_new(network, nullptr, &stream) == CAROUSEL_OK &&
                  carousel_stream_run(stream, 1, x, y) == CAROUSEL_OK;
  carousel_stream_free(stream);
  carousel_network_free(network);
  carousel_model_free(model);
  return ok ? 0 : 1;
}
