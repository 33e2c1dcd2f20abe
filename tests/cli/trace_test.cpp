// SPDX-License-Identifier: Apache-2.0
// `carousel trace`: the values are those of the network, the statistics those of the values, and
// the page shows them without anything from elsewhere.
#include "command_runner.hpp"
#include "model_source.hpp"
#include "trace/trace_captions.hpp"
#include "trace/trace_page.hpp"

#include <carousel/carousel.hpp>
#include <carousel/npy.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <iterator>

namespace carousel::cli {
namespace {

using cli_test::CommandResult;

constexpr std::int64_t kSteps = 9;
constexpr std::int64_t kHidden = 5;

std::string read_text(const std::string& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TracedLayer layer_with(const std::vector<std::vector<double>>& forget) {
  TracedLayer layer{.name = "l0",
                    .file_name = "l0",
                    .spec = make_spec(Cell::lstm, 1, static_cast<std::int64_t>(forget[0].size())),
                    .steps = static_cast<std::int64_t>(forget.size()),
                    .signals = {{.key = "f", .gate = true, .keeps = true}, {.key = "c"}}};
  for (const auto& row : forget) {
    for (const double value : row) {
      layer.signals[0].values.push_back(value);
      layer.signals[1].values.push_back(10.0 * value - 5.0);
    }
  }
  return layer;
}

TEST(TraceStatistics, GatesAndMemories) {
  const TracedLayer layer = layer_with({{0.9, 1.0, 0.5, 0.01}, {0.9, 1.0, 0.5, 0.97}});
  const GateUse use = gate_use(layer.signals[0]);
  EXPECT_DOUBLE_EQ(use.mean, (1.8 + 2.0 + 1.0 + 0.98) / 8);
  EXPECT_DOUBLE_EQ(use.shut, 1.0 / 8);
  EXPECT_DOUBLE_EQ(use.open, 3.0 / 8);
  EXPECT_DOUBLE_EQ(share_beyond(layer.signals[1], 4.5), 4.0 / 8);
  const std::vector<Memory> longest = memories(layer);
  ASSERT_EQ(longest.size(), 4U);
  EXPECT_EQ(longest[0].unit, 1U);
  EXPECT_TRUE(std::isinf(longest[0].time_constant));
  EXPECT_EQ(longest[1].unit, 0U);
  EXPECT_NEAR(longest[1].time_constant, 9.491, 1e-3);  // 0.9^9.491 = 1/e
  EXPECT_NEAR(longest[2].time_constant, 1.4427, 1e-4);
  EXPECT_NEAR(longest[3].time_constant, -2.0 / std::log(0.01 * 0.97), 1e-12);
}

TEST(TraceStatistics, ColoursCoverTheirRange) {
  const Signal gate{.key = "f", .gate = true};
  EXPECT_EQ(colour_class(gate, 0.0, 1.0), "q0");
  EXPECT_EQ(colour_class(gate, 1.0, 1.0), "q15");
  const Signal state{.key = "c"};
  EXPECT_EQ(colour_class(state, -9.0, 4.0), "v0");
  EXPECT_EQ(colour_class(state, 0.0, 4.0), "v8");
  EXPECT_EQ(colour_class(state, 4.0, 4.0), "v16");
  EXPECT_EQ(colour_class(state, std::nan(""), 4.0), "nan");
}

TEST(TraceCaptions, EveryGateAndStateOfEveryCellHasOne) {
  for (std::size_t k = 0; k < kCellCount; ++k) {
    const std::vector<SignalText> texts = signal_texts(static_cast<Cell>(k));
    const auto captioned = [&](std::string_view key) {
      return std::ranges::count(texts, key, &SignalText::key) == 1;
    };
    const CellTraits& cell = kCells.at(k);
    for (std::size_t g = 0; g < cell.gates.size(); ++g) {
      EXPECT_TRUE(captioned(cell.gates.substr(g, 1))) << cell.name << ' ' << cell.gates[g];
    }
    for (std::size_t s = 0; s < cell.state_count; ++s) {
      EXPECT_TRUE(captioned(cell.states.at(s))) << cell.name << ' ' << cell.states.at(s);
    }
    for (const SignalText& text : texts) EXPECT_FALSE(text.caption.empty()) << text.key;
  }
}

class TraceCommand : public testing::Test {
 protected:
  void SetUp() override {
    cli_test::save_lstm(model_, 3, kHidden, 2, true);
    write_npy(input_, std::vector<std::int64_t>{kSteps, 3}, x_);
  }

  [[nodiscard]] CommandResult trace(std::vector<std::string> more) const {
    more.insert(more.begin(), {"trace", model_, "--input", input_});
    return cli_test::carousel(more);
  }
  [[nodiscard]] std::vector<float> array(const std::string& name) const {
    const NpyArray found = read_npy(folder_.file("traced/" + name + ".npy"));
    EXPECT_EQ(found.shape, (std::vector<std::int64_t>{kSteps, kHidden}));
    return found.floats(name);
  }

  cli_test::TemporaryFolder folder_;
  std::string model_ = folder_.file("m.safetensors");
  std::string input_ = folder_.file("x.npy");
  std::string page_ = folder_.file("page.html");
  std::vector<float> x_ = cli_test::ramp(kSteps * 3);
};

TEST_F(TraceCommand, ArraysAreTheNetworks) {
  ASSERT_EQ(trace({"--arrays", folder_.file("traced"), "--json"}).code, 0);
  const Network network = prepare(load(model_), {.backend = "scalar"});
  Stream stream = network.stream({.batch = 1, .max_steps = kSteps});
  std::vector<float> y(kSteps * 2 * kHidden);
  ASSERT_TRUE(static_cast<bool>(stream.run(unbatched<const float>(x_.data(), kSteps, 3),
                                           unbatched(y.data(), kSteps, 2 * kHidden))));
  const std::vector<float> forward = array("l1.h");
  const std::vector<float> reverse = array("l1.h_reverse");
  for (std::size_t k = 0; k < forward.size(); ++k) {
    const std::size_t at = k / kHidden * 2 * kHidden + k % kHidden;
    EXPECT_NEAR(forward[k], y[at], 1e-5);
    EXPECT_NEAR(reverse[k], y[at + kHidden], 1e-5);
  }
  const auto f = array("l0.f"), i = array("l0.i"), g = array("l0.g");
  const auto c = array("l0.c"), o = array("l0.o"), h = array("l0.h");
  for (std::size_t k = kHidden; k < c.size(); ++k) {
    EXPECT_NEAR(c[k], f[k] * c[k - kHidden] + i[k] * g[k], 1e-6);
    EXPECT_NEAR(h[k], o[k] * std::tanh(c[k]), 1e-6);
  }
}

TEST_F(TraceCommand, PageIsWholeAndAlone) {
  const CommandResult result =
      trace({"--html", page_, "--layer", "l1", "--units", "0-2,4", "--compare", "scalar,xsimd"});
  ASSERT_EQ(result.code, 0) << result.err;
  const std::string page = read_text(page_);
  EXPECT_EQ(occurrences(page, "<figure class=\"map\""), 12U);  // six of each direction
  EXPECT_EQ(occurrences(page, "data-units=\"0,1,2,4\""), 12U);
  EXPECT_EQ(occurrences(page, "forget gate f of l1, reverse over time"), 1U);
  EXPECT_EQ(occurrences(page, "Units with the longest memory"), 2U);
  EXPECT_EQ(occurrences(page, "scalar against xsimd"), 2U);
  for (const char* outside : {"http:", "https:", " src=", "@import", "url(", "<link"}) {
    EXPECT_EQ(occurrences(page, outside), 0U) << outside;
  }
  EXPECT_EQ(occurrences(page, "<svg"), occurrences(page, "</svg>"));
}

TEST_F(TraceCommand, TextOfALanguageModel) {
  cli_test::save_language_model(model_, {"a", "b", "<", " "});
  const CommandResult result =
      cli_test::carousel({"trace", model_, "--text", "ab <", "--html", page_, "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.json()["steps"].get<int>(), 4);
  const std::string page = read_text(page_);
  EXPECT_GE(occurrences(page, "“ab &lt;”"), 1U);
  EXPECT_GE(occurrences(page, ">␣</text>"), 1U);
  EXPECT_GE(occurrences(page, "What surprised the network"), 1U);
  EXPECT_EQ(occurrences(page, R"(["“a”","“b”","“␣”","“\u003c”"])"), 1U);
}

TEST_F(TraceCommand, OtherCellsHaveOtherGates) {
  save(random_model(parse_shape("gru:3,5,1,1"), 5), model_);
  ASSERT_EQ(trace({"--arrays", folder_.file("traced"), "--html", page_}).code, 0);
  const auto z = array("l0.z"), n = array("l0.n"), h = array("l0.h");
  for (std::size_t k = kHidden; k < h.size(); ++k) {
    EXPECT_NEAR(h[k], (1 - z[k]) * n[k] + z[k] * h[k - kHidden], 1e-6);
  }
  EXPECT_EQ(occurrences(read_text(page_), "<figure class=\"map\""), 4U);
  save(random_model(parse_shape("rnn:3,5,1,1"), 5), model_);
  ASSERT_EQ(trace({"--html", page_}).code, 0);
  EXPECT_EQ(occurrences(read_text(page_), "<figure class=\"map\""), 1U);
  EXPECT_EQ(occurrences(read_text(page_), "longest memory</h3>"), 0U);
}

TEST_F(TraceCommand, SummaryAndDifferences) {
  const CommandResult result = trace({"--json", "--compare", "scalar,scalar"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json["gates"].size(), 12U);
  EXPECT_EQ(json["differences"].size(), 4U);
  EXPECT_EQ(json["differences"][0]["differing"].get<int>(), 0);
  const CommandResult text = trace({});
  EXPECT_NE(text.out.find("forget gate f"), std::string::npos);
  EXPECT_NE(text.out.find("fades to 1/e in"), std::string::npos);
}

TEST_F(TraceCommand, RefusesWhatThereIsNot) {
  const auto error = [&](const std::vector<std::string>& arguments) {
    const CommandResult result = trace(arguments);
    EXPECT_EQ(result.code, 2);
    return result.err;
  };
  EXPECT_NE(error({"--layer", "l2"}).find("there is no recurrent layer 'l2'; there are l0, l1"),
            std::string::npos);
  EXPECT_NE(error({"--units", "5"}).find("no unit 5 in l0; it has 0 to 4"), std::string::npos);
  EXPECT_NE(error({"--units", "3-1"}).find("'3-1' is no range"), std::string::npos);
  EXPECT_NE(error({"--units", "x"}).find("neither a number nor a range"), std::string::npos);
  EXPECT_NE(error({"--compare", "scalar"}).find("must be two backends"), std::string::npos);
  EXPECT_NE(error({"--compare", "scalar,abacus"}).find("abacus"), std::string::npos);
  EXPECT_NE(error({"--text", "ab"}).find("give --text or --input"), std::string::npos);
  write_npy(input_, std::vector<std::int64_t>{3, 3, 3}, cli_test::ramp(27));
  EXPECT_NE(error({}).find("floats [steps, 3]"), std::string::npos);
}

}  // namespace
}  // namespace carousel::cli
