// SPDX-License-Identifier: Apache-2.0
#include <carousel/error.hpp>
#include <carousel/wisdom.hpp>

#include "core/model/formats/spec_text.hpp"
#include "core/model/own_errors.hpp"
#include "core/planning/wisdom_text.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace carousel {
namespace {

using wisdom::checksum;
using wisdom::Json;
using wisdom::kFormat;
using wisdom::kOldestVersion;
using wisdom::kVersion;
using wisdom::text_of;

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

/// What `read_one` makes of each of the list `key`; `what` is one of them.
template <class One>
std::vector<One> read_list(const Json& list, const char* key, const std::string& what,
                           const Place& place, One (*read_one)(const Json&, const Place&)) {
  if (!list.is_array()) place.fail("\"" + std::string(key) + "\" is not a list");
  std::vector<One> all;
  for (std::size_t i = 0; i < list.size(); ++i) {
    all.push_back(read_one(list[i], place.in(what + " " + std::to_string(i))));
  }
  return all;
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
  entry.times = read_list(members.any("times"), "times", "time", place, read_time);
  members.finish();
  return entry;
}

WisdomRead read_read(const Json& json, const Place& place) {
  Members members(json, place);
  WisdomRead read;
  read.machine = members.text("machine");
  read.bytes = members.integer("bytes", 1, std::int64_t{1} << 40U);
  read.bytes_per_second = members.number("bytes_per_second");
  if (read.bytes_per_second <= 0) place.fail("\"bytes_per_second\" is not positive");
  members.finish();
  return read;
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

Wisdom read_wisdom_text(std::string_view text, std::string_view source) {
  const Place place(source, "");
  const Json json = parse_json(text, place);
  if (!json.is_object() || json.value("format", Json()) != kFormat) {
    place.fail("is not a wisdom file");
  }
  Members members(json, place);
  (void)members.any("format");
  const Json& version = members.any("version");
  if (version != kVersion && version != kOldestVersion) {
    place.fail("is wisdom of format version " + text_of(version) + ", this is version " +
               std::to_string(kVersion));
  }
  const std::string expected = members.text("checksum");
  const Json& entries = members.any("entries");
  const bool has_reads = version != kOldestVersion;
  const Json no_reads = Json::array();
  const Json& reads = has_reads ? members.any("reads") : no_reads;
  members.finish();
  if (checksum(text_of(entries) + (has_reads ? text_of(reads) : "")) != expected) {
    place.fail("is damaged: the checksum is wrong");
  }
  return {.entries = read_list(entries, "entries", "entry", place, read_entry),
          .reads = read_list(reads, "reads", "read", place, read_read)};
}

}  // namespace

Wisdom parse_wisdom(std::string_view text, std::string_view source) {
  return with_own_errors([&] { return read_wisdom_text(text, source); });
}

}  // namespace carousel
