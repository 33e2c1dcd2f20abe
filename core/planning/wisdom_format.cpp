// SPDX-License-Identifier: Apache-2.0
#include <carousel/wisdom.hpp>

#include "core/model/formats/spec_text.hpp"
#include "core/model/own_errors.hpp"
#include "core/planning/wisdom_text.hpp"

#include <vector>

namespace carousel {

std::string wisdom::text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string wisdom::checksum(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4) {
    digits += "0123456789abcdef"[(hash >> static_cast<unsigned>(shift)) & 15U];
  }
  return digits;
}

namespace {

using wisdom::Json;
using wisdom::text_of;

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

Json read_json(const WisdomRead& read) {
  return {{"machine", read.machine},
          {"bytes", read.bytes},
          {"bytes_per_second", read.bytes_per_second}};
}

/// "[", a line for each text, "]"
std::string list_text(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts) list += (list.size() == 1 ? "\n" : ",\n") + text;
  return list + "]";
}

std::string wisdom_file_text(const Wisdom& what) {
  std::vector<std::string> entry_texts;
  for (const WisdomEntry& entry : what.entries) entry_texts.push_back(entry_text(entry));
  std::vector<std::string> read_texts;
  for (const WisdomRead& read : what.reads) read_texts.push_back("  " + text_of(read_json(read)));
  const std::string entries = list_text(entry_texts);
  const std::string reads = list_text(read_texts);
  return "{\"format\": \"" + std::string(wisdom::kFormat) +
         "\",\n \"version\": " + std::to_string(wisdom::kVersion) + ",\n \"checksum\": \"" +
         wisdom::checksum(text_of(Json::parse(entries)) + text_of(Json::parse(reads))) +
         "\",\n \"entries\": " + entries + ",\n \"reads\": " + reads + "}\n";
}

}  // namespace

std::string format_wisdom(const Wisdom& what) {
  return with_own_errors([&] { return wisdom_file_text(what); });
}

}  // namespace carousel
