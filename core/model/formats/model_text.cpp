// SPDX-License-Identifier: Apache-2.0
#include "model_text.hpp"

#include "spec_text.hpp"
#include "state_dict.hpp"
#include "text.hpp"

#include "core/model/formatted.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace carousel::loading {
namespace {

/// What `read` makes of each object of an array, which must have at least one; `what` is one of
/// them in messages.
template <class Entry>
std::vector<Entry> read_array(std::string_view text, JsonPlace place, const std::string& what,
                              Entry (*read)(JsonReader&)) {
  const Json json = parse_json(text, place);
  if (!json.is_array() || json.empty()) {
    fail(place.source,
         formatted("metadata {} must be an array with an object per {}", quote(place.key), what));
  }
  std::vector<Entry> entries;
  for (std::size_t k = 0; k < json.size(); ++k) {
    place.path = what + ' ' + std::to_string(k);
    JsonReader reader(json[k], place);
    entries.push_back(read(reader));
    reader.refuse_unknown();
  }
  return entries;
}

JsonPlace place_of(std::string_view source, std::string_view key) {
  return {std::string(source), std::string(key), ""};
}

std::string required_text(JsonReader& reader, const char* field) {
  reader.require(field);
  return reader.text(field);
}

std::map<std::string, std::string> read_initial_states(JsonReader& reader) {
  const Json* states = reader.find("initial_states");
  std::map<std::string, std::string> all;
  if (states == nullptr) return all;
  JsonPlace place = reader.place();
  place.path += ", initial_states";
  JsonReader fields(*states, place);
  for (const auto& [state, source] : states->items()) {
    all.emplace(state, required_text(fields, state.c_str()));
  }
  return all;
}

ModelLayer read_layer(JsonReader& reader) {
  return {.spec = spec_from_json(reader),
          .name = reader.text("name"),
          .inputs = reader.texts("inputs"),
          .initial_states = read_initial_states(reader)};
}

// --- Axes: a number is features, a word something else ---

constexpr std::array kAxes{std::pair{FileAxis::Of::steps, "steps"},
                           std::pair{FileAxis::Of::batch, "batch"},
                           std::pair{FileAxis::Of::steps_batch, "steps_batch"},
                           std::pair{FileAxis::Of::batch_steps, "batch_steps"}};

Json axis_to_json(const FileAxis& axis) {
  for (const auto& [of, word] : kAxes) {
    if (axis.of == of) return word;
  }
  return axis.size;
}

std::optional<FileAxis> axis_from_json(const Json& json) {
  if (json.is_number_integer()) return FileAxis{FileAxis::Of::features, json.get<std::int64_t>()};
  for (const auto& [of, word] : kAxes) {
    if (json == word) return FileAxis{of};
  }
  return std::nullopt;
}

void write_axes(const std::vector<FileAxis>& axes, Json& entry) {
  for (const FileAxis& axis : axes) entry["axes"].push_back(axis_to_json(axis));
}

std::vector<FileAxis> read_axes(JsonReader& reader) {
  const Json* given = reader.find("axes");
  std::vector<FileAxis> axes;
  if (given == nullptr) return axes;
  const auto refuse_axes = [&] {
    reader.refuse_field(
        "axes", "an array of numbers, 'steps', 'batch', 'steps_batch' and 'batch_steps'", *given);
  };
  if (!given->is_array()) refuse_axes();
  for (const Json& one : *given) {
    const std::optional<FileAxis> axis = axis_from_json(one);
    if (!axis) refuse_axes();
    axes.push_back(*axis);
  }
  return axes;
}

// --- Inputs and outputs ---

ModelInput read_input(JsonReader& reader) {
  return {.name = required_text(reader, "name"),
          .size = reader.integer("size", 1),
          .ids = reader.boolean("ids", false),
          .one_step = reader.boolean("one_step", false),
          .axes = read_axes(reader)};
}

ModelOutput read_output(JsonReader& reader) {
  return {.name = required_text(reader, "name"),
          .layer = required_text(reader, "layer"),
          .axes = read_axes(reader)};
}

}  // namespace

std::vector<std::vector<std::string>> told_inputs(const Model& model) {
  const std::vector<std::string> names = layer_names(model);
  std::vector<std::vector<std::string>> all;
  for (std::size_t k = 0; k < names.size(); ++k) {
    const std::string before = k == 0 ? model_inputs(model).front().name : names[k - 1];
    const std::vector<std::string>& inputs = model.layers[k].inputs;
    all.push_back(inputs == std::vector{before} ? std::vector<std::string>() : inputs);
  }
  return all;
}

std::string layers_to_text(const Model& model) {
  const std::vector<std::string> names = layer_names(model);
  const std::vector<std::vector<std::string>> inputs = told_inputs(model);
  Json json = Json::array();
  for (std::size_t k = 0; k < names.size(); ++k) {
    Json layer = spec_to_json(model.layers[k].spec);
    layer["name"] = names[k];
    if (!inputs[k].empty()) layer["inputs"] = inputs[k];
    const auto& initial = model.layers[k].initial_states;
    if (!initial.empty()) layer["initial_states"] = initial;
    json.push_back(std::move(layer));
  }
  return json_text(json);
}

std::vector<ModelLayer> layers_from_text(std::string_view text, std::string_view source) {
  return read_array(text, place_of(source, kLayersKey), "layer", read_layer);
}

std::string inputs_to_text(const std::vector<ModelInput>& inputs) {
  Json json = Json::array();
  for (const ModelInput& input : inputs) {
    Json entry{{"name", input.name}, {"size", input.size}};
    if (input.ids) entry["ids"] = true;
    if (input.one_step) entry["one_step"] = true;
    write_axes(input.axes, entry);
    json.push_back(std::move(entry));
  }
  return json_text(json);
}

std::vector<ModelInput> inputs_from_text(std::string_view text, std::string_view source) {
  return read_array(text, place_of(source, kInputsKey), "input", read_input);
}

std::string outputs_to_text(const std::vector<ModelOutput>& outputs) {
  Json json = Json::array();
  for (const ModelOutput& output : outputs) {
    Json entry{{"name", output.name}, {"layer", output.layer}};
    write_axes(output.axes, entry);
    json.push_back(std::move(entry));
  }
  return json_text(json);
}

std::vector<ModelOutput> outputs_from_text(std::string_view text, std::string_view source) {
  return read_array(text, place_of(source, kOutputsKey), "output", read_output);
}

std::string names_to_text(const std::vector<std::string>& names) { return json_text(names); }

std::vector<std::string> names_from_text(std::string_view text, std::string_view source,
                                         std::string_view key) {
  const JsonPlace place = place_of(source, key);
  // An array of texts is read as the only field of an object.
  const Json json{{"names", parse_json(text, place)}};
  return JsonReader(json, place).texts("names");
}

}  // namespace carousel::loading
