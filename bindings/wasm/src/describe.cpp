// SPDX-License-Identifier: Apache-2.0
// Networks and states described in JSON.
#include "bindings/wasm/src/module.hpp"
#include "core/c_api/c_api.hpp"

#include <carousel/file_axes.hpp>

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <cstring>

namespace {

using Json = nlohmann::json;

/// "[batch, steps, 3]"
std::string axes_of(std::span<const carousel::FileAxis> own, std::int64_t size, bool ids = false) {
  return carousel::axes_text(carousel::file_axes(own, size, ids));
}

Json inputs_json(const carousel::Network& network) {
  Json list = Json::array();
  for (std::size_t k = 0; k < network.inputs().size(); ++k) {
    const carousel::ModelInput& input = network.inputs()[k];
    list.push_back({{"name", input.name},
                    {"size", input.size},
                    {"ids", input.ids},
                    {"oneStep", input.one_step},
                    {"optional", network.optional_input(k)},
                    {"axes", axes_of(input.axes, input.size, input.ids)}});
  }
  return list;
}

Json outputs_json(const carousel::Network& network) {
  Json list = Json::array();
  for (const carousel::NetworkOutput& output : network.outputs()) {
    list.push_back({{"name", output.name},
                    {"size", output.size},
                    {"axes", axes_of(output.axes, output.size)}});
  }
  return list;
}

Json layers_json(const carousel::Network& network) {
  Json list = Json::array();
  for (const carousel::LayerPlan& layer : network.layers()) {
    list.push_back({{"name", layer.name},
                    {"kind", carousel::kind_name(layer.spec)},
                    {"description", carousel::describe(layer.spec)},
                    {"inputSize", carousel::input_size(layer.spec)},
                    {"outputSize", carousel::output_size(layer.spec)},
                    {"backend", layer.backend},
                    {"precision", carousel::name(layer.precision)},
                    {"memoryBytes", layer.memory_bytes}});
  }
  return list;
}

/// A copy that the caller frees, or null with an error.
char* text_of(const Json& json) {
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

}  // namespace

char* wasm_describe(const wasm_network* network) {
  char* made = nullptr;
  (void)carousel::c_api::guarded([&] {
    const carousel::Network& n = network->network;
    made = text_of({{"inputs", inputs_json(n)},
                    {"outputs", outputs_json(n)},
                    {"layers", layers_json(n)},
                    {"inputSize", n.input_size()},
                    {"outputSize", n.output_size()},
                    {"takesIds", n.takes_ids()},
                    {"wholeSequence", n.whole_sequence()},
                    {"memoryBytes", n.memory_bytes()},
                    {"metadata", network->metadata}});
  });
  return made;
}

char* describe_states(std::span<const carousel::NamedState> states) {
  char* made = nullptr;
  (void)carousel::c_api::guarded([&] {
    Json list = Json::array();
    for (const carousel::NamedState& state : states) {
      list.push_back(
          {{"layer", state.layer}, {"name", state.name}, {"size", state.values.features}});
    }
    made = text_of(list);
  });
  return made;
}
