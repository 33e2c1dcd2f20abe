// SPDX-License-Identifier: Apache-2.0
// RTNeural's JSON, and what AIDA-X adds to it: a skip connection around the network, and gains in
// decibels before and after all. https://github.com/AidaDSP/AIDA-X
#include "load_json.hpp"
#include "rtneural_layer.hpp"

#include "core/model/formatted.hpp"

#include <cmath>

namespace carousel::loading {
namespace {

/// Quieter gains are silence, as AIDA-X has it.
constexpr float kSilence = -90.0F;
constexpr float kLoudest = 200.0F;

/// The gain as a linear layer; nothing is added where it is 0 dB or not there.
void append_gain(JsonReader& file, const char* field, std::int64_t size,
                 std::vector<ModelLayer>& layers) {
  const float decibels = file.real(field, 0.0F);
  if (decibels == 0.0F) return;
  if (decibels > kLoudest) {
    file.refuse_field(field, "at most 200 decibels", *file.find(field));
  }
  if (size != 1) {
    refuse(file.place(), formatted("has {}, which is for networks of one feature", field),
           ErrorCode::unsupported);
  }
  const float factor = decibels > kSilence ? std::pow(10.0F, decibels / 20.0F) : 0.0F;
  ModelLayer layer{.spec = DenseSpec{1, 1, false}, .name = field};
  layer.weights["weight"] = Tensor({1, 1}, std::vector<float>{factor});
  layers.push_back(std::move(layer));
}

void append_all(JsonReader& file, const Json& json, std::int64_t size,
                std::vector<ModelLayer>& layers) {
  std::size_t number = 0;
  for (const Json& entry : json) {
    const JsonPlace place{
        .source = file.place().source, .key = {}, .path = formatted("layers[{}]", number++)};
    RTNeuralLayer layer(entry, place, size);
    append_layers(layer, layers);
    size = layer.output();
  }
}

}  // namespace

Model model_from_rtneural(const Json& json, const std::string& source) {
  JsonReader file(json, {.source = source, .key = {}, .path = "the file"});
  Model model;
  model.source = source;
  const Json& layers = file.require("layers");
  if (layers.empty()) refuse(file.place(), "has no layers");
  const std::int64_t inputs = last_dimension(file, "in_shape");
  append_gain(file, "in_gain", inputs, model.layers);
  const std::string gain = model.layers.empty() ? "" : model.layers.front().name;
  append_all(file, layers, inputs, model.layers);
  add_skip(model, file.integer("in_skip", 0), "in_skip", gain);
  append_gain(file, "out_gain", output_size(model.layers.back().spec), model.layers);
  keep_metadata(json, "samplerate", model);
  return model;
}

}  // namespace carousel::loading
