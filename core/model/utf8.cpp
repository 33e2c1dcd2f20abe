// SPDX-License-Identifier: Apache-2.0
#include "core/model/utf8.hpp"

#include <array>

namespace carousel {
namespace {

/// One well-formed UTF-8 sequence: the number of continuation bytes and the range of the first of
/// them, which is where overlong forms, surrogates and values above U+10FFFF are told apart.
struct Utf8Lead {
  unsigned first, last;  ///< Range of lead bytes.
  std::size_t continuations;
  unsigned low, high;  ///< Range of the first continuation byte.
};

// Table 3-7 of the Unicode standard.
constexpr std::array<Utf8Lead, 9> kUtf8Leads{{
    {0x00, 0x7F, 0, 0, 0},
    {0xC2, 0xDF, 1, 0x80, 0xBF},
    {0xE0, 0xE0, 2, 0xA0, 0xBF},
    {0xE1, 0xEC, 2, 0x80, 0xBF},
    {0xED, 0xED, 2, 0x80, 0x9F},
    {0xEE, 0xEF, 2, 0x80, 0xBF},
    {0xF0, 0xF0, 3, 0x90, 0xBF},
    {0xF1, 0xF3, 3, 0x80, 0xBF},
    {0xF4, 0xF4, 3, 0x80, 0x8F},
}};

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  for (const Utf8Lead& lead : kUtf8Leads) {
    if (byte(0) < lead.first || byte(0) > lead.last) continue;
    if (text.size() - at <= lead.continuations) return 0;
    for (std::size_t i = 1; i <= lead.continuations; ++i) {
      const unsigned low = i == 1 ? lead.low : 0x80;
      const unsigned high = i == 1 ? lead.high : 0xBF;
      if (byte(i) < low || byte(i) > high) return 0;
    }
    return lead.continuations + 1;
  }
  return 0;
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

}  // namespace carousel
