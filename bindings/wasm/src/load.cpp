// SPDX-License-Identifier: Apache-2.0
// Options in JSON, and a model loaded and prepared with them. JavaScript has checked their names.
#include "bindings/wasm/src/module.hpp"
#include "core/c_api/c_api.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <span>

namespace {

using Json = nlohmann::json;
using carousel::c_api::guarded;

std::optional<std::string> text(const Json& options, const char* key) {
  const auto found = options.find(key);
  if (found == options.end()) return std::nullopt;
  return found->get<std::string>();
}

Json object(const Json& options, const char* key) { return options.value(key, Json::object()); }

carousel::LoadOptions load_options(const Json& json) {
  carousel::LoadOptions options;
  options.prefix = text(json, "prefix");
  options.embedding = text(json, "embedding");
  options.head = text(json, "head");
  options.from = text(json, "from");
  options.to = text(json, "to");
  options.ignore_extra = json.value("ignoreExtra", false);
  const Json shapes = object(json, "inputShapes");
  for (const auto& [name, sizes] : shapes.items()) {
    options.input_shapes[name] = sizes.get<std::vector<std::int64_t>>();
  }
  const Json values = object(json, "inputValues");
  for (const auto& [name, value] : values.items()) {
    options.input_values[name] = value.get<double>();
  }
  return options;
}

/// With the fixed plan: the same bits from run to run, and no time for measuring.
carousel::PrepareOptions prepare_options(const Json& json) {
  carousel::PrepareOptions options;
  options.plan = carousel::Plan::fixed;
  options.backend = json.value("backend", "auto");
  options.batch = json.value("batch", options.batch);
  options.steps = json.value("steps", options.steps);
  options.precision = carousel::precision_by_name(json.value("precision", "float32"));
  const Json precisions = object(json, "layerPrecisions");
  for (const auto& [layer, precision] : precisions.items()) {
    options.layer_precisions.push_back(
        {layer, carousel::precision_by_name(precision.get<std::string>())});
  }
  return options;
}

Json parse(const char* text) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    carousel::c_api::refuse_argument(std::string("options: ") + error.what());
  }
}

}  // namespace

wasm_network* wasm_load(const void* bytes, std::size_t size, const char* options) {
  wasm_network* made = nullptr;
  const carousel_status status = guarded([&] {
    const Json json = parse(options);
    const std::string source = json.value("name", "");
    const std::span<const std::byte> file(static_cast<const std::byte*>(bytes), size);
    carousel::Model model = carousel::load(file, source, load_options(json));
    made = new wasm_network{carousel::prepare(model, prepare_options(json)),
                            std::move(model.metadata)};
  });
  return status == CAROUSEL_OK ? made : nullptr;
}

void wasm_network_free(wasm_network* network) { delete network; }
