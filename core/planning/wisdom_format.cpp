// SPDX-License-Identifier: Apache-2.0
#include <carousel/error.hpp>
#include <carousel/wisdom.hpp>

#include "core/model/formats/spec_text.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>

namespace carousel {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "carousel wisdom";
constexpr std::int64_t kVersion = 3;

// --- Writing -------------------------------------------------------------------------------------

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
  return {{"machine", entry.machine},
          {"layer", loading::spec_to_json(entry.layer)},
          {"precision", name(entry.precision)},
          {"threads", entry.threads},
          {"exact_threads", entry.exact_threads},
          {"batch", entry.batch},
          {"steps", entry.steps}};
}

/// The JSON as valid UTF-8, even if its strings are not.
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

/// 64-bit FNV-1a: detects files that were damaged by accident, not those changed on purpose.
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

/// A place in the file, for messages about what is wrong there.
class Place {
 public:
  Place(std::string_view source, std::string where) : source_(source), where_(std::move(where)) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::bad_format, text() + ": " + what);
  }
  [[nodiscard]] std::string text() const { return source_ + (where_.empty() ? "" : ": ") + where_; }
  [[nodiscard]] Place in(const std::string& part) const {
    return {source_, where_.empty() ? part : where_ + ", " + part};
  }

 private:
  std::string source_;
  std::string where_;
};

/// The members of an object: each must be read once, and `finish` refuses any that is left over.
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

LayerSpec read_layer(const Json& json, const Place& place) {
  const loading::Json fields = json;
  loading::JsonReader reader(fields, {.source = place.text(), .key = "layer", .path = "it"});
  LayerSpec spec = loading::spec_from_json(reader);
  reader.refuse_unknown();
  return spec;
}

Precision read_precision(const std::string& text, const Place& place) {
  try {
    return precision_by_name(text);
  } catch (const Error& error) {
    place.fail(error.what());
  }
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
  entry.layer = read_layer(members.any("layer"), place);
  entry.precision = read_precision(members.text("precision"), place);
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

/// Refuses what no wisdom file has while it is parsed: deep nesting, which takes stack, and objects
/// of many members, which take time.
class ParseLimits {
 public:
  explicit ParseLimits(const Place& place) : place_(place) {}

  bool operator()(int depth, Json::parse_event_t event, const Json&) {
    if (depth > kMostNesting) place_.fail("is damaged: it is nested too deep");
    const auto level = static_cast<std::size_t>(depth);
    if (event == Json::parse_event_t::object_start) members_.at(level + 1) = 0;
    if (event == Json::parse_event_t::key && ++members_.at(level) > kMostMembers) {
      place_.fail("is damaged: it has an object of more than " + std::to_string(kMostMembers) +
                  " members");
    }
    return true;
  }

 private:
  static constexpr int kMostNesting = 16;
  static constexpr int kMostMembers = 100;

  const Place& place_;
  std::array<int, kMostNesting + 2> members_{};  ///< Of the object at each depth.
};

Json parse_json(std::string_view text, const Place& place) {
  try {
    return Json::parse(text, ParseLimits(place));
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
