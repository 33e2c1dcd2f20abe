// SPDX-License-Identifier: Apache-2.0
#include <csv.hpp>
#include <shapes.hpp>

#include <carousel/error.hpp>

#include <gtest/gtest.h>

namespace carousel::bench {
namespace {

using cli::Csv;

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Csv, ReadsFieldsByColumn) {
  const Csv csv("name,T,us\na,3,1.5\r\n\nb,4,\n", "test");
  ASSERT_EQ(csv.rows(), 2U);
  EXPECT_EQ(csv.text(1, "name"), "b");
  EXPECT_EQ(csv.integer(0, "T", 9), 3);
  EXPECT_DOUBLE_EQ(csv.number(0, "us").value(), 1.5);
  EXPECT_FALSE(csv.number(1, "us").has_value());
}

TEST(Csv, ErrorsNameLineAndColumn) {
  EXPECT_EQ(message_of([] { Csv("a,b\n1,2\n3\n", "t.csv"); }),
            "t.csv, line 3: 1 fields where the heading has 2");
  const Csv csv("a\n1x\n-2\n", "t.csv");
  EXPECT_EQ(message_of([&] { static_cast<void>(csv.integer(0, "a", 9)); }),
            "t.csv, line 2: a is '1x', not a whole number in 0..9");
  EXPECT_EQ(message_of([&] { static_cast<void>(csv.integer(1, "a", 9)); }),
            "t.csv, line 3: a is '-2', not a whole number in 0..9");
  const Csv many("a\n10\n", "t.csv");
  EXPECT_EQ(message_of([&] { static_cast<void>(many.integer(0, "a", 9)); }),
            "t.csv, line 2: a is '10', not a whole number in 0..9");
  EXPECT_EQ(message_of([&] { static_cast<void>(csv.number(0, "a")); }),
            "t.csv, line 2: a is '1x', not a number");
  EXPECT_EQ(message_of([&] { static_cast<void>(csv.text(0, "b")); }), "t.csv: no column b");
  EXPECT_EQ(message_of([] { Csv("\n", "t.csv"); }), "t.csv: empty");
}

TEST(Shapes, TheListIsCompleteAndEveryShapeHasPeers) {
  ASSERT_EQ(all_shapes().size(), 42U);
  for (const Shape& shape : all_shapes()) {
    const PeerTimes peers = peer_times(shape.name);
    EXPECT_TRUE(peers.onednn26_t1 && peers.onednn312_t1 && peers.onednn312_t2) << shape.name;
    EXPECT_TRUE(peers.best_t1 && peers.best_t2) << shape.name;
    EXPECT_FALSE(peers.best_t1_peer.empty()) << shape.name;
  }
  EXPECT_FALSE(peer_times("no such shape").best_t1.has_value());
}

TEST(Shapes, SelectsByNameAndPrefixInTheOrderOfTheList) {
  const auto shapes = select_shapes({"vadcell", "sq64_*"});
  ASSERT_EQ(shapes.size(), 5U);
  EXPECT_EQ(shapes.front().name, "sq64_b1");
  EXPECT_EQ(shapes.back().name, "vadcell");
  EXPECT_EQ(select_shapes({}).size(), all_shapes().size());
  EXPECT_EQ(select_shapes({"*_b64"}).size(), 8U);
  EXPECT_EQ(select_shapes({"sq1*_b4"}).size(), 3U) << "16, 128, 1024; not sq16_b64";
  EXPECT_EQ(message_of([] { static_cast<void>(select_shapes({"sq17"})); }).substr(0, 33),
            "no shape 'sq17'; there are sq16_b");
}

TEST(Shapes, CountsOperationsAndBytes) {
  const Shape shape = select_shapes({"asr_bi320"}).front();
  const double directions = 2;
  const double weights = 4.0 * 320 * (80 + 320) * directions;
  EXPECT_DOUBLE_EQ(shape.flops(), 2 * weights * 200);
  const double read = directions * 4 * 320 * (80 + 200 * 320.0) + 200.0 * (80 + 640);
  EXPECT_DOUBLE_EQ(shape.bytes(), 4 * read);
  EXPECT_EQ(shape.random_model().parameter_count(),
            static_cast<std::int64_t>(weights + 2 * 4 * 320 * directions));
}

}  // namespace
}  // namespace carousel::bench
