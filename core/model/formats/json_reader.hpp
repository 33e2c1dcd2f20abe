// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "json_fault.hpp"

#include <carousel/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::loading {

using Json = nlohmann::json;

/// What the enumerations of layers are called; for `JsonReader::word`.
inline constexpr auto kNameOf = [](auto value) { return name(value); };

/// Where a JSON value stands, for messages.
struct JsonPlace {
  std::string source;  ///< The file.
  std::string key;     ///< The metadata key whose text it is; empty: the file itself.
  std::string path;    ///< "layer 0"
};

/// Throws Error "file: metadata 'key': layer 0 text".
[[noreturn]] void refuse(const JsonPlace& place, const std::string& text,
                         ErrorCode code = ErrorCode::bad_format);

/// The value of a metadata text. Throws Error when it is no JSON, or nested deeper than any that
/// Carousel writes.
[[nodiscard]] Json parse_json(std::string_view text, const JsonPlace& place);

/// The text of a value. Throws Error (invalid_argument) when it has text that is not valid UTF-8.
[[nodiscard]] std::string json_text(const Json& json);

/// A JSON object whose fields are read one by one; all must be.
class JsonReader {
 public:
  /// `json` must outlive it. Throws Error unless it is an object.
  JsonReader(const Json& json, JsonPlace place);

  [[nodiscard]] const JsonPlace& place() const { return place_; }

  /// Null when there is no such field.
  const Json* find(const char* field);
  /// Throws Error when there is no such field.
  const Json& require(const char* field);

  // What a field holds, or `otherwise` where there is none. These throw Error when it holds
  // something else.
  std::int64_t integer(const char* field, std::int64_t otherwise);
  bool boolean(const char* field, bool otherwise);
  float real(const char* field, float otherwise);
  /// A number, or one of the texts "inf", "-inf" and "nan", for which JSON has no numbers.
  float any_real(const char* field, float otherwise);
  std::string text(const char* field);
  std::vector<std::string> texts(const char* field);
  std::vector<std::int64_t> integers(const char* field);

  /// One of `all`, by what `name_of` calls it; the first where there is no such field.
  template <class All, class NameOf>
  auto word(const char* field, const All& all, NameOf name_of) -> typename All::value_type {
    const Json* value = find(field);
    if (value == nullptr) return all.front();
    std::string names;
    for (const auto& one : all) {
      if (value->is_string() && value->get_ref<const std::string&>() == name_of(one)) return one;
      names += (names.empty() ? "one of " : ", ") + std::string(name_of(one));
    }
    refuse_field(field, names, *value);
  }

  /// A field that nobody has asked for may change what the layer computes.
  void refuse_unknown() const;
  [[noreturn]] void refuse_field(const char* field, const std::string& expected,
                                 const Json& found) const;

 private:
  const Json& json_;
  JsonPlace place_;
  std::vector<std::string> known_;
};

}  // namespace carousel::loading
