// SPDX-License-Identifier: Apache-2.0
#include "parse_file.hpp"

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"
#include "core/model/utf8.hpp"

#include <set>

namespace carousel::loading {
namespace {

/// Layers, layer, weights, and the dimensions of an array.
constexpr int kMaxNesting = 12;
/// A number takes sixteen bytes of memory, and often as few as two in the file.
constexpr std::size_t kMaxBytes = std::size_t{1} << 28U;

/// Sees each event of the parser before its value is kept.
class Guard {
 public:
  explicit Guard(std::string_view source) : source_(source) {}

  bool operator()(int depth, Json::parse_event_t event, const Json& value) {
    if (depth > kMaxNesting) fail(source_, "is JSON that is nested too deep for a model");
    if (event == Json::parse_event_t::object_start) {
      keys_.resize(static_cast<std::size_t>(depth) + 1);
      keys_.back().clear();
    }
    if (event == Json::parse_event_t::key) note_key(value.get_ref<const std::string&>(), depth);
    return true;
  }

 private:
  /// The keys of an object are one level deeper than its start.
  void note_key(const std::string& key, int depth) {
    if (!keys_[static_cast<std::size_t>(depth) - 1].insert(key).second) {
      fail(source_, formatted("is JSON with the key {} twice in one object", quote(key)));
    }
  }

  std::string_view source_;
  std::vector<std::set<std::string>> keys_;  ///< Of the open objects, by depth.
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
    return Json::parse(text, [&](int depth, Json::parse_event_t event, Json& value) {
      return guard(depth, event, value);
    });
  } catch (const Json::parse_error& error) {
    fail(source, "is " + json_fault(text, error));
  } catch (const Json::out_of_range&) {
    fail(source, "has a number beyond float64");
  }
}

}  // namespace carousel::loading
