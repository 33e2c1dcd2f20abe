// SPDX-License-Identifier: Apache-2.0
#include "formatted.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace carousel {
namespace {

/// In six digits, as streams write numbers, and whatever the locale is. The C++ library of
/// Emscripten has no `to_chars` of floating-point numbers, and no locales.
std::string number_text(double value) {
  std::array<char, 32> text{};
#if defined(__cpp_lib_to_chars)
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 6);
  return {text.data(), end.ptr};
#else
  (void)std::snprintf(text.data(), text.size(), "%g", value);
  return text.data();
#endif
}

}  // namespace

void TextArgument::append_to(std::string& text) const {
  if (const auto* characters = std::get_if<std::string_view>(&value_)) {
    text += *characters;
  } else if (const auto* number = std::get_if<std::int64_t>(&value_)) {
    text += std::to_string(*number);
  } else if (const auto* count = std::get_if<std::uint64_t>(&value_)) {
    text += std::to_string(*count);
  } else {
    text += number_text(std::get<double>(value_));
  }
}

std::string fill_in(std::string_view pattern, std::initializer_list<TextArgument> arguments) {
  std::string text;
  for (const TextArgument& argument : arguments) {
    const std::size_t place = pattern.find("{}");
    text += pattern.substr(0, place);
    argument.append_to(text);
    pattern.remove_prefix(place + 2);
  }
  return text += pattern;
}

}  // namespace carousel
