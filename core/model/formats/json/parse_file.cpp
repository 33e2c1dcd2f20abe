// SPDX-License-Identifier: Apache-2.0
#include "parse_file.hpp"

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"
#include "core/model/utf8.hpp"

#include <set>

namespace carousel::loading {
namespace {

/// Layers, layer, weights, and the dimensions of an array.
constexpr std::size_t kMaxNesting = 12;
/// A number takes sixteen bytes of memory, and often as few as two in the file.
constexpr std::size_t kMaxBytes = std::size_t{1} << 28U;

/// Receives the events of nlohmann's parser before any value is made. (Its parser with a callback
/// would look, after each object, at all that the array around it has so far.)
class Guard : public nlohmann::json_sax<Json> {
 public:
  explicit Guard(std::string_view source) : source_(source) {}

  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_object(std::size_t /*size*/) override { return open(); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t /*size*/) override { return open(); }
  bool end_array() override { return close(); }

  bool key(string_t& key) override {
    if (!keys_.back().insert(key).second) {
      fail(source_, formatted("is JSON with the key {} twice in one object", quote(key)));
    }
    return true;
  }

  /// Whoever parses the text for its values says what is wrong with it.
  bool parse_error(std::size_t /*byte*/, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) override {
    return false;
  }

 private:
  bool open() {
    if (keys_.size() == kMaxNesting) fail(source_, "is JSON that is nested too deep for a model");
    keys_.emplace_back();
    return true;
  }

  bool close() {
    keys_.pop_back();
    return true;
  }

  std::string_view source_;
  std::vector<std::set<std::string>> keys_;  ///< Of the open objects (and arrays, none).
};

}  // namespace

Json parse_json_file(std::span<const std::byte> bytes, std::string_view source) {
  if (bytes.size() > kMaxBytes) {
    fail(source, "is JSON of more than 256 MiB, which is more than any model",
         ErrorCode::unsupported);
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (const auto at = find_invalid_utf8(text)) {
    fail(source, formatted("is not valid UTF-8 at byte {}", *at));
  }
  Guard guard(source);
  try {
    (void)Json::sax_parse(text, &guard);
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    fail(source, "is " + json_fault(text, error.byte));
  } catch (const Json::out_of_range&) {
    fail(source, "has a number beyond float64");
  }
}

}  // namespace carousel::loading
