// SPDX-License-Identifier: Apache-2.0
// Names from files in texts: whatever they hold, a text is one line of valid UTF-8 that says it.
#include "core/model/quote.hpp"

#include "core/model/utf8.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>

namespace carousel {
namespace {

TEST(Quote, ShowsWhatCanBeShown) {
  EXPECT_EQ(quote("encoder.lstm"), "'encoder.lstm'");
  EXPECT_EQ(quote(""), "''");
  EXPECT_EQ(quote("größe 量"), "'größe 量'");
  EXPECT_EQ(escaped("it's a\\b"), "it's a\\b");
  EXPECT_EQ(quote("it's a\\b"), "'it\\'s a\\\\b'");
}

TEST(Quote, EscapesWhatWouldChangeATerminalOrALine) {
  EXPECT_EQ(quote("a\nb\r\t"), "'a\\x0ab\\x0d\\x09'");
  EXPECT_EQ(escaped("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(quote(std::string_view("a\0b", 3)), "'a\\x00b'");
  EXPECT_EQ(quote("\x7f"), "'\\x7f'");
  EXPECT_EQ(quote("\xc2\x9b"), "'\\xc2\\x9b'") << "a control character of two bytes";
  EXPECT_EQ(quote("a\xe2\x80\xae"
                  "b"),
            "'a\\xe2\\x80\\xaeb'")
      << "from right to left";
  EXPECT_EQ(quote("\xe2\x80\xa8"), "'\\xe2\\x80\\xa8'") << "the end of a line";
  EXPECT_EQ(quote("\xff\xfe"), "'\\xff\\xfe'") << "no UTF-8";
  EXPECT_EQ(quote("\xe9t\xe9"), "'\\xe9t\\xe9'") << "Latin-1";
  EXPECT_EQ(quote("\xe2\x80"), "'\\xe2\\x80'") << "cut off";
}

TEST(Quote, CutsLongNamesBetweenCharacters) {
  const std::string long_name(std::size_t{1} << 20U, 'x');
  EXPECT_EQ(quote(long_name), "'" + std::string(120, 'x') + "...'");
  std::string wide;
  for (int k = 0; k < 100; ++k) wide += "\xc3\xb6";
  EXPECT_FALSE(find_invalid_utf8(quote("x" + wide)));
  EXPECT_EQ(escaped(long_name), long_name);
}

TEST(Quote, IntoMemoryWritesTheSameAsFarAsItFits) {
  const std::string name = "a\nb";
  const std::string whole = quote(name);
  for (std::size_t room = 0; room < 12; ++room) {
    std::array<char, 12> memory;
    memory.fill('-');
    const std::size_t used = quote_into(std::span(memory).first(room), name);
    EXPECT_EQ(used, std::min(room, whole.size()));
    EXPECT_EQ(std::string_view(memory.data(), used), whole.substr(0, used));
    EXPECT_TRUE(std::all_of(memory.begin() + static_cast<std::ptrdiff_t>(used), memory.end(),
                            [](char c) { return c == '-'; }));
  }
}

TEST(Quote, OfAnyBytesIsOneLineOfUtf8) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string name(random() % 9, '\0');
    for (char& c : name) c = static_cast<char>(random() % 256);
    for (const std::string& text : {quote(name), escaped(name)}) {
      EXPECT_FALSE(find_invalid_utf8(text));
      for (const char c : text) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
    }
  }
}

}  // namespace
}  // namespace carousel
