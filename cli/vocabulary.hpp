// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::cli {

/// The symbols of a character network, from its metadata "carousel.vocab": a JSON array of strings
/// of one character each, in id order.
class Vocabulary {
 public:
  /// Throws Error when the model has no embedding or no such metadata, or they do not fit.
  explicit Vocabulary(const Model& model);

  /// Throws Error naming the first unknown character of `text` and its position; `what` names the
  /// text in that message.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text,
                                                 const std::string& what) const;
  [[nodiscard]] const std::string& symbol(std::size_t id) const { return symbols_.at(id); }
  [[nodiscard]] std::size_t size() const noexcept { return symbols_.size(); }

 private:
  std::vector<std::string> symbols_;
  std::map<std::string, std::int32_t, std::less<>> ids_;
};

/// Bytes of the UTF-8 character that starts with `first`; 1 where that is no valid start.
[[nodiscard]] std::size_t utf8_length(char first) noexcept;

}  // namespace carousel::cli
