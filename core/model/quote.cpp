// SPDX-License-Identifier: Apache-2.0
#include "core/model/quote.hpp"

#include "core/model/utf8.hpp"

#include <algorithm>
#include <array>

namespace carousel {
namespace {

constexpr std::size_t kMostQuoted = 120;

struct CodePoints {
  std::string_view first, last;  ///< In UTF-8, whose order is that of code points.
};

/// Code points that do not show, or that change how their neighbours do.
constexpr std::array<CodePoints, 7> kHidden{{
    {"\xC2\x80", "\xC2\x9F"},          // U+0080 to U+009F, control characters
    {"\xD8\x9C", "\xD8\x9C"},          // U+061C, Arabic letter mark
    {"\xE2\x80\x8B", "\xE2\x80\x8F"},  // U+200B to U+200F, of no width, and directions
    {"\xE2\x80\xA8", "\xE2\x80\xAE"},  // U+2028 to U+202E, line ends and directions
    {"\xE2\x81\xA0", "\xE2\x81\xAF"},  // U+2060 to U+206F, likewise
    {"\xEF\xBB\xBF", "\xEF\xBB\xBF"},  // U+FEFF, of no width
    {"\xEF\xBF\xB9", "\xEF\xBF\xBB"},  // U+FFF9 to U+FFFB, annotations
}};

bool is_shown(std::string_view sequence) noexcept {
  if (sequence.size() == 1) return sequence.front() >= ' ' && sequence.front() != '\x7F';
  return std::ranges::none_of(kHidden, [&](const CodePoints& range) {
    return range.first.size() == sequence.size() && range.first <= sequence &&
           sequence <= range.last;
  });
}

/// Calls `put(bytes)` for each piece of the text that stands for the name, and returns how much of
/// the name they stand for: all of it, unless it has more than `most` bytes.
template <class Put>
std::size_t escape_to(std::string_view name, std::size_t most, bool quoted, Put put) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::size_t at = 0;
  while (at < std::min(name.size(), most)) {
    const std::size_t length = std::max<std::size_t>(utf8_length(name, at), 1);
    const std::string_view sequence = name.substr(at, length);
    at += length;
    const bool valid = length > 1 || static_cast<unsigned char>(sequence.front()) < 0x80;
    if (valid && is_shown(sequence)) {
      if (quoted && (sequence == "'" || sequence == "\\")) put(std::string_view("\\"));
      put(sequence);
      continue;
    }
    for (const char c : sequence) {
      const auto byte = static_cast<unsigned char>(c);
      const std::array<char, 4> code{'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 15U]};
      put(std::string_view(code.data(), code.size()));
    }
  }
  return at;
}

template <class Put>
void quote_to(std::string_view name, Put put) {
  put(std::string_view("'"));
  const bool all = escape_to(name, kMostQuoted, true, put) == name.size();
  put(std::string_view(all ? "'" : "...'"));
}

}  // namespace

std::string quote(std::string_view name) {
  std::string text;
  quote_to(name, [&](std::string_view piece) { text += piece; });
  return text;
}

std::size_t quote_into(std::span<char> to, std::string_view name) noexcept {
  std::size_t used = 0;
  quote_to(name, [&](std::string_view piece) {
    const std::size_t count = std::min(piece.size(), to.size() - used);
    std::ranges::copy(piece.substr(0, count), to.begin() + static_cast<std::ptrdiff_t>(used));
    used += count;
  });
  return used;
}

std::string escaped(std::string_view name) {
  std::string text;
  (void)escape_to(name, name.size(), false, [&](std::string_view piece) { text += piece; });
  return text;
}

}  // namespace carousel
