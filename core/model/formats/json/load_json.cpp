// SPDX-License-Identifier: Apache-2.0
#include "load_json.hpp"

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"
#include "parse_file.hpp"

#include <algorithm>
#include <array>

namespace carousel::loading {
namespace {

/// JSON files that belong to models of others, told by a key.
struct OtherJson {
  const char* key;
  const char* text;
};

constexpr std::array kOthers{
    OtherJson{"weight_map",
              "is the index of a safetensors model in several files; save it in one file"},
    OtherJson{"modelTopology", "is a TensorFlow.js model; convert the Keras model instead"},
    OtherJson{"class_name", "is the architecture of a Keras model without its weights"},
    OtherJson{"model_type", "is the configuration of a model, not its weights"},
    OtherJson{"architectures", "is the configuration of a model, not its weights"},
};

[[noreturn]] void refuse_other(const Json& json, const std::string& source) {
  for (const OtherJson& other : kOthers) {
    if (json.contains(other.key)) fail(source, other.text, ErrorCode::unsupported);
  }
  fail(source,
       "is JSON, but no model that Carousel knows: those of RTNeural and AIDA-X have \"layers\", "
       "GuitarML's \"model_data\" and \"state_dict\", NeuralAmpModeler's \"architecture\" and "
       "\"weights\", PyTorch state dicts arrays of numbers by name");
}

bool is_array_of_numbers(const Json& json) {
  const Json* level = &json;
  while (level->is_array() && !level->empty()) level = &level->front();
  return json.is_array() && (level->is_number() || level->is_array());
}

/// Whether everything in it looks like a tensor.
bool is_state_dict(const Json& json) {
  return json.is_object() && !json.empty() && std::ranges::all_of(json, is_array_of_numbers);
}

}  // namespace

Model model_from_json(std::span<const std::byte> bytes, const std::string& source,
                      const LoadOptions& options) {
  const Json json = parse_json_file(bytes, source);
  const auto has = [&](const char* key) { return json.is_object() && json.contains(key); };
  if (has("model_data") && has("state_dict")) return model_from_guitarml(json, source, options);
  if (has("architecture") && has("weights")) {
    refuse_naming_options(source, options);
    return model_from_nam(json, source);
  }
  if (has("layers") && json["layers"].is_array()) {
    refuse_naming_options(source, options);
    return model_from_rtneural(json, source);
  }
  if (has("state_dict") && is_state_dict(json["state_dict"])) {
    return model_from_json_state_dict(json["state_dict"], source, options);
  }
  if (is_state_dict(json)) return model_from_json_state_dict(json, source, options);
  refuse_other(json, source);
}

void refuse_naming_options(const std::string& source, const LoadOptions& options) {
  if (!options.prefix && !options.embedding && !options.head) return;
  fail(source,
       "the options prefix, embedding and head (--prefix, --embedding, --head) tell what a PyTorch "
       "state dict leaves open; this file tells all",
       ErrorCode::invalid_argument);
}

void add_skip(Model& model, std::int64_t channels, const std::string& key,
              const std::string& gain) {
  if (channels == 0) return;
  const std::int64_t inputs = input_size(model.layers.front().spec);
  const std::int64_t outputs = output_size(model.layers.back().spec);
  if (channels < 0 || channels > inputs || (channels != 1 && channels != outputs)) {
    fail(model.source, formatted("{} is {}, but the network has {} inputs and {} outputs, to which "
                                 "so many of the inputs cannot be added",
                                 quote(key), channels, inputs, outputs));
  }
  model.inputs = {{"x", inputs}};
  model.layers.back().name = layer_names(model).back();
  const std::string end = model.layers.back().name;
  std::string begin = gain.empty() ? "x" : gain;
  if (channels != inputs || channels != outputs) {
    // One channel is added to every output, several each to its own.
    const FeatureRun run{.first = 0, .count = outputs, .stride = channels == 1 ? 0 : 1};
    model.layers.push_back({.spec = RearrangeSpec{inputs, {run}}, .name = key, .inputs = {begin}});
    begin = key;
  }
  model.layers.push_back({.spec = ElementwiseSpec{ElementwiseOperation::add, outputs},
                          .name = "sum",
                          .inputs = {end, begin}});
}

void keep_metadata(const Json& json, const char* key, Model& model) {
  const auto found = json.find(key);
  if (found == json.end() || !(found->is_number() || found->is_string())) return;
  model.metadata[key] = found->is_string() ? found->get<std::string>() : found->dump();
}

}  // namespace carousel::loading
