// SPDX-License-Identifier: Apache-2.0
#include "spec_text.hpp"

#include "core/model/activation_parameters.hpp"
#include "core/model/formatted.hpp"
#include "other_specs_text.hpp"
#include "text.hpp"

#include <carousel/error.hpp>

#include <array>
#include <span>
#include <utility>

namespace carousel::loading {
namespace {

using Kind = ActivationKind;

constexpr std::array kDirections{Direction::forward, Direction::reverse, Direction::bidirectional};
constexpr std::array kCouplings{GateCoupling::none, GateCoupling::forget_from_input,
                                GateCoupling::input_from_forget};
constexpr auto kFunctions = [] {
  constexpr Kind kLast = Kind::round;
  std::array<Kind, static_cast<std::size_t>(kLast) + 1> kinds{};
  for (std::size_t k = 0; k < kinds.size(); ++k) kinds[k] = static_cast<Kind>(k);
  return kinds;
}();

constexpr auto kAllCells = [] {
  std::array<Cell, kCellCount> cells{};
  for (std::size_t k = 0; k < kCellCount; ++k) cells[k] = static_cast<Cell>(k);
  return cells;
}();

std::string_view coupling_name(GateCoupling coupling) {
  switch (coupling) {
    case GateCoupling::none: return "none";
    case GateCoupling::forget_from_input: return "forget_from_input";
    case GateCoupling::input_from_forget: return "input_from_forget";
  }
  return "?";
}

// --- Activation functions ---

Json to_json(const Activation& activation) {
  const ActivationParameters has = parameters(activation.kind);
  Json json{{"name", carousel::name(activation.kind)}};
  if (has.alpha) json["alpha"] = activation.alpha;
  if (has.beta) json["beta"] = activation.beta;
  return json;
}

Activation activation_from(const Json& json, const JsonPlace& place) {
  JsonReader reader(json, place);
  reader.require("name");
  Activation activation{reader.word("name", kFunctions, kNameOf)};
  const ActivationParameters has = parameters(activation.kind);
  if (has.alpha) reader.require("alpha");
  if (has.alpha) activation.alpha = reader.real("alpha", 0.0F);
  if (has.beta) reader.require("beta");
  if (has.beta) activation.beta = reader.real("beta", 0.0F);
  reader.refuse_unknown();
  return activation;
}

// --- Recurrent layers ---

/// The functions of a direction that the cell uses.
std::span<const Activation> used(const RecurrentSpec& spec, std::size_t direction) {
  return std::span(spec.activations.at(direction)).first(traits(spec.cell).activation_count);
}

Json activations_to_json(const RecurrentSpec& spec) {
  Json sets = Json::array();
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    Json set = Json::array();
    for (const Activation& activation : used(spec, d)) set.push_back(to_json(activation));
    sets.push_back(std::move(set));
  }
  return sets;
}

void write(const RecurrentSpec& spec, Json& json) {
  json["cell"] = carousel::name(spec.cell);
  json["input_size"] = spec.input_size;
  json["hidden_size"] = spec.hidden_size;
  const RecurrentSpec usual;
  const auto add = [&](const char* field, const auto& value, const auto& usual_value) {
    if (value != usual_value) json[field] = value;
  };
  add("direction", carousel::name(spec.direction), carousel::name(usual.direction));
  add("proj_size", spec.proj_size, usual.proj_size);
  add("bias", spec.bias, usual.bias);
  add("peephole", spec.peephole, usual.peephole);
  add("coupling", coupling_name(spec.coupling), coupling_name(usual.coupling));
  add("linear_before_reset", spec.linear_before_reset, usual.linear_before_reset);
  add("clip", spec.clip, usual.clip);
  add("cell_clip", spec.cell_clip, usual.cell_clip);
  add("layer_norm", spec.layer_norm, usual.layer_norm);
  add("layer_norm_epsilon", spec.layer_norm_epsilon, usual.layer_norm_epsilon);
  add("heads", spec.heads, usual.heads);
  if (!has_default_activations(spec)) json["activations"] = activations_to_json(spec);
}

/// Whether there is an array of `functions` elements for each direction.
bool fits(const Json& sets, std::size_t directions, std::size_t functions) {
  if (!sets.is_array() || sets.size() != directions) return false;
  for (const Json& set : sets) {
    if (!set.is_array() || set.size() != functions) return false;
  }
  return true;
}

void read_activations(JsonReader& reader, RecurrentSpec& spec) {
  const Json* sets = reader.find("activations");
  if (sets == nullptr) return;
  const std::size_t count = traits(spec.cell).activation_count;
  const auto directions = static_cast<std::size_t>(spec.directions());
  if (!fits(*sets, directions, count)) {
    reader.refuse_field("activations",
                        formatted("{} functions for each of {} directions", count, directions),
                        *sets);
  }
  for (std::size_t d = 0; d < directions; ++d) {
    for (std::size_t k = 0; k < count; ++k) {
      JsonPlace place = reader.place();
      place.path += formatted(", direction {}, function {}", d, k);
      spec.activations.at(d).at(k) = activation_from((*sets)[d][k], place);
    }
  }
  if (directions == 1) spec.activations[1] = spec.activations[0];
}

void read(JsonReader& reader, RecurrentSpec& spec) {
  reader.require("cell");
  spec = make_spec(reader.word("cell", kAllCells, kNameOf), reader.integer("input_size", 0),
                   reader.integer("hidden_size", 0), reader.word("direction", kDirections, kNameOf),
                   reader.integer("proj_size", 0), reader.boolean("bias", true));
  spec.peephole = reader.boolean("peephole", spec.peephole);
  spec.coupling = reader.word("coupling", kCouplings, coupling_name);
  spec.linear_before_reset = reader.boolean("linear_before_reset", spec.linear_before_reset);
  spec.clip = reader.real("clip", spec.clip);
  spec.cell_clip = reader.real("cell_clip", spec.cell_clip);
  spec.layer_norm = reader.boolean("layer_norm", spec.layer_norm);
  spec.layer_norm_epsilon = reader.real("layer_norm_epsilon", spec.layer_norm_epsilon);
  spec.heads = reader.integer("heads", spec.heads);
  read_activations(reader, spec);
}

// --- The other kinds ---

void write(const DenseSpec& spec, Json& json) {
  json["input_size"] = spec.input_size;
  json["output_size"] = spec.output_size;
  if (!spec.bias) json["bias"] = false;
}

void read(JsonReader& reader, DenseSpec& spec) {
  spec = {.input_size = reader.integer("input_size", 0),
          .output_size = reader.integer("output_size", 0),
          .bias = reader.boolean("bias", true)};
}

void write(const EmbeddingSpec& spec, Json& json) {
  json["num_embeddings"] = spec.num_embeddings;
  json["embedding_dim"] = spec.embedding_dim;
}

void read(JsonReader& reader, EmbeddingSpec& spec) {
  spec = {.num_embeddings = reader.integer("num_embeddings", 0),
          .embedding_dim = reader.integer("embedding_dim", 0)};
}

void write(const ActivationSpec& spec, Json& json) {
  json["function"] = to_json(spec.function);
  json["size"] = spec.size;
  if (spec.group != 0) json["group"] = spec.group;
}

void read(JsonReader& reader, ActivationSpec& spec) {
  JsonPlace place = reader.place();
  place.path += ", function";
  spec = {.function = activation_from(reader.require("function"), place),
          .size = reader.integer("size", 0),
          .group = reader.integer("group", 0)};
}

void write(const ConcatenateSpec& spec, Json& json) { json["sizes"] = spec.sizes; }

void read(JsonReader& reader, ConcatenateSpec& spec) { spec.sizes = reader.integers("sizes"); }

// --- The kinds of other_specs_text.cpp ---

template <class Spec>
void write(const Spec& spec, Json& json) {
  write_spec(spec, json);
}

template <class Spec>
void read(JsonReader& reader, Spec& spec) {
  read_spec(reader, spec);
}

// --- Any kind ---

template <class Spec>
LayerSpec read_as(JsonReader& reader) {
  Spec spec;
  read(reader, spec);
  return spec;
}

/// A kind of layers by its name.
struct KnownKind {
  std::string_view kind;
  LayerSpec (*read)(JsonReader&);
};

template <std::size_t... K>
std::array<KnownKind, sizeof...(K)> known_kinds(std::index_sequence<K...>) {
  return {KnownKind{kind_name(LayerSpec(std::in_place_index<K>)),
                    read_as<std::variant_alternative_t<K, LayerSpec>>}...};
}

}  // namespace

Json spec_to_json(const LayerSpec& spec) {
  Json json{{"kind", kind_name(spec)}};
  std::visit([&](const auto& one) { write(one, json); }, spec);
  return json;
}

LayerSpec spec_from_json(JsonReader& reader) {
  const auto kinds = known_kinds(std::make_index_sequence<std::variant_size_v<LayerSpec>>());
  reader.require("kind");
  const auto kind_of = [](const KnownKind& known) { return known.kind; };
  LayerSpec spec = reader.word("kind", kinds, kind_of).read(reader);
  try {
    validate(spec);
  } catch (const Error& error) {
    refuse(reader.place(), std::string("is not valid: ") + error.what());
  }
  return spec;
}

}  // namespace carousel::loading
