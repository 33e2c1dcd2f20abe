// SPDX-License-Identifier: Apache-2.0
// The C interface from C++17, which cannot read Carousel's C++ headers; also compiled without
// exceptions and type information. What would be an exception is a status here.
#include <carousel/carousel.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

static_assert(__cplusplus == 201703L, "carousel::c must not ask for a later C++");

namespace {

carousel_status add_layer(carousel_model* model) {
  const std::vector<float> weight(4 * 8 * 8, 0.125F);
  const std::int64_t shape[2] = {4 * 8, 8};
  const carousel_tensor tensors[2] = {{"weight_ih", CAROUSEL_DTYPE_F32, 2, shape, weight.data()},
                                      {"weight_hh", CAROUSEL_DTYPE_F32, 2, shape, weight.data()}};
  carousel_layer_spec spec{};  // a layer without bias
  spec.struct_size = sizeof spec;
  spec.kind = CAROUSEL_LSTM;
  spec.input_size = 8;
  spec.hidden_size = 8;
  carousel_weights weights{};
  weights.struct_size = sizeof weights;
  weights.count = 2;
  weights.tensors = tensors;
  return carousel_model_add_layer(model, &spec, &weights, nullptr);
}

bool refuses_unknown_backend(const carousel_model* model) {
  carousel_prepare_options options{};
  options.struct_size = sizeof options;
  options.backend = "no such backend";
  carousel_network* network = nullptr;
  return carousel_prepare(model, &options, &network) == CAROUSEL_UNSUPPORTED &&
         network == nullptr && std::strstr(carousel_last_error(), "no such backend") != nullptr;
}

bool runs(const carousel_model* model) {
  carousel_network* network = nullptr;
  carousel_stream* stream = nullptr;
  const std::vector<float> x(8, 1.0F);
  std::vector<float> y(8);
  const bool ok = carousel_prepare(model, nullptr, &network) == CAROUSEL_OK &&
                  carousel_stream_new(network, nullptr, &stream) == CAROUSEL_OK &&
                  carousel_stream_run(stream, 1, x.data(), y.data()) == CAROUSEL_OK;
  carousel_stream_free(stream);
  carousel_network_free(network);
  return ok && y[0] > 0.0F && y[0] < 1.0F;
}

}  // namespace

int main() {
  carousel_model* model = nullptr;
  const bool ok = carousel_model_new(&model) == CAROUSEL_OK && add_layer(model) == CAROUSEL_OK &&
                  refuses_unknown_backend(model) && runs(model);
  carousel_model_free(model);
  if (!ok) std::fprintf(stderr, "%s\n", carousel_last_error());
  return ok ? 0 : 1;
}
