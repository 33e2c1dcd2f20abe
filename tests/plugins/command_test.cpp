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

/// What the path names and is not there is said where backends are listed, and where one is missed.
TEST(PluginCommand, EntriesOfThePathThatDoNotExistAreTold) {
  const Folder folder;
  const std::string gone = folder.path() + "/gone";
  const std::string path = "CAROUSEL_PLUGIN_PATH=" + gone + ":" + folder.path();
  const std::string cause = "CAROUSEL_PLUGIN_PATH: '" + gone + "': there is no such file or folder";
  const CommandResult listed = carousel({"backends", "--json"}, path);
  ASSERT_EQ(listed.code, 0) << listed.err;
  EXPECT_EQ(entry(listed.json(), gone)["reason"], cause);
  const cli_test::TemporaryFolder files;
  cli_test::save_lstm(files.file("m.safetensors"), 3, 4);
  const CommandResult missed =
      carousel({"inspect", files.file("m.safetensors"), "--backend", "abacus"}, path);
  EXPECT_NE(missed.code, 0);
  EXPECT_NE(missed.err.find("unknown backend 'abacus'"), std::string::npos) << missed.err;
  EXPECT_NE(missed.err.find(cause), std::string::npos) << missed.err;
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

/// Each command that names backends takes plug-ins, as many as there are.
TEST(PluginCommand, TakesSeveralPluginsEverywhere) {
  const Folder folder;
  const std::string second = folder.hostile("second");
  const CommandResult shown =
      carousel({"backends", "--plugin", TEXTBOOK_PLUGIN, "--plugin", second, "--json"});
  ASSERT_EQ(shown.code, 0) << shown.err;
  EXPECT_EQ(entry(shown.json(), "textbook")["available"], true);
  EXPECT_EQ(entry(shown.json(), "hostile-second")["available"], true);
  for (const char* command :
       {"check", "explain", "generate", "inspect", "latency", "rank", "run", "trace", "tune"}) {
    const CommandResult help = carousel({command, "--help"});
    EXPECT_NE(help.out.find("--plugin"), std::string::npos) << command;
    const CommandResult result =
        carousel({command, "--plugin", TEXTBOOK_PLUGIN, "--plugin", folder.path() + "/none.so"});
    EXPECT_EQ(result.code, 2) << command;
    EXPECT_NE(result.err.find("none.so: there is no such file"), std::string::npos)
        << command << ": " << result.err;
  }
}

/// Alone it refuses the head; with somebody else for that it is ranked.
TEST(PluginCommand, RanksAPluginWithoutDenseLayersOnANetworkWithAHead) {
  const cli_test::TemporaryFolder files;
  const std::string model = files.file("m.safetensors");
  cli_test::save_language_model(model, {"a", "b", "c"});
  const auto rank = [&](const std::string& backend) {
    return carousel({"rank", model, "--steps", "16", "--seconds", "0.05", "--plugin",
                     TEXTBOOK_PLUGIN, "--backend", backend, "--json"});
  };
  EXPECT_EQ(rank("textbook").code, 2);
  const CommandResult result = rank("textbook,auto");
  ASSERT_EQ(result.code, 0) << result.err;
  ASSERT_EQ(result.json()["results"].size(), 1U);
  EXPECT_EQ(result.json()["results"][0]["backend"], "textbook,auto");
  EXPECT_EQ(result.json()["results"][0]["agreement"], "ok");
  bool scalar = false;
  bool textbook = false;
  const CommandResult all = rank("all,auto");
  ASSERT_EQ(all.code, 0) << all.err;
  const nlohmann::json results = all.json()["results"];
  for (const auto& one : results) {
    scalar = scalar || one["backend"] == "scalar";
    textbook = textbook || one["backend"] == "textbook,auto";
  }
  EXPECT_TRUE(scalar) << "who runs everything alone needs nobody else";
  EXPECT_TRUE(textbook);
  EXPECT_EQ(rank("textbook,nobody").code, 2);
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

TEST(ConformanceCommand, TakesSeveralPlugins) {
  const Folder folder;
  const CommandResult result =
      carousel({"conformance", "--plugin", TEXTBOOK_PLUGIN, "--plugin", folder.hostile("right"),
                "--case", "size/I3_H3", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.json().size(), 2U);
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
