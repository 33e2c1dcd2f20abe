// SPDX-License-Identifier: Apache-2.0
#include "c_api.hpp"

#include "core/model/formatted.hpp"
#include "core/model/wiring.hpp"
#include "core/plugins/c_spec.hpp"
#include "core/plugins/c_weights.hpp"

#include <cstdint>
#include <span>

namespace carousel::c_api {
namespace {

void read_shapes(const carousel_load_options& given, LoadOptions& options) {
  require_array(given.input_shapes, given.input_shape_count, "input_shapes");
  for (std::size_t k = 0; k < given.input_shape_count; ++k) {
    const carousel_input_shape& shape = given.input_shapes[k];
    require(shape.name, "a name in input_shapes");
    require_array(shape.sizes, shape.size_count, "the sizes of an input shape");
    options.input_shapes[shape.name] = {shape.sizes, shape.sizes + shape.size_count};
  }
}

void read_values(const carousel_load_options& given, LoadOptions& options) {
  require_array(given.input_values, given.input_value_count, "input_values");
  for (std::size_t k = 0; k < given.input_value_count; ++k) {
    require(given.input_values[k].name, "a name in input_values");
    options.input_values[given.input_values[k].name] = given.input_values[k].value;
  }
}

LoadOptions load_options(const carousel_load_options* from) {
  const carousel_load_options given = read_struct(from, "carousel_load_options");
  LoadOptions options;
  if (given.prefix != nullptr) options.prefix = given.prefix;
  if (given.embedding != nullptr) options.embedding = given.embedding;
  if (given.head != nullptr) options.head = given.head;
  options.ignore_extra = given.ignore_extra;
  if (given.from != nullptr) options.from = given.from;
  if (given.to != nullptr) options.to = given.to;
  read_shapes(given, options);
  read_values(given, options);
  return options;
}

/// No array is larger than half of the addresses, or goes beyond the last of them.
std::span<const std::byte> content_from_c(const void* bytes, std::size_t size) {
  if (size > 0) require(bytes, "bytes");
  const auto first = reinterpret_cast<std::uintptr_t>(bytes);
  if (size > static_cast<std::size_t>(PTRDIFF_MAX) || first > UINTPTR_MAX - size) {
    refuse_argument(formatted("size is {}, more bytes than memory has", size));
  }
  return {static_cast<const std::byte*>(bytes), size};
}

void read_place(const carousel_layer_place* from, ModelLayer& layer) {
  const carousel_layer_place given = read_struct(from, "carousel_layer_place");
  if (given.name != nullptr) layer.name = given.name;
  require_array(given.inputs, given.input_count, "place.inputs");
  for (std::size_t k = 0; k < given.input_count; ++k) {
    require(given.inputs[k], "a name in place.inputs");
    layer.inputs.emplace_back(given.inputs[k]);
  }
}

/// What a layer will be called that is added to the model as it is.
std::string next_name(const Model& model, const ModelLayer& layer) {
  Model names;
  names.inputs = model.inputs;
  for (const ModelLayer& before : model.layers) {
    names.layers.push_back({.spec = before.spec, .name = before.name});
  }
  names.layers.push_back({.spec = layer.spec, .name = layer.name});
  return layer_names(names).back();
}

/// Throws Error for what is wrong with the layer by itself; how it is wired is looked at when the
/// model is complete. Its weights are not copied.
ModelLayer validated(ModelLayer layer, const std::string& name) {
  std::string own_name = std::exchange(layer.name, name);
  std::vector<std::string> own_inputs = std::exchange(layer.inputs, {});
  Model alone;
  for (std::size_t k = 0; k < input_count(layer.spec); ++k) {
    const std::string input = formatted("{} input {}", name, k);
    alone.inputs.push_back({input, input_size(layer.spec, k), takes_ids(layer.spec)});
    layer.inputs.push_back(input);
  }
  alone.layers.push_back(std::move(layer));
  validate(alone);
  layer = std::move(alone.layers.front());
  layer.name = std::move(own_name);
  layer.inputs = std::move(own_inputs);
  return layer;
}

void add_layer(Model& model, const carousel_layer_spec* spec, const carousel_weights* weights,
               const carousel_layer_place* place) {
  require(spec, "spec");
  ModelLayer layer;
  layer.spec = c_types::from_c(read_struct(spec, "carousel_layer_spec"));
  validate(layer.spec);
  read_place(place, layer);
  if (!layer.name.empty()) require_new_name(model, layer.name);
  const std::string name = next_name(model, layer);
  layer.weights = c_types::from_c(read_struct(weights, "carousel_weights"), layer.spec,
                                  layer_text(name, layer.spec));
  model.layers.push_back(validated(std::move(layer), name));
}

}  // namespace
}  // namespace carousel::c_api

using namespace carousel::c_api;

extern "C" {

carousel_status carousel_model_load(const char* path, const carousel_load_options* options,
                                    carousel_model** model) {
  return guarded([&] {
    require_result(model, "model");
    require(path, "path");
    *model = new carousel_model{carousel::load(path, load_options(options))};
  });
}

carousel_status carousel_model_load_memory(const void* bytes, size_t size, const char* source,
                                           const carousel_load_options* options,
                                           carousel_model** model) {
  return guarded([&] {
    require_result(model, "model");
    const std::span<const std::byte> content = content_from_c(bytes, size);
    *model = new carousel_model{
        carousel::load(content, source == nullptr ? "memory" : source, load_options(options))};
  });
}

carousel_status carousel_model_new(carousel_model** model) {
  return guarded([&] {
    require_result(model, "model");
    *model = new carousel_model{};
  });
}

carousel_status carousel_layer_spec_init(carousel_layer_spec* spec, int32_t kind) {
  return guarded([&] { write_struct(carousel::c_types::usual_spec(kind), spec, "spec"); });
}

carousel_status carousel_model_add_layer(carousel_model* model, const carousel_layer_spec* spec,
                                         const carousel_weights* weights,
                                         const carousel_layer_place* place) {
  return guarded([&] {
    require(model, "model");
    add_layer(model->model, spec, weights, place);
  });
}

carousel_status carousel_model_add_input(carousel_model* model, const char* name, int64_t size,
                                         bool ids) {
  return guarded([&] {
    require(model, "model");
    require(name, "name");
    carousel::add_input(model->model, {name, size, ids});
  });
}

carousel_status carousel_model_add_output(carousel_model* model, const char* name,
                                          const char* layer) {
  return guarded([&] {
    require(model, "model");
    require(name, "name");
    require(layer, "layer");
    carousel::add_output(model->model, {name, layer});
  });
}

carousel_status carousel_model_save(const carousel_model* model, const char* path) {
  return guarded([&] {
    require(model, "model");
    require(path, "path");
    carousel::save(model->model, path);
  });
}

carousel_status carousel_model_save_onnx(const carousel_model* model, const char* path) {
  return guarded([&] {
    require(model, "model");
    require(path, "path");
    carousel::save_onnx(model->model, path);
  });
}

int64_t carousel_model_input_size(const carousel_model* model) {
  return guarded_number(int64_t{0}, [&] {
    require(model, "model");
    return model->model.input_size();
  });
}

int64_t carousel_model_output_size(const carousel_model* model) {
  return guarded_number(int64_t{0}, [&] {
    require(model, "model");
    return model->model.output_size();
  });
}

int64_t carousel_model_num_embeddings(const carousel_model* model) {
  if (model == nullptr) return 0;
  for (const carousel::ModelLayer& layer : model->model.layers) {
    const auto* embedding = std::get_if<carousel::EmbeddingSpec>(&layer.spec);
    if (embedding != nullptr) return embedding->num_embeddings;
  }
  return 0;
}

int64_t carousel_model_parameter_count(const carousel_model* model) {
  return guarded_number(int64_t{0}, [&] {
    require(model, "model");
    return model->model.parameter_count();
  });
}

const char* carousel_model_metadata(const carousel_model* model, const char* key) {
  const char* value = nullptr;
  const carousel_status status = guarded([&] {
    require(model, "model");
    require(key, "key");
    const auto found = model->model.metadata.find(key);
    if (found != model->model.metadata.end()) value = found->second.c_str();
  });
  return status == CAROUSEL_OK ? value : nullptr;
}

void carousel_model_free(carousel_model* model) { delete model; }
}
