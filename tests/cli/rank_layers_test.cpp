// SPDX-License-Identifier: Apache-2.0
// Where the time of a network goes: `carousel rank --layers`, and the page.
#include "command_runner.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>

namespace carousel::cli_test {
namespace {

/// A network of three layers, of which "heavy" has by far the most to do.
std::string save_model(const TemporaryFolder& folder) {
  Model model;
  model.layers.push_back(dense_layer("first", 3, 400));
  model.layers.push_back(dense_layer("heavy", 400, 400));
  model.layers.push_back(dense_layer("<last>", 400, 2));
  const std::string file = folder.file("m.safetensors");
  save(model, file);
  return file;
}

std::string content(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(RankLayers, SharesOfEveryBackendAddUpToTheWhole) {
  const TemporaryFolder folder;
  const CommandResult result = carousel(
      {"rank", save_model(folder), "--layers", "--seconds", "0.2", "--steps", "8", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = result.json();
  const auto& layers = json.at("layers");
  ASSERT_EQ(layers.size(), 4U);
  EXPECT_EQ(layers[0].at("layer"), "first");
  EXPECT_EQ(layers[1].at("kind"), "dense");
  EXPECT_EQ(layers[1].at("description"), "Dense 400 -> 400");
  EXPECT_EQ(layers[3].at("layer"), "between layers");
  for (const auto& row : json.at("results")) {
    if (row.at("agreement") != "ok") continue;
    double sum = 0;
    for (const auto& layer : layers) {
      const auto& part = layer.at(row.at("backend").get<std::string>());
      sum += part.at("share").get<double>();
    }
    EXPECT_NEAR(sum, 1, 1e-9) << row;
    const std::string backend = row.at("backend");
    EXPECT_GT(layers[1].at(backend).at("share").get<double>(),
              layers[0].at(backend).at("share").get<double>());
  }
  EXPECT_GT(layers[1].at("scalar").at("share").get<double>(), 0.5);
}

TEST(RankLayers, TextHasARowForEachLayer) {
  const TemporaryFolder folder;
  const std::string file = save_model(folder);
  const CommandResult result = carousel(
      {"rank", file, "--layers", "--steps", "8", "--seconds", "0.1", "--backend", "scalar"});
  ASSERT_EQ(result.code, 0) << result.err;
  for (const char* row :
       {"\nfirst ", "\nheavy ", "\n<last> ", "\nbetween layers  engine", "\nall "})
    EXPECT_TRUE(contains(result.out, row)) << row << result.out;
  const CommandResult without =
      carousel({"rank", file, "--steps", "8", "--seconds", "0.1", "--backend", "scalar", "--json"});
  EXPECT_FALSE(without.json().contains("layers"));
}

TEST(RankLayers, AreOnThePage) {
  const TemporaryFolder folder;
  const std::string file = save_model(folder);
  const std::string page = folder.file("rank.html");
  const std::vector<std::string> words{"rank", file,        "--steps", "8",      "--seconds",
                                       "0.1",  "--backend", "scalar",  "--html", page};
  const CommandResult ranked = carousel(words);
  ASSERT_EQ(ranked.code, 0) << ranked.err;
  EXPECT_TRUE(contains(ranked.err, page)) << ranked.err;
  EXPECT_TRUE(contains(content(page), "scalar")) << content(page);
  EXPECT_FALSE(contains(content(page), "Where the time goes"));
  std::vector<std::string> with_layers = words;
  with_layers.emplace_back("--layers");
  ASSERT_EQ(carousel(with_layers).code, 0);
  const std::string html = content(page);
  for (const char* part : {"Where the time goes", "heavy", "&lt;last&gt;", "Dense 400 -&gt; 400"}) {
    EXPECT_TRUE(contains(html, part)) << part;
  }
  EXPECT_FALSE(contains(html, "<last>"));
  EXPECT_FALSE(contains(html, "http")) << "needs nothing from elsewhere";
}

TEST(RankLayers, WorkTooLongForTheBudgetIsTimedOnItsFirstSteps) {
  const CommandResult result = carousel({"rank", "--shape", "64,256,128,4", "--backend", "scalar",
                                         "--seconds", "0.02", "--layers", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = result.json();
  EXPECT_TRUE(json.at("results")[0].at("scaled").get<bool>());
  EXPECT_GT(json.at("layers")[0].at("scalar").at("seconds_per_step").get<double>(), 1e-5);
}

}  // namespace
}  // namespace carousel::cli_test
