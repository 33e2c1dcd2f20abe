// SPDX-License-Identifier: Apache-2.0
#include "vocabulary.hpp"

#include "format.hpp"
#include "model_facts.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace carousel::cli {
namespace {

constexpr const char* kKey = "carousel.vocab";

std::vector<std::string> parse_symbols(const Model& model) {
  const auto found = model.metadata.find(kKey);
  if (found == model.metadata.end()) {
    throw Error(ErrorCode::invalid_argument,
                model.source + ": no metadata '" + kKey +
                    "' (a JSON array of one-character strings), so text cannot be turned into ids");
  }
  const auto json = nlohmann::json::parse(found->second, nullptr, false);
  const bool strings =
      json.is_array() &&
      std::all_of(json.begin(), json.end(), [](const auto& item) { return item.is_string(); });
  if (!strings)
    throw Error(ErrorCode::bad_format,
                model.source + ": metadata '" + kKey + "' is not a JSON array of strings");
  return json.get<std::vector<std::string>>();
}

}  // namespace

std::size_t utf8_length(char first) noexcept {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0xC0U ? 1 : byte < 0xE0U ? 2 : byte < 0xF0U ? 3 : byte < 0xF8U ? 4 : 1;
}

Vocabulary::Vocabulary(const Model& model) {
  const std::int64_t ids = id_count(model);
  if (ids == 0) {
    throw Error(ErrorCode::invalid_argument,
                model.source + ": has no embedding, so it takes no text");
  }
  symbols_ = parse_symbols(model);
  if (std::cmp_not_equal(symbols_.size(), ids)) {
    throw Error(ErrorCode::bad_format,
                model.source + ": metadata '" + kKey + "' has " + std::to_string(symbols_.size()) +
                    " symbols, but the embedding " + std::to_string(ids) + " rows");
  }
  for (std::size_t id = 0; id < symbols_.size(); ++id) {
    const std::string& symbol = symbols_[id];
    if (symbol.empty() || utf8_length(symbol.front()) != symbol.size()) {
      throw Error(ErrorCode::bad_format, model.source + ": metadata '" + kKey + "': symbol " +
                                             std::to_string(id) + " ('" + shorten(symbol, 20) +
                                             "') is not one character");
    }
    if (!ids_.emplace(symbol, static_cast<std::int32_t>(id)).second) {
      throw Error(ErrorCode::bad_format, model.source + ": metadata '" + kKey + "': '" +
                                             shorten(symbol, 20) + "' comes twice");
    }
  }
}

std::vector<std::int32_t> Vocabulary::encode(std::string_view text, const std::string& what) const {
  std::vector<std::int32_t> ids;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view symbol = text.substr(at, utf8_length(text[at]));
    const auto found = ids_.find(symbol);
    if (found == ids_.end()) {
      throw Error(ErrorCode::invalid_argument, what + ": the network does not know '" +
                                                   shorten(symbol, 8) + "' (character " +
                                                   std::to_string(ids.size() + 1) + ")");
    }
    ids.push_back(found->second);
    at += symbol.size();
  }
  return ids;
}

}  // namespace carousel::cli
