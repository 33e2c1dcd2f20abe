// SPDX-License-Identifier: Apache-2.0
// Parts of the command that its output rests on.
#include "command_runner.hpp"
#include "format.hpp"
#include "generator.hpp"
#include "model_facts.hpp"
#include "model_source.hpp"
#include "table.hpp"
#include "timing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

namespace carousel::cli {
namespace {

TEST(Format, UnitsAndDigits) {
  EXPECT_EQ(format_time(12.34e-6), "12.3 µs");
  EXPECT_EQ(format_time(0.9996e-3), "1.00 ms");
  EXPECT_EQ(format_time(250), "250 s");
  EXPECT_EQ(format_rate(81'400), "81.4 k/s");
  EXPECT_EQ(format_bytes(1536), "1.50 KiB");
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_percent(0.123), "12 %");
  EXPECT_EQ(format_percent(0.0123), "1.2 %");
  EXPECT_EQ(format_count(-1234567), "-1,234,567");
  EXPECT_EQ(format_count(123), "123");
  EXPECT_EQ(format_error(0), "0");
  EXPECT_EQ(format_error(1.25e-7), "1.2e-07");
  EXPECT_EQ(format_shape({3, 4}), "[3, 4]");
  EXPECT_EQ(format_hex(0xabc), "0000000000000abc");
  EXPECT_EQ(join({"a", "b"}), "a, b");
  EXPECT_EQ(format_bar(0.5, 4), "██");
  EXPECT_EQ(format_bar(std::nan(""), 4), "");
  EXPECT_EQ(shorten("a\nb\x1b[31m", 100), "a\\nb?[31m");
  EXPECT_EQ(shorten("äöü", 2), "äö…");
}

TEST(TablePrinter, AlignsByWhatIsSeenAndWrapsTheEnd) {
  Table table(
      {{"a", "name", Align::left}, {"b", "value"}, {"hidden", ""}, {"", "why", Align::left}});
  const std::string why = "word " + std::string(60, 'x') + " " + std::string(60, 'y');
  table.add({std::string("µ"), {"1", 1}, {"", 7}, std::string("short")});
  table.add({std::string("bb"), {"22", 22}, {"", 8}, why});
  std::ostringstream out;
  table.print(out);
  EXPECT_TRUE(out.str().starts_with("name  value  why\nµ         1  short\nbb       22  word xxx"))
      << out.str();
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), 100U);
  EXPECT_EQ(table.json().dump(), R"([{"a":"µ","b":1,"hidden":7},{"a":"bb","b":22,"hidden":8}])");
}

TEST(ModelFacts, MatricesOfEveryKindOfLayer) {
  Model model = random_model(parse_shape("lstm:3,16,4,2,1,1,5"), 1);
  model.layers.insert(model.layers.begin(), {.spec = EmbeddingSpec{7, 3}});
  model.layers.push_back({.spec = DenseSpec{10, 6}});
  const std::vector<MatrixSizes> expected{
      {}, {.each_step = 4 * 16 * 5 + 5 * 16, .once = 4 * 16 * 3, .directions = 2}, {.once = 60}};
  EXPECT_EQ(matrix_sizes(model), expected);
}

TEST(ModelFacts, IdsOfTheInputThatAnEmbeddingReads) {
  Model model;
  model.layers.push_back({.spec = EmbeddingSpec{7, 3}});
  EXPECT_EQ(id_count(model), 7);
  model.inputs = {{"x", 4}, {"ids", 1, true}};
  model.layers.front().inputs = {"ids"};
  EXPECT_EQ(id_count(model, "ids"), 7);
  EXPECT_EQ(id_count(model), 0);
}

TEST(Cells, HaveTheNamesOfTheirTable) {
  for (std::size_t k = 0; k < kCellCount; ++k) {
    EXPECT_EQ(cell_by_name(kCells.at(k).name), static_cast<Cell>(k));
    const Shape shape = parse_shape(std::string(kCells.at(k).name) + ":3,4,5,6");
    EXPECT_EQ(shape.cell, static_cast<Cell>(k));
  }
  EXPECT_EQ(cell_by_name("LSTM"), std::nullopt);
  EXPECT_EQ(parse_shape("3,4,5,6").cell, static_cast<Cell>(0));
}

TEST(Timing, MedianAndQuartiles) {
  const Summary summary = summarize({5, 1, 2, 3, 4});
  EXPECT_EQ(summary.median, 3);
  EXPECT_EQ(summary.half_width, 1);
  EXPECT_EQ(summarize({}).median, 0);
}

TEST(Sampling, FollowsTheDistribution) {
  const std::vector<float> logits{0.0F, std::log(3.0F), -1000.0F};
  EXPECT_EQ(sample(logits, 0, 0.0), 1U);
  EXPECT_EQ(sample(logits, 1, 0.2499), 0U);
  EXPECT_EQ(sample(logits, 1, 0.2501), 1U);
  EXPECT_EQ(sample(logits, 1, 0.9999999), 1U);
  EXPECT_LT(sample(std::vector<float>(3, std::numeric_limits<float>::quiet_NaN()), 1, 0.5), 3U);
}

TEST(RandomModel, IsReproducibleAndBounded) {
  const Shape shape = parse_shape("3,16,4,2,2,1,5");
  const Model a = random_model(shape, 1);
  EXPECT_NO_THROW(validate(a));
  EXPECT_EQ(input_size(a.layers.at(1).spec), 10);
  EXPECT_EQ(a.layers[0].weights, random_model(shape, 1).layers[0].weights);
  EXPECT_NE(a.layers[0].weights, random_model(shape, 2).layers[0].weights);
  for (const float w : a.layers[0].weights.at("weight_hh_reverse").floats()) {
    EXPECT_LE(std::fabs(w), 0.25F);
  }
}

}  // namespace
}  // namespace carousel::cli
