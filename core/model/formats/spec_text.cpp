// SPDX-License-Identifier: Apache-2.0
#include "spec_text.hpp"

#include "state_dict.hpp"
#include "text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/model/activation_parameters.hpp"

namespace carousel::loading {
namespace {

using Json = nlohmann::json;
using Kind = ActivationKind;

constexpr int kMaxNesting = 5;  // layers, layer, activations, direction, function

constexpr std::array kCells{Cell::lstm, Cell::gru, Cell::rnn};
constexpr std::array kDirections{Direction::forward, Direction::reverse, Direction::bidirectional};
constexpr std::array kCouplings{GateCoupling::none, GateCoupling::forget_from_input,
                                GateCoupling::input_from_forget};
constexpr std::array kPrecisions{Precision::float32, Precision::bfloat16, Precision::int8};
constexpr std::array kKinds{Kind::sigmoid,     Kind::tanh,         Kind::relu,
                            Kind::affine,      Kind::leaky_relu,   Kind::thresholded_relu,
                            Kind::scaled_tanh, Kind::hard_sigmoid, Kind::elu,
                            Kind::softsign,    Kind::softplus};

std::string_view name(GateCoupling coupling) {
  switch (coupling) {
    case GateCoupling::none: return "none";
    case GateCoupling::forget_from_input: return "forget_from_input";
    case GateCoupling::input_from_forget: return "input_from_forget";
  }
  return "?";
}

Json to_json(const Activation& activation) {
  const ActivationParameters has = parameters(activation.kind);
  Json json{{"name", carousel::name(activation.kind)}};
  if (has.alpha) json["alpha"] = activation.alpha;
  if (has.beta) json["beta"] = activation.beta;
  return json;
}

Json activations_to_json(const LayerSpec& spec) {
  Json sets = Json::array();
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    Json set = Json::array();
    for (std::size_t k = 0; k < activation_count(spec.cell); ++k) {
      set.push_back(to_json(spec.activations.at(d).at(k)));
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

Json to_json(const LayerSpec& spec) {
  Json json{{"cell", carousel::name(spec.cell)},
            {"input_size", spec.input_size},
            {"hidden_size", spec.hidden_size}};
  const LayerSpec usual;
  const auto add = [&](const char* field, const auto& value, const auto& usual_value) {
    if (value != usual_value) json[field] = value;
  };
  add("direction", carousel::name(spec.direction), carousel::name(usual.direction));
  add("proj_size", spec.proj_size, usual.proj_size);
  add("bias", spec.bias, usual.bias);
  add("peephole", spec.peephole, usual.peephole);
  add("coupling", name(spec.coupling), name(usual.coupling));
  add("linear_before_reset", spec.linear_before_reset, usual.linear_before_reset);
  add("clip", spec.clip, usual.clip);
  add("cell_clip", spec.cell_clip, usual.cell_clip);
  add("precision", carousel::name(spec.precision), carousel::name(usual.precision));
  if (!has_default_activations(spec)) json["activations"] = activations_to_json(spec);
  return json;
}

/// A JSON object whose fields are read one by one; all must be.
class Reader {
 public:
  Reader(const Json& json, std::string source, std::string where)
      : json_(json), source_(std::move(source)), where_(std::move(where)) {
    if (!json.is_object()) refuse("must be an object");
  }

  [[noreturn]] void refuse(const std::string& text) const {
    fail(source_, "metadata " + quote(kLayersKey) + ": " + where_ + ' ' + text);
  }

  /// Null when there is no such field.
  const Json* find(const char* field) {
    known_.emplace_back(field);
    const auto found = json_.find(field);
    return found == json_.end() ? nullptr : &*found;
  }

  std::int64_t integer(const char* field, std::int64_t otherwise) {
    const Json* value = find(field);
    if (value == nullptr) return otherwise;
    if (!value->is_number_integer()) refuse_field(field, "an integer", *value);
    return value->get<std::int64_t>();
  }

  bool boolean(const char* field, bool otherwise) {
    const Json* value = find(field);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) refuse_field(field, "true or false", *value);
    return value->get<bool>();
  }

  float real(const char* field, float otherwise) {
    const Json* value = find(field);
    if (value == nullptr) return otherwise;
    const double number = value->is_number() ? value->get<double>() : std::nan("");
    constexpr double most = std::numeric_limits<float>::max();
    if (!(std::abs(number) <= most)) refuse_field(field, "a float32 number", *value);
    return static_cast<float>(number);
  }

  /// One of `all`, by its name.
  template <class Enum, std::size_t N>
  Enum word(const char* field, const std::array<Enum, N>& all) {
    const Json* value = find(field);
    if (value == nullptr) return all.front();
    std::string names;
    for (const Enum one : all) {
      if (value->is_string() && value->get_ref<const std::string&>() == name(one)) return one;
      names += (names.empty() ? "one of " : ", ") + std::string(name(one));
    }
    refuse_field(field, names, *value);
  }

  /// A field that nobody has asked for may change what the layer computes.
  void refuse_unknown() const {
    for (const auto& [field, value] : json_.items()) {
      if (std::ranges::find(known_, field) == known_.end()) {
        refuse("has the field " + quote(field) + ", which this version does not know");
      }
    }
  }

  [[noreturn]] void refuse_field(const char* field, const std::string& expected,
                                 const Json& found) const {
    const auto text = found.dump(-1, ' ', false, Json::error_handler_t::replace);
    refuse(std::string("must have ") + expected + " as " + field + ", found " + quote(text));
  }

  [[nodiscard]] const std::string& source() const { return source_; }

 private:
  const Json& json_;
  std::string source_;
  std::string where_;
  std::vector<std::string> known_;
};

Activation activation_from(const Json& json, const std::string& source, const std::string& where) {
  Reader reader(json, source, where);
  Activation activation{reader.word("name", kKinds)};
  if (!json.contains("name")) reader.refuse("has no name");
  const ActivationParameters has = parameters(activation.kind);
  for (const char* field : {"alpha", "beta"}) {
    const bool alpha = field == std::string_view("alpha");
    if (!(alpha ? has.alpha : has.beta)) continue;
    if (!json.contains(field)) reader.refuse(std::string("has no ") + field);
    (alpha ? activation.alpha : activation.beta) = reader.real(field, 0.0F);
  }
  reader.refuse_unknown();
  return activation;
}

void read_activations(Reader& reader, const std::string& where, LayerSpec& spec) {
  const Json* sets = reader.find("activations");
  if (sets == nullptr) return;
  const std::size_t count = activation_count(spec.cell);
  const auto directions = static_cast<std::size_t>(spec.directions());
  bool fits = sets->is_array() && sets->size() == directions;
  for (std::size_t d = 0; fits && d < directions; ++d) {
    fits = (*sets)[d].is_array() && (*sets)[d].size() == count;
  }
  if (!fits) {
    reader.refuse_field("activations",
                        std::to_string(count) + " functions for each of " +
                            std::to_string(directions) + " directions",
                        *sets);
  }
  for (std::size_t d = 0; d < directions; ++d) {
    for (std::size_t k = 0; k < count; ++k) {
      spec.activations.at(d).at(k) = activation_from(
          (*sets)[d][k], reader.source(),
          where + ", direction " + std::to_string(d) + ", function " + std::to_string(k));
    }
  }
  if (directions == 1) spec.activations[1] = spec.activations[0];
}

LayerSpec spec_from(const Json& json, const std::string& source, const std::string& where) {
  Reader reader(json, source, where);
  LayerSpec spec =
      make_spec(reader.word("cell", kCells), reader.integer("input_size", 0),
                reader.integer("hidden_size", 0), reader.word("direction", kDirections),
                reader.integer("proj_size", 0), reader.boolean("bias", true));
  if (!json.contains("cell")) reader.refuse("has no cell");
  spec.peephole = reader.boolean("peephole", spec.peephole);
  spec.coupling = reader.word("coupling", kCouplings);
  spec.linear_before_reset = reader.boolean("linear_before_reset", spec.linear_before_reset);
  spec.clip = reader.real("clip", spec.clip);
  spec.cell_clip = reader.real("cell_clip", spec.cell_clip);
  spec.precision = reader.word("precision", kPrecisions);
  read_activations(reader, where, spec);
  reader.refuse_unknown();
  try {
    validate(spec);
  } catch (const Error& error) {
    reader.refuse(std::string("is not valid: ") + error.what());
  }
  return spec;
}

Json parse(std::string_view text, std::string_view source) {
  const auto limit = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kMaxNesting) fail(source, "metadata " + quote(kLayersKey) + " is nested too deep");
    return true;
  };
  try {
    return Json::parse(text, limit);
  } catch (const Json::parse_error& error) {
    fail(source, "metadata " + quote(kLayersKey) + " is not JSON (byte " +
                     std::to_string(error.byte) + ")");
  }
}

}  // namespace

std::string specs_to_text(const std::vector<ModelLayer>& layers) {
  Json json = Json::array();
  for (const ModelLayer& layer : layers) json.push_back(to_json(layer.spec));
  return json.dump();
}

std::vector<LayerSpec> specs_from_text(std::string_view text, std::string_view source) {
  const Json json = parse(text, source);
  if (!json.is_array() || json.empty()) {
    fail(source, "metadata " + quote(kLayersKey) + " must be an array with an object per layer");
  }
  std::vector<LayerSpec> specs;
  for (std::size_t k = 0; k < json.size(); ++k) {
    specs.push_back(spec_from(json[k], std::string(source), "layer " + std::to_string(k)));
  }
  return specs;
}

}  // namespace carousel::loading
