// SPDX-License-Identifier: Apache-2.0
// carousel tune, explain, wisdom and --plan from outside. What is measured is not looked at.
#include "command_runner.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace carousel::cli_test {
namespace {

const std::vector<std::string> kTune{"tune", "--shape", "4,8,10,1", "--seconds", "0.01"};

std::vector<std::string> with(std::vector<std::string> words,
                              const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(Planning, TuneIsRememberedAndForgotten) {
  const TemporaryFolder folder;
  const std::string environment = "CAROUSEL_WISDOM=" + folder.file("wisdom.json");
  const auto source = [&](const std::vector<std::string>& more) {
    return carousel(with(with(kTune, {"--json"}), more), environment)
        .json()["layers"][0]["source"]
        .get<std::string>();
  };
  EXPECT_EQ(source({}), "measured");
  EXPECT_EQ(source({}), "wisdom");
  EXPECT_EQ(source({"--again"}), "measured");

  const auto shown = carousel({"wisdom", "show", "--json"}, environment).json();
  std::size_t found = 0;
  for (const auto& entry : shown["entries"]) {
    EXPECT_TRUE(entry["here"].get<bool>());
    if (entry["layer"] == "LSTM 4 -> 8") ++found;
  }
  EXPECT_EQ(found, 1U);
  EXPECT_GT(shown["entries"].size(), 1U) << "the rates of the cost model as well";

  const std::vector<std::string> explain{"explain", "--shape", "4,8,10,1", "--plan", "wisdom-only"};
  EXPECT_EQ(carousel(explain, environment).code, 0);
  EXPECT_EQ(carousel({"wisdom", "export", folder.file("copy.json")}, environment).code, 0);
  EXPECT_EQ(carousel({"wisdom", "forget"}, environment).code, 0);
  const CommandResult missing = carousel(explain, environment);
  EXPECT_EQ(missing.code, 2);
  EXPECT_NE(missing.err.find("no wisdom about LSTM 4 -> 8"), std::string::npos) << missing.err;
  EXPECT_EQ(carousel({"wisdom", "import", folder.file("copy.json")}, environment).code, 0);
  EXPECT_EQ(carousel(explain, environment).code, 0);
}

TEST(Planning, ImportTakesAllOrNothing) {
  const TemporaryFolder folder;
  const std::string environment = "CAROUSEL_WISDOM=" + folder.file("wisdom.json");
  std::ofstream(folder.file("bad.json")) << R"({"format": "carousel wisdom", "version": 1)";
  const CommandResult result = carousel({"wisdom", "import", folder.file("bad.json")}, environment);
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("bad.json: is damaged"), std::string::npos) << result.err;
  EXPECT_EQ(folder.file_count(), 1U) << "nothing was written";
  EXPECT_EQ(carousel({"wisdom", "export", folder.file("x.json")}, environment).code, 2);
}

TEST(Planning, DamagedWisdomIsAWarning) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("wisdom.json")) << R"({"format": "carousel wisdom",)";
  const CommandResult result =
      carousel({"explain", "--shape", "4,8,10,1"}, "CAROUSEL_WISDOM=" + folder.file("wisdom.json"));
  EXPECT_EQ(result.code, 0);
  EXPECT_NE(result.err.find("warning: wisdom is ignored: "), std::string::npos) << result.err;
}

TEST(Planning, ExplainListsEveryWay) {
  const CommandResult result = carousel({"explain", "--shape", "4,8,10,1", "--threads", "2",
                                         "--plan", "measure", "--cross-check", "--json"},
                                        "CAROUSEL_WISDOM=/dev/null");
  ASSERT_EQ(result.code, 0) << result.err;
  const auto layer = result.json()["layers"][0];
  EXPECT_EQ(layer["source"], "measured");
  std::size_t chosen = 0;
  for (const auto& candidate : layer["candidates"]) {
    chosen += candidate.contains("backend") &&
                      candidate["verdict"].get<std::string>().starts_with("chosen: ")
                  ? 1U
                  : 0U;
    EXPECT_FALSE(candidate["verdict"].get<std::string>().empty()) << candidate;
  }
  EXPECT_EQ(chosen, 1U);
}

TEST(Planning, ExplainMeasuresWithoutChoosingByIt) {
  const CommandResult result =
      carousel({"explain", "--shape", "4,8,10,1", "--measure", "--seconds", "0.01", "--json"},
               "CAROUSEL_WISDOM=/dev/null");
  ASSERT_EQ(result.code, 0) << result.err;
  const auto layer = result.json()["layers"][0];
  EXPECT_EQ(layer["source"], "cost model");
  for (const auto& candidate : layer["candidates"]) {
    if (!candidate["runs"].get<bool>()) continue;
    EXPECT_GT(candidate["predicted_seconds"].get<double>(), 0) << candidate;
    EXPECT_GT(candidate["measured_seconds"].get<double>(), 0) << candidate;
  }
}

TEST(Planning, PartsOfTheCpuCanBeHidden) {
  const auto on = [](const std::string& environment) {
    return carousel({"backends", "--json"}, environment);
  };
  const auto narrow = on("CAROUSEL_MAX_ISA=sse2").json();
  for (const auto& feature : narrow["cpu"]["features"]) {
    EXPECT_FALSE(feature.get<std::string>().starts_with("avx")) << feature;
  }
  EXPECT_EQ(on("CAROUSEL_CACHE_SIZES=32K,256K,4M").json()["cpu"]["l2_bytes"], 256 << 10);
  const CommandResult wrong = on("CAROUSEL_MAX_ISA=mmx");
  EXPECT_EQ(wrong.code, 2);
  EXPECT_NE(wrong.err.find("CAROUSEL_MAX_ISA: 'mmx' is none of sse2"), std::string::npos)
      << wrong.err;
  EXPECT_EQ(on("CAROUSEL_CACHE_SIZES=32K").code, 2);
}

TEST(Planning, TuneVerifiesATableOfShapes) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("shapes.csv")) << "name,input,hidden,layers,bidir,T,B\n"
                                              "one,4,8,1,0,10,1\ntwo,4,8,1,1,5,2\n";
  const CommandResult result =
      carousel({"tune", "--shapes", folder.file("shapes.csv"), "--backend", "scalar", "--repeat",
                "3", "--verify", "--seconds", "0.005", "--json"},
               "CAROUSEL_WISDOM=" + folder.file("wisdom.json"));
  EXPECT_EQ(result.code, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json["layers"].size(), 2U);
  EXPECT_EQ(json["layers"][1]["same"], 3);
  EXPECT_EQ(json["stable_share"], 1.0);
  EXPECT_EQ(folder.file_count(), 1U) << "wisdom is left alone";
  EXPECT_EQ(carousel({"tune"}).code, 2);
}

TEST(Planning, UnknownPlansAreRefused) {
  const CommandResult result = carousel({"explain", "--shape", "4,8,10,1", "--plan", "guess"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("--plan"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace carousel::cli_test
