// SPDX-License-Identifier: Apache-2.0
// A model as an ONNX file: the other way of load_onnx.cpp.
#include "graph_writer.hpp"
#include "load_onnx.hpp"
#include "model_sources.hpp"
#include "model_writer.hpp"

#include <algorithm>
#include <limits>

#include "core/model/formats/model_text.hpp"
#include "core/model/formats/state_dict.hpp"
#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"
#include "core/model/utf8.hpp"
#include "core/model/wiring.hpp"

namespace carousel::loading {
namespace onnx {
namespace {

constexpr std::int64_t kOperatorSet = 13;  // Squeeze takes its axes as an input since then
constexpr std::int64_t kFileVersion = 7;   // of ONNX 1.8, which brought that operator set

bool has_learned_state(const ModelLayer& layer) {
  return std::ranges::any_of(layer.weights,
                             [](const auto& one) { return one.first.starts_with("initial_"); });
}

/// Why the states of a layer cannot be inputs and outputs of the graph; empty: they can.
std::string reason_against_states(const ModelLayer& layer) {
  if (has_learned_state(layer)) {
    return "its initial state was learned, so it cannot be an input of the graph too";
  }
  if (!layer.initial_states.empty()) {
    return "its initial state is set by the model, so it cannot be an input of the graph too";
  }
  const bool other =
      !states(layer.spec).empty() && !std::holds_alternative<RecurrentSpec>(layer.spec);
  return other ? "ONNX has no operator that takes its state" : "";
}

void require_expressible(const Model& model, const SaveOnnxOptions& options) {
  if (options.lengths && !model.lengths.empty()) {
    throw Error(ErrorCode::unsupported,
                "the model has lengths of its own, so they cannot be an input of the graph too");
  }
  const ModelSources sources(model);
  const std::vector<std::string> names = layer_names(model);
  for (std::size_t k = 0; k < names.size(); ++k) {
    const ModelLayer& layer = model.layers[k];
    std::string reason = inexpressible(model, sources, k);
    if (reason.empty() && options.states) reason = reason_against_states(layer);
    if (!reason.empty()) {
      throw Error(ErrorCode::unsupported, formatted("{} cannot be saved as ONNX: {}",
                                                    layer_text(names[k], layer.spec), reason));
    }
  }
}

void require_utf8(const std::string& text, const char* what) {
  if (!find_invalid_utf8(text)) return;
  throw Error(
      ErrorCode::invalid_argument,
      formatted("cannot be saved as ONNX: the {} {} is not valid UTF-8", what, quote(text)));
}

/// All names that the graph would have.
void require_utf8_names(const Model& model) {
  for (const std::string& name : layer_names(model)) require_utf8(name, "name of a layer");
  for (const ModelInput& input : model_inputs(model)) require_utf8(input.name, "name of an input");
  for (const ModelOutput& output : model_outputs(model)) {
    require_utf8(output.name, "name of an output");
  }
}

/// Whether any layer has a name that `load` would not make up.
bool has_names(const Model& model) {
  Model nameless;
  for (const ModelLayer& layer : model.layers) nameless.layers.push_back({.spec = layer.spec});
  return layer_names(model) != layer_names(nameless);
}

Metadata properties_of(const Model& model) {
  Metadata properties = model.metadata;
  for (const std::string_view key : {kLayersKey, kTailKey, kInputsKey, kOutputsKey, kLengthsKey}) {
    set_metadata(properties, key, "");
  }
  set_metadata(properties, kNamesKey, has_names(model) ? names_to_text(layer_names(model)) : "");
  return properties;
}

}  // namespace
}  // namespace onnx

std::vector<std::byte> to_onnx(const Model& model, const SaveOnnxOptions& options) {
  validate(model);
  onnx::require_utf8_names(model);
  onnx::require_expressible(model, options);
  onnx::schema::ModelProto proto;
  proto.set_ir_version(onnx::kFileVersion);
  proto.set_producer_name("carousel");
  proto.add_opset_import()->set_version(onnx::kOperatorSet);
  proto.mutable_graph()->set_name("carousel");
  for (const auto& [key, value] : onnx::properties_of(model)) {
    onnx::require_utf8(key, "metadata text");
    onnx::require_utf8(value, "metadata text");
    onnx::schema::StringStringEntryProto& entry = *proto.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  onnx::write_model(model, options, *proto.mutable_graph());
  const std::size_t size = proto.ByteSizeLong();
  if (size > std::numeric_limits<std::int32_t>::max()) {
    throw Error(
        ErrorCode::unsupported,
        formatted("a model of {} bytes cannot be saved as ONNX: one file holds 2 GiB at most",
                  size));
  }
  std::vector<std::byte> bytes(size);
  if (!proto.SerializeToArray(bytes.data(), static_cast<int>(size))) {
    throw Error(ErrorCode::internal, "the ONNX message cannot be written");
  }
  return bytes;
}

}  // namespace carousel::loading
