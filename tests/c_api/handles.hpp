// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/carousel.h>
#include <carousel/model.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

/// Owners for the C interface's handles, and models copied into it array by array.
namespace carousel::c_api_test {

struct Free {
  void operator()(carousel_model* model) const { carousel_model_free(model); }
  void operator()(carousel_network* network) const { carousel_network_free(network); }
  void operator()(carousel_stream* stream) const { carousel_stream_free(stream); }
  void operator()(carousel_check_report* report) const { carousel_check_free(report); }
};
using CModel = std::unique_ptr<carousel_model, Free>;
using CNetwork = std::unique_ptr<carousel_network, Free>;
using CStream = std::unique_ptr<carousel_stream, Free>;
using CReport = std::unique_ptr<carousel_check_report, Free>;

/// A struct of the C interface, all zero but its size.
template <class T>
T sized() {
  T value{};
  value.struct_size = sizeof(T);
  return value;
}

inline const float* pointer(const std::vector<float>& values) {
  return values.empty() ? nullptr : values.data();
}

inline carousel_weights c_weights(const DirectionWeights& weights) {
  auto result = sized<carousel_weights>();
  result.weight_ih = pointer(weights.weight_ih);
  result.weight_hh = pointer(weights.weight_hh);
  result.bias_ih = pointer(weights.bias_ih);
  result.bias_hh = pointer(weights.bias_hh);
  result.weight_hr = pointer(weights.weight_hr);
  result.peephole = pointer(weights.peephole);
  result.initial_h = pointer(weights.initial_h);
  result.initial_c = pointer(weights.initial_c);
  return result;
}

inline carousel_layer_spec c_spec(const LayerSpec& spec) {
  auto result = sized<carousel_layer_spec>();
  result.cell = static_cast<std::int32_t>(spec.cell);
  result.direction = static_cast<std::int32_t>(spec.direction);
  result.input_size = spec.input_size;
  result.hidden_size = spec.hidden_size;
  result.proj_size = spec.proj_size;
  result.no_bias = !spec.bias;
  return result;
}

inline carousel_status add_layer(carousel_model* model, const ModelLayer& layer) {
  const carousel_layer_spec spec = c_spec(layer.spec);
  const carousel_weights forward = c_weights(layer.directions[0]);
  const carousel_weights reverse = c_weights(layer.directions[1]);
  return carousel_model_add_layer(model, &spec, &forward,
                                  layer.spec.directions() == 2 ? &reverse : nullptr);
}

/// The same model, built with the C interface.
inline CModel c_model(const Model& from) {
  carousel_model* model = nullptr;
  EXPECT_EQ(carousel_model_new(&model), CAROUSEL_OK);
  if (from.embedding) {
    EXPECT_EQ(
        carousel_model_set_embedding(model, from.embedding->num_embeddings,
                                     from.embedding->embedding_dim, from.embedding->weight.data()),
        CAROUSEL_OK);
  }
  for (const ModelLayer& layer : from.layers) {
    EXPECT_EQ(add_layer(model, layer), CAROUSEL_OK) << carousel_last_error();
  }
  if (from.head) {
    EXPECT_EQ(add_layer(model, *from.head), CAROUSEL_OK) << carousel_last_error();
  }
  EXPECT_EQ(carousel_model_set_tail(model, static_cast<std::int32_t>(from.tail)), CAROUSEL_OK);
  return CModel(model);
}

inline CNetwork c_prepare(const carousel_model* model, const std::string& backend) {
  auto options = sized<carousel_prepare_options>();
  options.backend = backend.c_str();
  carousel_network* network = nullptr;
  EXPECT_EQ(carousel_prepare(model, &options, &network), CAROUSEL_OK) << carousel_last_error();
  return CNetwork(network);
}

inline CStream c_stream(const carousel_network* network, std::int64_t batch,
                        std::int64_t max_steps) {
  auto options = sized<carousel_stream_options>();
  options.batch = batch;
  options.max_steps = max_steps;
  carousel_stream* stream = nullptr;
  EXPECT_EQ(carousel_stream_new(network, &options, &stream), CAROUSEL_OK) << carousel_last_error();
  return CStream(stream);
}

}  // namespace carousel::c_api_test
