// SPDX-License-Identifier: Apache-2.0
// Plug-ins as people meet them: CAROUSEL_PLUGIN_PATH, --plugin and `carousel conformance`.
#include "cli/command_runner.hpp"
#include "plugins/plugin_files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace carousel::plugin_test {
namespace {

using cli_test::carousel;
using cli_test::CommandResult;

nlohmann::json entry(const nlohmann::json& backends, const std::string& name) {
  for (const auto& one : backends["backends"]) {
    if (one["name"] == name) return one;
  }
  return {{"available", "no such entry"}, {"reason", backends.dump(1)}};
}

TEST(PluginCommand, BackendsShowsWhatIsInThePathAndWhatCouldNotBeLoaded) {
  const Folder folder;
  (void)folder.copy(TEXTBOOK_PLUGIN, "textbook");
  const std::string abi = folder.hostile("abi");
  const std::string text = folder.write("libcarousel_backend_scalar.so", "not a library");
  const CommandResult result =
      carousel({"backends", "--json"}, "CAROUSEL_PLUGIN_PATH=" + folder.path() + ":somewhere");
  ASSERT_EQ(result.code, 0) << result.err;
  const auto backends = result.json();
  EXPECT_EQ(entry(backends, "textbook")["available"], true);
  EXPECT_EQ(entry(backends, "textbook")["plugin"],
            folder.path() + "/libcarousel_backend_textbook.so");
  EXPECT_EQ(entry(backends, "scalar")["available"], true);
  EXPECT_EQ(entry(backends, "scalar")["plugin"], nullptr);
  for (const auto& [name, cause] : std::vector<std::pair<std::string, std::string>>{
           {"abi", "version 7"}, {text, "not a shared library"}, {"somewhere", "relative path"}}) {
    const auto one = entry(backends, name);
    EXPECT_EQ(one["available"], false) << name;
    EXPECT_NE(one["reason"].get<std::string>().find(cause), std::string::npos) << one.dump();
  }
  EXPECT_NE(entry(backends, "abi")["reason"].get<std::string>().find(abi), std::string::npos);
}

/// Nothing that lies in the path keeps a command from its work.
TEST(PluginCommand, BrokenPluginsInThePathDoNoHarm) {
  const Folder folder;
  for (const char* crime : {"abi", "throws-entry", "fails-always", "null-function"}) {
    (void)folder.hostile(crime);
  }
  const cli_test::TemporaryFolder files;
  cli_test::save_lstm(files.file("m.safetensors"), 3, 4);
  const CommandResult result =
      carousel({"inspect", files.file("m.safetensors")}, "CAROUSEL_PLUGIN_PATH=" + folder.path());
  EXPECT_EQ(result.code, 0) << result.err;
}

TEST(PluginCommand, RunsOnAPlugin) {
  const cli_test::TemporaryFolder files;
  const std::string model = files.file("m.safetensors");
  cli_test::save_lstm(model, 3, 4);
  const CommandResult result =
      carousel({"check", model, "--plugin", TEXTBOOK_PLUGIN, "--backend", "textbook", "--json"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.json()["ok"], true);
  const CommandResult missing = carousel({"check", model, "--plugin", files.file("none.so")});
  EXPECT_EQ(missing.code, 2);
  EXPECT_NE(missing.err.find("none.so: there is no such file"), std::string::npos) << missing.err;
}

TEST(ConformanceCommand, GivesAVerdict) {
  const CommandResult result = carousel({"conformance", "--plugin", TEXTBOOK_PLUGIN, "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto verdict = result.json()[0];
  EXPECT_EQ(verdict["backend"], "textbook");
  EXPECT_EQ(verdict["version"], "1.0");
  EXPECT_EQ(verdict["plugin"], TEXTBOOK_PLUGIN);
  EXPECT_EQ(verdict["conforms"], true);
  EXPECT_EQ(verdict["failed"], 0);
  EXPECT_GT(verdict["passed"], 300);
  EXPECT_GT(verdict["refused"], 700);
  const CommandResult text =
      carousel({"conformance", "--backend", "scalar", "--case", "direction/"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_NE(text.out.find("conforms: passes every case"), std::string::npos) << text.out;
}

TEST(ConformanceCommand, FailsWhatIsWrong) {
  const Folder folder;
  const CommandResult result = carousel(
      {"conformance", "--plugin", folder.hostile("out-of-bounds"), "--case", "direction/"});
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.out.find("wrote outside the rows of y"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("does NOT conform"), std::string::npos) << result.out;
  const CommandResult nothing = carousel({"conformance"});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_NE(nothing.err.find("--plugin FILE or --backend NAME"), std::string::npos) << nothing.err;
}

TEST(ConformanceCommand, EndsWhatDoesNotReturn) {
  const Folder folder;
  const CommandResult result =
      carousel({"conformance", "--plugin", folder.hostile("sleeps-forward"), "--case", "size/I3_H3",
                "--time-limit", "0.3"});
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.out.find("did not end within the time limit"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("does NOT conform"), std::string::npos) << result.out;
}

TEST(ConformanceCommand, DrawsCases) {
  const CommandResult result =
      carousel({"conformance", "--backend", "scalar", "--random", "20", "--seed", "5", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.json()[0]["seed"], 5);
  EXPECT_EQ(result.json()[0]["passed"], 20);
  const CommandResult lonely = carousel({"conformance", "--backend", "scalar", "--seed", "5"});
  EXPECT_EQ(lonely.code, 2);
  EXPECT_NE(lonely.err.find("--random COUNT"), std::string::npos) << lonely.err;
}

}  // namespace
}  // namespace carousel::plugin_test
