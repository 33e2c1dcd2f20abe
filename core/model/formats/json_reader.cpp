// SPDX-License-Identifier: Apache-2.0
#include "json_reader.hpp"

#include "text.hpp"

#include "core/model/formatted.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace carousel::loading {
namespace {

constexpr int kMaxMetadataNesting = 5;  // layers, layer, activations, direction, function

[[noreturn]] void fail_at(const JsonPlace& place, const std::string& text) {
  fail(place.source, formatted("metadata {}{}", quote(place.key), text));
}

/// Before the text is parsed: nlohmann's parser with a callback looks, after each object, at all
/// that its array has so far.
void require_flat(std::string_view text, const JsonPlace& place) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t k = 0; k < text.size(); ++k) {
    const char c = text[k];
    if (quoted && c == '\\') ++k;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > kMaxMetadataNesting) fail_at(place, " is nested too deep");
  }
}

}  // namespace

void refuse(const JsonPlace& place, const std::string& text, ErrorCode code) {
  const std::string key = place.key.empty() ? "" : formatted("metadata {}: ", quote(place.key));
  fail(place.source, key + place.path + ' ' + text, code);
}

Json parse_json(std::string_view text, const JsonPlace& place) {
  require_flat(text, place);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    fail_at(place, " is " + json_fault(text, error.byte));
  } catch (const Json::out_of_range&) {
    fail_at(place, " has a number beyond float64");
  }
}

std::string json_text(const Json& json) {
  try {
    return json.dump();
  } catch (const Json::type_error&) {
    throw Error(ErrorCode::invalid_argument,
                "cannot be saved: a name of a layer, input or output is not valid UTF-8");
  }
}

JsonReader::JsonReader(const Json& json, JsonPlace place) : json_(json), place_(std::move(place)) {
  if (!json.is_object()) refuse(place_, "must be an object");
}

const Json* JsonReader::find(const char* field) {
  known_.emplace_back(field);
  const auto found = json_.find(field);
  return found == json_.end() ? nullptr : &*found;
}

const Json& JsonReader::require(const char* field) {
  const Json* value = find(field);
  if (value == nullptr) refuse(place_, std::string("has no ") + field);
  return *value;
}

std::int64_t JsonReader::integer(const char* field, std::int64_t otherwise) {
  const Json* value = find(field);
  if (value == nullptr) return otherwise;
  if (!value->is_number_integer()) refuse_field(field, "an integer", *value);
  return value->get<std::int64_t>();
}

bool JsonReader::boolean(const char* field, bool otherwise) {
  const Json* value = find(field);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) refuse_field(field, "true or false", *value);
  return value->get<bool>();
}

float JsonReader::real(const char* field, float otherwise) {
  const Json* value = find(field);
  if (value == nullptr) return otherwise;
  const double number = value->is_number() ? value->get<double>() : std::nan("");
  constexpr double most = std::numeric_limits<float>::max();
  if (!(std::abs(number) <= most)) refuse_field(field, "a float32 number", *value);
  return static_cast<float>(number);
}

float JsonReader::any_real(const char* field, float otherwise) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const Json* value = find(field);
  if (value == nullptr || !value->is_string()) return real(field, otherwise);
  if (*value == "inf") return kInfinity;
  if (*value == "-inf") return -kInfinity;
  if (*value == "nan") return std::numeric_limits<float>::quiet_NaN();
  refuse_field(field, "a float32 number, 'inf', '-inf' or 'nan'", *value);
}

std::string JsonReader::text(const char* field) {
  const Json* value = find(field);
  if (value == nullptr) return "";
  if (!value->is_string()) refuse_field(field, "a text", *value);
  return value->get<std::string>();
}

std::vector<std::string> JsonReader::texts(const char* field) {
  const Json* value = find(field);
  if (value == nullptr) return {};
  const bool fits = value->is_array() && std::ranges::all_of(*value, [](const Json& element) {
                      return element.is_string();
                    });
  if (!fits) refuse_field(field, "an array of texts", *value);
  return value->get<std::vector<std::string>>();
}

std::vector<std::int64_t> JsonReader::integers(const char* field) {
  const Json* value = find(field);
  if (value == nullptr) return {};
  const bool fits = value->is_array() && std::ranges::all_of(*value, [](const Json& element) {
                      return element.is_number_integer();
                    });
  if (!fits) refuse_field(field, "an array of integers", *value);
  return value->get<std::vector<std::int64_t>>();
}

void JsonReader::refuse_unknown() const {
  for (const auto& [field, value] : json_.items()) {
    if (std::ranges::find(known_, field) == known_.end()) {
      refuse(place_, formatted("has the field {}, which this version does not know", quote(field)));
    }
  }
}

void JsonReader::refuse_field(const char* field, const std::string& expected,
                              const Json& found) const {
  const auto text = found.dump(-1, ' ', false, Json::error_handler_t::replace);
  refuse(place_, formatted("must have {} as {}, found {}", expected, field, quote(text)));
}

}  // namespace carousel::loading
