// SPDX-License-Identifier: Apache-2.0
#include <carousel/error.hpp>
#include <carousel/wisdom.hpp>

#include <array>
#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>

namespace carousel {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "carousel wisdom";
constexpr std::int64_t kVersion = 2;

// --- Writing -------------------------------------------------------------------------------------

Json activation_json(const Activation& activation) {
  return {std::string(name(activation.kind)), activation.alpha, activation.beta};
}

Json layer_json(const LayerSpec& spec) {
  Json json = {{"cell", name(spec.cell)},
               {"direction", name(spec.direction)},
               {"input_size", spec.input_size},
               {"hidden_size", spec.hidden_size},
               {"proj_size", spec.proj_size},
               {"bias", spec.bias},
               {"peephole", spec.peephole},
               {"coupling", static_cast<int>(spec.coupling)},
               {"linear_before_reset", spec.linear_before_reset},
               {"clip", spec.clip},
               {"cell_clip", spec.cell_clip},
               {"precision", name(spec.precision)},
               {"activations", Json::array()}};
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    for (std::size_t k = 0; k < activation_count(spec.cell); ++k) {
      json["activations"].push_back(activation_json(spec.activations.at(d).at(k)));
    }
  }
  return json;
}

Json time_json(const WisdomTime& time) {
  Json json = {{"backend", time.backend}, {"threads", time.threads}, {"tiling", time.tiling}};
  if (time.seconds > 0) {
    json["seconds"] = time.seconds;
    json["spread"] = time.spread;
  } else {
    json["left_out"] = time.left_out;
  }
  json["version"] = time.version;
  return json;
}

Json key_json(const WisdomEntry& entry) {
  return {{"machine", entry.machine}, {"layer", layer_json(entry.layer)},
          {"threads", entry.threads}, {"exact_threads", entry.exact_threads},
          {"batch", entry.batch},     {"steps", entry.steps}};
}

/// Text of whatever origin as valid UTF-8.
std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string entry_text(const WisdomEntry& entry) {
  std::string text = "  {";
  const Json keys = key_json(entry);
  for (const auto& [key, value] : keys.items()) {
    text += "\"" + key + "\": " + text_of(value) + ",\n   ";
  }
  text += "\"times\": [";
  for (std::size_t i = 0; i < entry.times.size(); ++i) {
    text += (i == 0 ? "\n    " : ",\n    ") + text_of(time_json(entry.times[i]));
  }
  return text + "]}";
}

/// 64-bit FNV-1a: tells a file that was changed by accident, and nothing else.
/// http://www.isthe.com/chongo/tech/comp/fnv/
std::string checksum(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4) {
    digits += "0123456789abcdef"[(hash >> static_cast<unsigned>(shift)) & 15U];
  }
  return digits;
}

// --- Reading -------------------------------------------------------------------------------------

/// Where in the file something is wrong.
class Place {
 public:
  Place(std::string_view source, std::string where) : source_(source), where_(std::move(where)) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(source_ + ": " + where_ + (where_.empty() ? "" : ": ") + what);
  }
  [[nodiscard]] Place in(const std::string& part) const {
    return {source_, where_.empty() ? part : where_ + ", " + part};
  }

 private:
  std::string source_;
  std::string where_;
};

/// The members of an object, each to be taken once and none left over.
class Members {
 public:
  Members(const Json& json, Place place) : json_(json), place_(std::move(place)) {
    if (!json_.is_object()) place_.fail("is not an object");
  }

  const Json& any(const char* key) {
    const auto found = json_.find(key);
    if (found == json_.end()) place_.fail(std::string("has no \"") + key + '"');
    ++taken_;
    return *found;
  }
  std::string text(const char* key) {
    const Json& value = any(key);
    if (!value.is_string()) wrong(key, "a string");
    return value.get<std::string>();
  }
  bool flag(const char* key) {
    const Json& value = any(key);
    if (!value.is_boolean()) wrong(key, "true or false");
    return value.get<bool>();
  }
  std::int64_t integer(const char* key, std::int64_t least, std::int64_t most) {
    const Json& value = any(key);
    const bool whole = value.is_number_integer() &&
                       (!value.is_number_unsigned() || value.get<std::uint64_t>() <= kMostInteger);
    if (!whole || value.get<std::int64_t>() < least || value.get<std::int64_t>() > most) {
      wrong(key, "a whole number in " + std::to_string(least) + ".." + std::to_string(most));
    }
    return value.get<std::int64_t>();
  }
  double number(const char* key) {
    const Json& value = any(key);
    if (!value.is_number() || !std::isfinite(value.get<double>())) wrong(key, "a number");
    return value.get<double>();
  }
  /// One of the values whose name the file has.
  template <class Enum>
  Enum one_of(const char* key, std::initializer_list<Enum> values) {
    const std::string found = text(key);
    for (const Enum value : values) {
      if (name(value) == found) return value;
    }
    wrong(key, "a known name");
  }
  [[nodiscard]] bool has(const char* key) const { return json_.contains(key); }
  void finish() const {
    if (taken_ != json_.size()) place_.fail("has members that this version does not know");
  }
  [[nodiscard]] const Place& place() const noexcept { return place_; }

 private:
  static constexpr std::uint64_t kMostInteger = std::uint64_t{1} << 62U;

  [[noreturn]] void wrong(const char* key, const std::string& expected) const {
    place_.fail("\"" + std::string(key) + "\" is not " + expected);
  }

  const Json& json_;
  Place place_;
  std::size_t taken_ = 0;
};

constexpr std::int64_t kMostSize = std::int64_t{1} << 20U;

Activation read_activation(const Json& json, const Place& place) {
  if (!json.is_array() || json.size() != 3 || !json[0].is_string() || !json[1].is_number() ||
      !json[2].is_number()) {
    place.fail("an activation is not [name, alpha, beta]");
  }
  for (int kind = 0; kind <= static_cast<int>(ActivationKind::softplus); ++kind) {
    const auto known = static_cast<ActivationKind>(kind);
    if (name(known) == json[0].get<std::string>()) {
      return {known, json[1].get<float>(), json[2].get<float>()};
    }
  }
  place.fail("there is no activation " + text_of(json[0]));
}

void read_activations(const Json& json, const Place& place, LayerSpec& spec) {
  spec.activations = {default_activations(spec.cell), default_activations(spec.cell)};
  const std::size_t each = activation_count(spec.cell);
  if (!json.is_array() || json.size() != each * static_cast<std::size_t>(spec.directions())) {
    place.fail("has not as many activations as the cell");
  }
  for (std::size_t i = 0; i < json.size(); ++i) {
    spec.activations.at(i / each).at(i % each) = read_activation(json[i], place);
  }
}

LayerSpec read_layer(const Json& json, const Place& place) {
  Members members(json, place);
  LayerSpec spec;
  spec.cell = members.one_of("cell", {Cell::lstm, Cell::gru, Cell::rnn, Cell::linear});
  spec.direction = members.one_of(
      "direction", {Direction::forward, Direction::reverse, Direction::bidirectional});
  spec.input_size = members.integer("input_size", 1, kMostSize);
  spec.hidden_size = members.integer("hidden_size", 1, kMostSize);
  spec.proj_size = members.integer("proj_size", 0, kMostSize);
  spec.bias = members.flag("bias");
  spec.peephole = members.flag("peephole");
  spec.coupling = static_cast<GateCoupling>(
      members.integer("coupling", 0, static_cast<int>(GateCoupling::input_from_forget)));
  spec.linear_before_reset = members.flag("linear_before_reset");
  spec.clip = static_cast<float>(members.number("clip"));
  spec.cell_clip = static_cast<float>(members.number("cell_clip"));
  spec.precision =
      members.one_of("precision", {Precision::float32, Precision::bfloat16, Precision::int8});
  read_activations(members.any("activations"), place, spec);
  members.finish();
  try {
    validate(spec);
  } catch (const Error& error) {
    place.fail(error.what());
  }
  return spec;
}

WisdomTime read_time(const Json& json, const Place& place) {
  Members members(json, place);
  WisdomTime time;
  time.backend = members.text("backend");
  time.threads = static_cast<int>(members.integer("threads", 1, kMostSize));
  time.tiling = members.text("tiling");
  time.version = members.text("version");
  if (members.has("seconds")) {
    time.seconds = members.number("seconds");
    if (time.seconds <= 0) place.fail("\"seconds\" is not positive");
    time.spread = members.number("spread");
    if (time.spread < 0 || time.spread >= 1) place.fail("\"spread\" is not in [0, 1)");
  } else {
    time.left_out = members.text("left_out");
  }
  members.finish();
  return time;
}

WisdomEntry read_entry(const Json& json, const Place& place) {
  Members members(json, place);
  WisdomEntry entry;
  entry.machine = members.text("machine");
  entry.layer = read_layer(members.any("layer"), place.in("layer"));
  entry.threads = static_cast<int>(members.integer("threads", 1, kMostSize));
  entry.exact_threads = members.flag("exact_threads");
  entry.batch = members.integer("batch", 1, kMostSize);
  entry.steps = members.integer("steps", 1, kMostSize);
  const Json& times = members.any("times");
  if (!times.is_array()) place.fail("\"times\" is not a list");
  for (std::size_t i = 0; i < times.size(); ++i) {
    entry.times.push_back(read_time(times[i], place.in("time " + std::to_string(i))));
  }
  members.finish();
  return entry;
}

Json parse_json(std::string_view text, const Place& place) {
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception&) {
    place.fail("is damaged: it is not JSON to its end");
  }
}

}  // namespace

std::string format_wisdom(const Wisdom& wisdom) {
  std::string entries = "[";
  for (const WisdomEntry& entry : wisdom.entries) {
    entries += (entries.size() == 1 ? "\n" : ",\n") + entry_text(entry);
  }
  entries += "]";
  return "{\"format\": \"" + std::string(kFormat) +
         "\",\n \"version\": " + std::to_string(kVersion) + ",\n \"checksum\": \"" +
         checksum(text_of(Json::parse(entries))) + "\",\n \"entries\": " + entries + "}\n";
}

Wisdom parse_wisdom(std::string_view text, std::string_view source) {
  const Place place(source, "");
  const Json json = parse_json(text, place);
  if (!json.is_object() || json.value("format", Json()) != kFormat) {
    place.fail("is not a wisdom file");
  }
  Members members(json, place);
  (void)members.any("format");
  if (const Json& version = members.any("version"); version != kVersion) {
    place.fail("is wisdom of format version " + text_of(version) + ", this is version " +
               std::to_string(kVersion));
  }
  const std::string expected = members.text("checksum");
  const Json& entries = members.any("entries");
  members.finish();
  if (!entries.is_array()) place.fail("\"entries\" is not a list");
  if (checksum(text_of(entries)) != expected) place.fail("is damaged: the checksum is wrong");
  Wisdom wisdom;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    wisdom.entries.push_back(read_entry(entries[i], place.in("entry " + std::to_string(i))));
  }
  return wisdom;
}

}  // namespace carousel
