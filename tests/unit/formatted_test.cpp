// SPDX-License-Identifier: Apache-2.0
#include "core/model/formatted.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace carousel {
namespace {

TEST(Formatted, PutsArgumentsInTheirPlaces) {
  const std::string name = "lstm";
  EXPECT_EQ(formatted("axis {} of {}", 2, name), "axis 2 of lstm");
  EXPECT_EQ(formatted("{}{}", std::string_view("a"), 'b'), "ab");
  EXPECT_EQ(formatted("no argument"), "no argument");
}

TEST(Formatted, LeavesWhatArgumentsHoldAsItIs) {
  EXPECT_EQ(formatted("{}: {}", "{}", 1), "{}: 1");
  EXPECT_EQ(formatted("{ } {}", std::string("a\0b", 3)), std::string("{ } a\0b", 7));
}

TEST(Formatted, WritesEveryNumber) {
  EXPECT_EQ(formatted("{}", std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(formatted("{}", std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(formatted("{}", std::uint8_t{65}), "65");
  EXPECT_EQ(formatted("{} {} {}", 0.5F, 1e-12, 3.0), "0.5 1e-12 3");
}

}  // namespace
}  // namespace carousel
