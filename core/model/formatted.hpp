// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

/// \file
/// Texts with values in them, put together in one function: sums of strings are code at each place,
/// of which the texts of errors have hundreds.
namespace carousel {

/// What stands for a {}: characters or a number. It is for the expression in which it is made: it
/// owns no characters.
class TextArgument {
 public:
  explicit TextArgument(const char* text) noexcept : value_(std::string_view(text)) {}
  explicit TextArgument(std::string_view text) noexcept : value_(text) {}
  explicit TextArgument(const std::string& text) noexcept : value_(std::string_view(text)) {}
  explicit TextArgument(double value) noexcept : value_(value) {}
  template <std::signed_integral Integer>
  explicit TextArgument(Integer value) noexcept : value_(std::int64_t{value}) {}
  template <std::unsigned_integral Integer>
  explicit TextArgument(Integer value) noexcept : value_(std::uint64_t{value}) {}
  explicit TextArgument(const char& character) noexcept : value_(std::string_view(&character, 1)) {}
  explicit TextArgument(bool value) = delete;  ///< which words?

  void append_to(std::string& text) const;

 private:
  std::variant<std::string_view, std::int64_t, std::uint64_t, double> value_;
};

/// A text with so many {}, which the compiler counts.
template <std::size_t kCount>
class TextPattern {
 public:
  // A literal is a pattern. NOLINTNEXTLINE(google-explicit-constructor)
  consteval TextPattern(const char* text) : text_(text) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text_.find("{}", at)) != std::string_view::npos; at += 2) {
      ++count;
    }
    if (count != kCount) throw "a text has as many {} as there are arguments";
  }
  [[nodiscard]] std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

/// The pattern with each {} replaced by the argument in its place.
[[nodiscard]] std::string fill_in(std::string_view pattern,
                                  std::initializer_list<TextArgument> arguments);

/// The same: formatted("axis {} of {}", 2, quote(name)).
template <class... Arguments>
[[nodiscard]] std::string formatted(TextPattern<sizeof...(Arguments)> pattern,
                                    const Arguments&... arguments) {
  return fill_in(pattern.text(), {TextArgument(arguments)...});
}

}  // namespace carousel
