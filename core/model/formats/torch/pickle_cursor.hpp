// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/formats/text.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace carousel::loading::pickle {

/// Reads the bytes of a pickle one after the other. Throws Error where they end too early.
class Cursor {
 public:
  Cursor(std::span<const std::byte> bytes, std::string_view source)
      : text_(reinterpret_cast<const char*>(bytes.data()), bytes.size()), source_(source) {}

  [[nodiscard]] std::size_t position() const { return at_; }

  std::string_view bytes(std::uint64_t count) {
    if (count > text_.size() - at_) fail(source_, "its pickle is cut short");
    const auto size = static_cast<std::size_t>(count);
    at_ += size;
    return text_.substr(at_ - size, size);
  }

  /// An unsigned number of so many bytes, at most eight, the lowest first.
  std::uint64_t number(std::size_t size) {
    std::uint64_t result = 0;
    const std::string_view part = bytes(size);
    for (std::size_t k = size; k-- > 0;) {
      result = result << 8U | static_cast<unsigned char>(part[k]);
    }
    return result;
  }

  /// Up to the end of the line, which is skipped.
  std::string_view line() {
    const std::size_t end = text_.find('\n', at_);
    if (end == text_.npos) fail(source_, "its pickle is cut short");
    const std::string_view result = text_.substr(at_, end - at_);
    at_ = end + 1;
    return result;
  }

 private:
  std::string_view text_;
  std::string_view source_;
  std::size_t at_ = 0;
};

}  // namespace carousel::loading::pickle
