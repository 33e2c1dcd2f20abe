// SPDX-License-Identifier: Apache-2.0
#include <suite.hpp>

#include <gtest/gtest.h>

#include <numeric>

namespace carousel::bench {
namespace {

struct Asked {
  std::vector<std::string> shapes;
  std::vector<double> seconds;
};

/// Takes exactly the seconds that it is given.
Asked run(double seconds, const std::vector<std::string>& names) {
  Settings settings;
  settings.shapes = select_shapes(names);
  settings.seconds = seconds;
  double now = 5;
  Asked asked;
  Results results;
  run_lengths(
      settings, results,
      [&](const Shape& shape, int threads, const std::function<double()>& allowed) {
        asked.shapes.push_back(shape.name + " " + std::to_string(threads));
        asked.seconds.push_back(allowed());
        now += asked.seconds.back();
        return std::vector<LengthsResult>(1);
      },
      [&now] { return now; });
  EXPECT_EQ(results.lengths.size(), asked.shapes.size());
  return asked;
}

TEST(Lengths, TakeTheSecondsOfTheSettings) {
  const Asked ten = run(10, {"sq16_b16", "sq128_b64"});
  EXPECT_EQ(ten.shapes,
            (std::vector<std::string>{"sq16_b16 1", "sq16_b16 2", "sq128_b64 1", "sq128_b64 2"}));
  EXPECT_NEAR(std::accumulate(ten.seconds.begin(), ten.seconds.end(), 0.0), 10, 1e-9);
  EXPECT_GT(ten.seconds[2], ten.seconds[0]) << "the larger shape";
  const Asked forty = run(40, {"sq16_b16", "sq128_b64"});
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(forty.seconds[i], 4 * ten.seconds[i], 1e-9);
}

TEST(Lengths, AreForShapesWithManyRowsAndForHugeOnesIfAskedFor) {
  EXPECT_EQ(run(10, {"sq16_b1", "sq16_b4", "sq16_b16"}).shapes.size(), 2U);
  EXPECT_EQ(run(10, {"sq2048_b64"}).shapes.size(), 2U);
  const Asked all = run(10, {});
  EXPECT_EQ(std::ranges::count(all.shapes, "sq2048_b64 1"), 0);
  EXPECT_EQ(std::ranges::count(all.shapes, "sq512_b64 1"), 1);
}

}  // namespace
}  // namespace carousel::bench
