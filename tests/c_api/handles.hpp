// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/carousel.h>
#include <carousel/model.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <variant>
#include <vector>

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

/// The usual spec of a kind.
inline carousel_layer_spec usual(carousel_layer_kind kind) {
  auto spec = sized<carousel_layer_spec>();
  EXPECT_EQ(carousel_layer_spec_init(&spec, kind), CAROUSEL_OK) << carousel_last_error();
  return spec;
}

inline carousel_layer_spec c_spec(const RecurrentSpec& spec) {
  constexpr std::array kKinds{CAROUSEL_LSTM, CAROUSEL_GRU, CAROUSEL_RNN, CAROUSEL_SLSTM};
  auto result = usual(kKinds.at(static_cast<std::size_t>(spec.cell)));
  result.direction = static_cast<std::int32_t>(spec.direction);
  result.input_size = spec.input_size;
  result.hidden_size = spec.hidden_size;
  result.proj_size = spec.proj_size;
  result.bias = spec.bias;
  result.layer_norm = spec.layer_norm;
  result.heads = spec.heads == 1 ? 0 : spec.heads;
  return result;
}

inline carousel_layer_spec c_spec(const DenseSpec& spec) {
  auto result = usual(CAROUSEL_DENSE);
  result.input_size = spec.input_size;
  result.output_size = spec.output_size;
  result.bias = spec.bias;
  return result;
}

inline carousel_layer_spec c_spec(const EmbeddingSpec& spec) {
  auto result = usual(CAROUSEL_EMBEDDING);
  result.input_size = spec.num_embeddings;
  result.output_size = spec.embedding_dim;
  return result;
}

inline carousel_layer_spec c_spec(const ActivationSpec& spec) {
  auto result = usual(CAROUSEL_ACTIVATION);
  result.input_size = spec.size;
  const Activation& f = spec.function;
  result.activations[0][0] = {static_cast<std::int32_t>(f.kind) + 1, f.alpha, f.beta};
  return result;
}

inline carousel_layer_spec c_spec(const ConcatenateSpec& spec) {
  auto result = usual(CAROUSEL_CONCATENATE);
  result.input_sizes = spec.sizes.data();
  result.input_count = static_cast<std::int64_t>(spec.sizes.size());
  return result;
}

/// The C interface describes no layers of this kind.
template <class Spec>
carousel_layer_spec c_spec(const Spec& spec) {
  ADD_FAILURE() << "no C spec of: " << describe(LayerSpec(spec));
  return sized<carousel_layer_spec>();
}

inline std::vector<carousel_tensor> c_tensors(const Weights& weights) {
  std::vector<carousel_tensor> tensors;
  for (const auto& [role, tensor] : weights) {
    tensors.push_back({role.c_str(), static_cast<std::int32_t>(tensor.dtype()),
                       static_cast<std::int32_t>(tensor.shape().size()), tensor.shape().data(),
                       tensor.bytes().data()});
  }
  return tensors;
}

inline carousel_weights c_weights(const std::vector<carousel_tensor>& tensors) {
  auto weights = sized<carousel_weights>();
  weights.count = tensors.size();
  weights.tensors = tensors.data();
  return weights;
}

inline carousel_status add_layer(carousel_model* model, const ModelLayer& layer) {
  const carousel_layer_spec spec = std::visit([](const auto& s) { return c_spec(s); }, layer.spec);
  const std::vector<carousel_tensor> tensors = c_tensors(layer.weights);
  const carousel_weights weights = c_weights(tensors);
  std::vector<const char*> inputs;
  for (const std::string& input : layer.inputs) inputs.push_back(input.c_str());
  auto place = sized<carousel_layer_place>();
  place.name = layer.name.empty() ? nullptr : layer.name.c_str();
  place.inputs = inputs.empty() ? nullptr : inputs.data();
  place.input_count = inputs.size();
  return carousel_model_add_layer(model, &spec, tensors.empty() ? nullptr : &weights, &place);
}

inline CModel empty_model() {
  carousel_model* model = nullptr;
  EXPECT_EQ(carousel_model_new(&model), CAROUSEL_OK);
  return CModel(model);
}

/// The same model, built with the C interface.
inline CModel c_model(const Model& from) {
  CModel model = empty_model();
  for (const ModelInput& input : from.inputs) {
    EXPECT_EQ(carousel_model_add_input(model.get(), input.name.c_str(), input.size, input.ids),
              CAROUSEL_OK);
  }
  for (const ModelLayer& layer : from.layers) {
    EXPECT_EQ(add_layer(model.get(), layer), CAROUSEL_OK) << carousel_last_error();
  }
  for (const ModelOutput& output : from.outputs) {
    EXPECT_EQ(carousel_model_add_output(model.get(), output.name.c_str(), output.layer.c_str()),
              CAROUSEL_OK);
  }
  return model;
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

/// That a call failed with this status, and said so in words that contain these.
inline void expect_failure(carousel_status status, carousel_status expected, const char* words) {
  EXPECT_EQ(status, expected) << carousel_last_error();
  EXPECT_NE(std::string(carousel_last_error()).find(words), std::string::npos)
      << "no '" << words << "' in: " << carousel_last_error();
}

}  // namespace carousel::c_api_test
