// SPDX-License-Identifier: Apache-2.0
#include "c_api.hpp"

#include "core/model/formats/state_dict.hpp"
#include "core/model/formats/text.hpp"
#include "core/plugins/c_spec.hpp"

#include <array>
#include <memory>
#include <span>

namespace carousel::c_api {
namespace {

static_assert(static_cast<int>(Tail::log_softmax) == CAROUSEL_TAIL_LOG_SOFTMAX);

LoadOptions load_options(const carousel_load_options* from) {
  const carousel_load_options given = read_struct(from, "carousel_load_options");
  LoadOptions options;
  if (given.prefix != nullptr) options.prefix = given.prefix;
  if (given.embedding != nullptr) options.embedding = given.embedding;
  if (given.head != nullptr) options.head = given.head;
  options.ignore_extra = given.ignore_extra;
  if (given.from != nullptr) options.from = given.from;
  if (given.to != nullptr) options.to = given.to;
  return options;
}

LayerSpec layer_spec(const carousel_layer_spec* from) {
  require(from, "spec");
  const carousel_layer_spec given = read_struct(from, "carousel_layer_spec");
  try {
    return c_types::from_c(given);
  } catch (const Error& error) {
    throw InvalidArgument(error.what());
  }
}

/// One array of carousel_weights and where it goes.
struct WeightArray {
  const char* name;
  const float* carousel_weights::*from;
  std::vector<float> DirectionWeights::*to;
};

constexpr std::array kWeightArrays{
    WeightArray{"weight_ih", &carousel_weights::weight_ih, &DirectionWeights::weight_ih},
    WeightArray{"weight_hh", &carousel_weights::weight_hh, &DirectionWeights::weight_hh},
    WeightArray{"bias_ih", &carousel_weights::bias_ih, &DirectionWeights::bias_ih},
    WeightArray{"bias_hh", &carousel_weights::bias_hh, &DirectionWeights::bias_hh},
    WeightArray{"weight_hr", &carousel_weights::weight_hr, &DirectionWeights::weight_hr},
    WeightArray{"peephole", &carousel_weights::peephole, &DirectionWeights::peephole},
    WeightArray{"initial_h", &carousel_weights::initial_h, &DirectionWeights::initial_h},
    WeightArray{"initial_c", &carousel_weights::initial_c, &DirectionWeights::initial_c}};

/// How many floats an array has among `slots`; 0: there is no such array.
std::int64_t floats_of(const std::vector<loading::Slot>& slots, const WeightArray& array) {
  const auto slot = std::find_if(slots.begin(), slots.end(),
                                 [&](const loading::Slot& s) { return s.values == array.to; });
  return slot == slots.end() ? 0 : loading::element_count(slot->shape).value_or(0);
}

DirectionWeights direction_weights(const LayerSpec& spec, const carousel_weights* from,
                                   const char* which) {
  require(from, which);
  const carousel_weights given = read_struct(from, "carousel_weights");
  DirectionWeights weights;
  for (const WeightArray& array : kWeightArrays) {
    const std::int64_t needed = floats_of(loading::slots(spec), array);
    const std::int64_t allowed = needed + floats_of(loading::optional_slots(spec), array);
    const float* values = given.*array.from;
    if (values != nullptr && allowed > 0) {
      (weights.*array.to).assign(values, values + allowed);
    } else if (values != nullptr || needed > 0) {
      throw InvalidArgument(std::string(which) + "." + array.name +
                            (needed > 0 ? " is null, but " : " must be null: ") + describe(spec) +
                            (needed > 0 ? " needs it" : " has no such weights"));
    }
  }
  return weights;
}

/// Throws unless a layer like this may come next.
void require_place(const Model& model, const LayerSpec& spec) {
  if (model.head) throw InvalidArgument("the model has its head: no layer can follow");
  if (!spec.recurrent() && model.layers.empty()) {
    throw InvalidArgument("a linear layer is the head; add a recurrent layer first");
  }
}

ModelLayer model_layer(const carousel_layer_spec* spec, const carousel_weights* forward,
                       const carousel_weights* reverse) {
  ModelLayer layer;
  layer.spec = layer_spec(spec);
  validate(layer.spec);
  layer.directions[0] = direction_weights(layer.spec, forward, "forward");
  if (layer.spec.directions() == 2) {
    layer.directions[1] = direction_weights(layer.spec, reverse, "reverse");
  } else if (reverse != nullptr) {
    throw InvalidArgument("reverse must be null: " + describe(layer.spec) + " has one direction");
  }
  return layer;
}

void add_layer(Model& model, ModelLayer layer) {
  require_place(model, layer.spec);
  if (layer.spec.recurrent()) {
    model.layers.push_back(std::move(layer));
  } else {
    model.head = std::move(layer);
  }
}

void set_embedding(Model& model, std::int64_t count, std::int64_t dim, const float* weight) {
  require(weight, "weight");
  const std::array<std::int64_t, 2> shape{count, dim};
  const bool positive = count > 0 && dim > 0;
  const auto floats = positive ? loading::element_count(shape) : std::nullopt;
  if (!floats) {
    throw InvalidArgument("embedding: shape " + loading::shape_text(shape) + " is not possible");
  }
  model.embedding = Embedding{count, dim, std::vector<float>(weight, weight + floats.value())};
}

}  // namespace
}  // namespace carousel::c_api

using namespace carousel::c_api;

extern "C" {

carousel_status carousel_model_load(const char* path, const carousel_load_options* options,
                                    carousel_model** model) {
  return guarded(CAROUSEL_BAD_MODEL, [&] {
    require_result(model, "model");
    require(path, "path");
    *model = new carousel_model{carousel::load(path, load_options(options))};
  });
}

carousel_status carousel_model_load_memory(const void* bytes, size_t size, const char* source,
                                           const carousel_load_options* options,
                                           carousel_model** model) {
  return guarded(CAROUSEL_BAD_MODEL, [&] {
    require_result(model, "model");
    if (size > 0) require(bytes, "bytes");
    const std::span<const std::byte> content(static_cast<const std::byte*>(bytes), size);
    *model = new carousel_model{
        carousel::load(content, source == nullptr ? "memory" : source, load_options(options))};
  });
}

carousel_status carousel_model_new(carousel_model** model) {
  return guarded(CAROUSEL_INTERNAL_ERROR, [&] {
    require_result(model, "model");
    *model = new carousel_model{};
  });
}

carousel_status carousel_model_set_embedding(carousel_model* model, int64_t num_embeddings,
                                             int64_t embedding_dim, const float* weight) {
  return guarded(CAROUSEL_INVALID_ARGUMENT, [&] {
    require(model, "model");
    set_embedding(model->model, num_embeddings, embedding_dim, weight);
  });
}

carousel_status carousel_model_add_layer(carousel_model* model, const carousel_layer_spec* spec,
                                         const carousel_weights* forward,
                                         const carousel_weights* reverse) {
  return guarded(CAROUSEL_INVALID_ARGUMENT, [&] {
    require(model, "model");
    add_layer(model->model, model_layer(spec, forward, reverse));
  });
}

carousel_status carousel_model_set_tail(carousel_model* model, int32_t tail) {
  return guarded(CAROUSEL_INVALID_ARGUMENT, [&] {
    require(model, "model");
    require_enum(tail, CAROUSEL_TAIL_LOG_SOFTMAX, "tail");
    model->model.tail = static_cast<carousel::Tail>(tail);
  });
}

int32_t carousel_model_tail(const carousel_model* model) {
  return model == nullptr ? 0 : static_cast<int32_t>(model->model.tail);
}

carousel_status carousel_model_save(const carousel_model* model, const char* path) {
  return guarded(CAROUSEL_BAD_MODEL, [&] {
    require(model, "model");
    require(path, "path");
    carousel::save(model->model, path);
  });
}

carousel_status carousel_model_save_onnx(const carousel_model* model, const char* path) {
  return guarded(CAROUSEL_BAD_MODEL, [&] {
    require(model, "model");
    require(path, "path");
    carousel::save_onnx(model->model, path);
  });
}

int64_t carousel_model_input_size(const carousel_model* model) {
  return model == nullptr ? 0 : model->model.input_size();
}

int64_t carousel_model_output_size(const carousel_model* model) {
  return model == nullptr ? 0 : model->model.output_size();
}

int64_t carousel_model_num_embeddings(const carousel_model* model) {
  return model == nullptr || !model->model.embedding ? 0 : model->model.embedding->num_embeddings;
}

int64_t carousel_model_parameter_count(const carousel_model* model) {
  return model == nullptr ? 0 : model->model.parameter_count();
}

const char* carousel_model_metadata(const carousel_model* model, const char* key) {
  const char* value = nullptr;
  const carousel_status status = guarded(CAROUSEL_INTERNAL_ERROR, [&] {
    require(model, "model");
    require(key, "key");
    const auto found = model->model.metadata.find(key);
    if (found != model->model.metadata.end()) value = found->second.c_str();
  });
  return status == CAROUSEL_OK ? value : nullptr;
}

void carousel_model_free(carousel_model* model) { delete model; }
}
