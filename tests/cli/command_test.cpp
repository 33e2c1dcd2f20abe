// SPDX-License-Identifier: Apache-2.0
// The command as people and scripts meet it: help, exit codes, messages, JSON.
#include "command_runner.hpp"
#include "model_source.hpp"

#include <carousel/model.hpp>
#include <carousel/npy.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <map>

namespace carousel::cli_test {
namespace {

using Words = std::vector<std::string>;

void expect_bad_input(const Words& arguments, const std::string& message) {
  const CommandResult result = carousel(arguments);
  EXPECT_EQ(result.code, 2) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(result.err.starts_with("carousel: error: ")) << result.err;
  EXPECT_NE(result.err.find(message), std::string::npos)
      << "no '" << message << "' in: " << result.err;
}

TEST(Command, HelpHasExamplesEverywhere) {
  EXPECT_NE(carousel({"--help"}).out.find("Examples:"), std::string::npos);
  for (const char* name : {"backends", "inspect", "run", "check", "rank", "generate", "latency",
                           "tune", "explain", "wisdom"}) {
    const CommandResult help = carousel({name, "--help"});
    EXPECT_EQ(help.code, 0) << name;
    EXPECT_EQ(help.err, "") << name;
    EXPECT_NE(help.out.find("Examples:\n  carousel " + std::string(name)), std::string::npos)
        << help.out;
  }
}

TEST(Command, Version) {
  const CommandResult result = carousel({"--version"});
  EXPECT_EQ(result.code, 0);
  EXPECT_TRUE(result.out.starts_with("carousel ")) << result.out;
}

TEST(Command, UsageErrors) {
  expect_bad_input({}, "subcommand is required");
  expect_bad_input({"dance"}, "dance");
  expect_bad_input({"inspect"}, "MODEL is required");
  expect_bad_input({"backends", "--nonsense"}, "--nonsense");
  expect_bad_input({"check"}, "MODEL or --shape");
  expect_bad_input({"rank", "m.safetensors", "--shape", "1,2,3,4"}, "excludes");
  expect_bad_input({"rank", "--shape", "4,4,4,1", "--threads", "0"}, "--threads");
  expect_bad_input({"rank", "--shape", "4,4,4,1", "--steps", "-1"}, "Value -1 is not positive");
  expect_bad_input({"explain", "m.safetensors", "--plan", "guess"},
                   "'guess' is none of fixed, estimate, measure, wisdom-only");
  expect_bad_input({"tune"}, "tune needs MODEL, --shape or --shapes");
  expect_bad_input({"check", "--shape", "4,4,4,1", "--batch", "6148914691236517206"},
                   "is more than 2^32");
  expect_bad_input(
      {"check", "--shape", "4,4,4,1", "--batch", "4000000000", "--steps", "4000000000"},
      "take more memory than this machine has");
  expect_bad_input({"rank", "--shape", "4,4,4,1", "--seconds", "nan"}, "Value nan is not a number");
  expect_bad_input({"rank", "--shape", "4,4,4,1", "--backend", ""}, "--backend: is empty");
}

TEST(Command, BadShapesSayWhatIsWrong) {
  expect_bad_input({"check", "--shape", "4,4,4"}, "no B");
  expect_bad_input({"check", "--shape", "4,x,4,1"}, "H is 'x'");
  expect_bad_input({"check", "--shape", "4,0,4,1"}, "H is 0");
  expect_bad_input({"check", "--shape", "4,4,4,1,1,2"}, "bidir is 2");
  expect_bad_input({"check", "--shape", "4,4,4,1,1,0,4"}, "proj must be smaller than H");
  expect_bad_input({"check", "--shape", "4,4,4,1,1,0,1,9"}, "more than 7");
  expect_bad_input({"check", "--shape", "gpu:4,4,4,1"}, "none of lstm, gru, rnn");
  expect_bad_input({"check", "--shape", "gru:4,4,4,1,1,0,2"},
                   "proj_size is defined for LSTM cells only");
  expect_bad_input({"check", "--shape", "4,4,4,1", "--text", "a.txt"}, "need a MODEL");
}

TEST(Command, MissingAndCorruptFiles) {
  const TemporaryFolder folder;
  expect_bad_input({"inspect", folder.file("none.safetensors")}, "none.safetensors");
  std::ofstream(folder.file("bad.safetensors")) << "this is no model at all";
  expect_bad_input({"inspect", folder.file("bad.safetensors")}, "bad.safetensors");
  expect_bad_input({"rank", folder.file("bad.safetensors")}, "bad.safetensors");
}

TEST(Command, UnknownBackendListsTheChoices) {
  expect_bad_input({"check", "--shape", "4,4,4,1", "--backend", "gpu"}, "scalar");
  const TemporaryFolder folder;
  save_lstm(folder.file("m.safetensors"), 3, 4);
  const CommandResult result =
      carousel({"inspect", folder.file("m.safetensors")}, "CAROUSEL_BACKEND=gpu");
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("gpu"), std::string::npos);
}

TEST(Command, BackendsJson) {
  const CommandResult result = carousel({"backends", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  bool scalar = false;
  const auto json = result.json();
  for (const auto& entry : json.at("backends")) {
    EXPECT_EQ(entry.at("available").get<bool>(), entry.at("reason").is_null()) << entry;
    scalar = scalar || entry.at("name") == "scalar";
  }
  EXPECT_TRUE(scalar);
  EXPECT_EQ(carousel({"backends"}).code, 0);
}

/// Names of a file are shown, not obeyed; only JSON has them as they are.
TEST(Command, NamesOfAFileAreNoCommandsOfTheTerminal) {
  const TemporaryFolder folder;
  const std::string file = folder.file("m.safetensors");
  Model model = two_by_two_model();
  const std::string evil = "\x1b[2J\xe2\x80\xae\n";
  model.inputs[0].name = evil + "in";
  model.outputs[0].name = evil + "out";
  model.metadata[evil + "key"] = evil + "value";
  for (ModelLayer& layer : model.layers) {
    for (std::string& read : layer.inputs) {
      if (read == "left") read = model.inputs[0].name;
    }
  }
  save(model, file);
  for (const char* command : {"inspect", "explain"}) {
    const CommandResult result = carousel({command, file});
    ASSERT_EQ(result.code, 0) << result.err;
    for (const std::string& text : {result.out, result.err}) {
      EXPECT_EQ(text.find('\x1b'), std::string::npos) << command;
      EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos) << command;
    }
  }
  const CommandResult inspected = carousel({"inspect", file});
  EXPECT_NE(inspected.out.find("input       \\x1b[2J\\xe2\\x80\\xae\\x0ain: "), std::string::npos)
      << inspected.out;
}

TEST(Command, InspectShowsLayersAndPlan) {
  const TemporaryFolder folder;
  save_language_model(folder.file("m.safetensors"), {"a", "b", "\n", "é"});
  const CommandResult result = carousel({"inspect", folder.file("m.safetensors"), "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = result.json();
  ASSERT_EQ(json.at("layers").size(), 3U);
  EXPECT_EQ(json.at("layers")[0].at("layer"), "embedding");
  EXPECT_EQ(json.at("layers")[0].at("kind"), "embedding");
  EXPECT_EQ(json.at("layers")[1].at("layer"), "lstm.l0");
  EXPECT_EQ(json.at("layers")[2].at("layer"), "head");
  EXPECT_EQ(json.at("inputs").at(0).at("id_count"), 4);
  EXPECT_EQ(json.at("outputs").at(0).at("size"), 4);
  EXPECT_EQ(json.at("outputs").at(0).at("axes").dump(), R"(["steps","batch",4])");
  EXPECT_EQ(json.at("inputs").at(0).at("optional"), false);
  EXPECT_GT(json.at("packed_bytes").get<int>(), 0);
  const CommandResult text = carousel({"inspect", folder.file("m.safetensors")});
  for (const char* part : {"Embedding 4 x 6", "LSTM 6 -> 9", "Dense 9 -> 4",
                           "whole numbers below 4, [steps, batch]"}) {
    EXPECT_NE(text.out.find(part), std::string::npos) << text.out;
  }
}

TEST(Command, PrecisionsAreRefusedByName) {
  const TemporaryFolder folder;
  const std::string model = folder.file("m.safetensors");
  save_language_model(model, {"a", "b"});
  const std::string shape = "4,4,4,1";
  for (const Words& words :
       std::vector<Words>{{"inspect", model},
                          {"run", model, "--input", "x.npy", "--output", "y.npy"},
                          {"check", "--shape", shape},
                          {"rank", "--shape", shape},
                          {"generate", model, "--prompt", "a"},
                          {"latency", "--shape", shape, "--period-us", "1000"},
                          {"tune", "--shape", shape},
                          {"explain", "--shape", shape},
                          {"trace", model, "--text", "ab"},
                          {"conformance", "--backend", "scalar"}}) {
    Words refused = words;
    refused.insert(refused.end(), {"--precision", "bf16"});
    expect_bad_input(refused,
                     "precision 'bf16' is not supported; there are 'float32', 'float16', "
                     "'bfloat16', 'int8'");
  }
  EXPECT_EQ(carousel({"explain", "--shape", shape, "--precision", "float32"}).code, 0);
}

TEST(Command, InspectShowsInputsAndOutputs) {
  const TemporaryFolder folder;
  const std::string model = folder.file("m.safetensors");
  save(two_by_two_model(), model);
  const CommandResult inspected = carousel({"inspect", model});
  EXPECT_EQ(inspected.code, 0) << inspected.err;
  for (const char* part : {"left: 3 features, [steps, batch, 3]", "right: 2 features",
                           "scores: 2 features", "Concatenate 3 + 2 -> 5", "left, right"}) {
    EXPECT_NE(inspected.out.find(part), std::string::npos) << inspected.out;
  }
}

TEST(Command, SeveralOutputsAreCheckedAndRanked) {
  const TemporaryFolder folder;
  const std::string file = folder.file("m.safetensors");
  Model model = two_by_two_model();
  model.inputs = {{"x", 5}};
  model.layers.erase(model.layers.begin());
  save(model, file);
  EXPECT_EQ(carousel({"check", file, "--steps", "6"}).code, 0);
  const CommandResult ranked = carousel({"rank", file, "--seconds", "0.05", "--json"});
  EXPECT_EQ(ranked.code, 0) << ranked.err;
  const auto json = ranked.json();
  for (const auto& row : json.at("results")) EXPECT_EQ(row.at("agreement"), "ok") << row;
  EXPECT_EQ(carousel({"latency", file, "--period-us", "5000000", "--seconds", "0.001"}).code, 0);
}

TEST(Command, SeveralInputsAreCheckedRankedAndTimed) {
  const TemporaryFolder folder;
  const std::string file = folder.file("m.safetensors");
  save(two_by_two_model(), file);
  EXPECT_EQ(carousel({"check", file, "--steps", "6", "--batch", "2"}).code, 0);
  EXPECT_EQ(carousel({"rank", file, "--seconds", "0.05"}).code, 0);
  EXPECT_EQ(carousel({"latency", file, "--period-us", "5000000", "--seconds", "0.001"}).code, 0);
  const std::string left = "left=" + folder.file("left.npy");
  const std::string right = "right=" + folder.file("right.npy");
  write_npy(folder.file("left.npy"), std::vector<std::int64_t>{4, 1, 3}, ramp(12));
  write_npy(folder.file("right.npy"), std::vector<std::int64_t>{4, 1, 2}, ramp(8));
  const CommandResult result = carousel({"check", file, "--in", left, "--in", right, "--json"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.json().at("steps"), 4);
  expect_bad_input({"check", file, "--in", left}, "'right' is missing");
  expect_bad_input({"trace", file, "--input", folder.file("left.npy")}, "this command takes one");
}

/// A recurrent network of large weights is chaotic: roundings grow until they are all there is.
TEST(Command, CheckFailsWhereItProvesNothing) {
  const TemporaryFolder folder;
  const std::string file = folder.file("m.safetensors");
  Model model = cli::random_model({.input = 4, .hidden = 16, .steps = 1, .batch = 1}, 5);
  for (auto& [role, weight] : model.layers.front().weights) {
    for (float& value : weight.floats()) value *= 40;
  }
  save(model, file);
  const CommandResult result = carousel({"check", file});
  EXPECT_EQ(result.code, 1) << result.err;
  EXPECT_NE(result.out.find("this proves nothing"), std::string::npos) << result.out;
  const auto json = carousel({"check", file, "--json"}).json();
  EXPECT_TRUE(json.at("proves_nothing").get<bool>());
  EXPECT_FALSE(json.at("ok").get<bool>());
  EXPECT_EQ(carousel({"check", file, "--steps", "1"}).code, 0);
}

TEST(Command, ConformancePrintsADigest) {
  const Words words{"conformance", "--backend", "scalar", "--case", "lengths"};
  Words with_digest = words;
  with_digest.emplace_back("--digest");
  const CommandResult result = carousel(with_digest);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.out.find("\ndigest    "), std::string::npos) << result.out;
  EXPECT_EQ(result.out, carousel(with_digest).out) << "the same bits";
  Words json = words;
  json.emplace_back("--json");
  const std::string digest = carousel(json).json().at(0).at("digest");
  EXPECT_NE(result.out.find("digest    " + digest), std::string::npos) << result.out;
}

TEST(Command, CheckAgreesAndPrintsTheSeed) {
  const CommandResult text = carousel({"check", "--shape", "5,7,9,2,2,1,3", "--seed", "11"});
  EXPECT_EQ(text.code, 0) << text.out << text.err;
  EXPECT_NE(text.out.find("seed 11"), std::string::npos) << text.out;
  const CommandResult result = carousel({"check", "--shape", "5,7,9,2", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = result.json();
  EXPECT_TRUE(json.at("ok").get<bool>());
  EXPECT_EQ(json.at("seed"), 1);
  for (const auto& row : json.at("results")) EXPECT_EQ(row.at("verdict"), "ok") << row;
}

TEST(Command, ShapesOfOtherCells) {
  for (const std::string cell : {"gru", "rnn", "lstm"}) {
    const CommandResult result =
        carousel({"check", "--shape", cell + ":5,7,9,2,2,1", "--backend", "scalar", "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_TRUE(result.json().at("ok").get<bool>());
    const CommandResult text = carousel({"check", "--shape", cell + ":5,7,9,2"});
    EXPECT_EQ(text.code, 0) << text.err;
    const std::string name = cell == "lstm" ? "LSTM 5" : cell == "gru" ? "GRU 5" : "RNN 5";
    EXPECT_NE(text.out.find(name), std::string::npos) << text.out;
  }
}

TEST(Command, CheckTakesTextAndArrays) {
  const TemporaryFolder folder;
  save_language_model(folder.file("m.safetensors"), {"a", "b", "c"});
  std::ofstream(folder.file("good.txt")) << "abcabcaabbcc";
  std::ofstream(folder.file("bad.txt")) << "abcXabc";
  const std::string model = folder.file("m.safetensors");
  EXPECT_EQ(carousel({"check", model, "--text", folder.file("good.txt"), "--batch", "2"}).code, 0);
  expect_bad_input({"check", model, "--text", folder.file("bad.txt")}, "'X' (character 4)");
  expect_bad_input({"check", model, "--text", folder.file("none.txt")}, "cannot read");
  expect_bad_input({"check", model, "--text", folder.file("good.txt"), "--steps", "13"}, "too few");
  write_ids(folder.file("ids.npy"), {4}, std::vector<std::int64_t>{0, 1, 2, 0});
  EXPECT_EQ(carousel({"check", model, "--input", folder.file("ids.npy")}).code, 0);
}

TEST(Command, RankFindsAWinner) {
  const CommandResult result =
      carousel({"rank", "--shape", "8,8,10,1", "--seconds", "0.2", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json.at("results").at(0).at("backend"), json.at("winner"));
  EXPECT_TRUE(json.at("results").at(0).at("winner").get<bool>());
  EXPECT_GT(json.at("roofline").at("flops_per_second").get<double>(), 0);
  double last = 0;
  for (const auto& row : json.at("results")) {
    if (row.at("agreement") != "ok") continue;
    EXPECT_GE(row.at("seconds").get<double>(), last);
    EXPECT_GT(row.at("roofline").get<double>(), 0);
    last = row.at("seconds").get<double>();
  }
  const CommandResult text = carousel({"rank", "--shape", "8,8,10,1", "--seconds", "0.1"});
  EXPECT_NE(text.out.find("is the fastest"), std::string::npos) << text.out;
  EXPECT_EQ(text.err, "");  // no progress bar where nobody looks
}

TEST(Command, RankComparesPrecisions) {
  const TemporaryFolder folder;
  const std::string page = folder.file("rank.html");
  const CommandResult result =
      carousel({"rank", "--shape", "32,64,20,1", "--backend", "xsimd", "--precision",
                "float32,float16,int8", "--seconds", "0.2", "--html", page, "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = result.json();
  std::map<std::string, double> sqnr;
  std::map<std::string, double> bytes;
  for (const auto& row : json.at("results")) {
    if (row.at("agreement") != "ok") continue;
    sqnr[row.at("precision")] = row.at("sqnr_db").get<double>();
    bytes[row.at("precision")] = row.at("memory_bytes").get<double>();
  }
  EXPECT_GT(sqnr.at("float32"), 110);
  EXPECT_GT(sqnr.at("float16"), 60);
  EXPECT_LT(sqnr.at("float16"), 100);
  EXPECT_LT(bytes.at("float16"), 0.55 * bytes.at("float32"));
  std::ifstream file(page);
  const std::string html{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(html.find("What precisions gain and cost"), std::string::npos);
}

TEST(Command, ConvertRoundsMatrices) {
  const TemporaryFolder folder;
  const std::string model = folder.file("m.safetensors");
  const std::string half = folder.file("half.safetensors");
  save_language_model(model, {"a", "b"});
  ASSERT_EQ(carousel({"convert", model, half, "--precision", "float16"}).code, 0);
  const Model rounded = load(half);
  const Weights& weights = rounded.layers.at(1).weights;
  EXPECT_EQ(weights.at("weight_hh").dtype(), DType::float16);
  EXPECT_EQ(weights.at("bias_hh").dtype(), DType::float32);
  for (const auto& [precision, type] :
       {std::pair{"float16", DType::float16}, std::pair{"bfloat16", DType::bfloat16}}) {
    const std::string graph = folder.file("m.onnx");
    ASSERT_EQ(carousel({"convert", model, graph, "--precision", precision}).code, 0);
    const Model again = load(graph);
    EXPECT_EQ(again.layers.at(1).weights.at("weight_hh").dtype(), type);
    EXPECT_EQ(again.layers.at(1).weights.at("bias_hh").dtype(), DType::float32);
  }
  expect_bad_input({"convert", model, folder.file("m.onnx"), "--precision", "int8"},
                   "cannot be written");
}

/// What is stored and what is packed are shown where they are not float32.
TEST(Command, PlansShowPrecisions) {
  const TemporaryFolder folder;
  const std::string model = folder.file("m.safetensors");
  const std::string half = folder.file("half.safetensors");
  save_language_model(model, {"a", "b"});
  ASSERT_EQ(carousel({"convert", model, half, "--precision", "bfloat16"}).code, 0);
  const auto shows = [](const Words& words, const char* part) {
    const CommandResult result = carousel(words);
    EXPECT_EQ(result.code, 0) << result.err;
    return result.out.find(part) != std::string::npos;
  };
  EXPECT_FALSE(shows({"inspect", model}, "stored"));
  EXPECT_FALSE(shows({"inspect", model}, "precision"));
  EXPECT_TRUE(shows({"inspect", half}, "stored"));
  EXPECT_TRUE(shows({"inspect", half}, "BF16"));
  const Words reduced{"inspect", half, "--precision", "int8", "--layer-precision", "head=float32"};
  EXPECT_TRUE(shows(reduced, "precision"));
  Words as_json = reduced;
  as_json.emplace_back("--json");
  const auto layers = carousel(as_json).json().at("layers");
  EXPECT_EQ(layers.at(0).at("precision"), "-") << "an embedding";
  EXPECT_EQ(layers.at(0).at("stored"), "F32");
  EXPECT_EQ(layers.at(1).at("precision"), "int8");
  EXPECT_EQ(layers.at(1).at("stored"), "BF16");
  EXPECT_EQ(layers.at(2).at("precision"), "float32");
  EXPECT_FALSE(shows({"explain", model, "--plan", "fixed"}, ", in float32"));
  const Words explained{"explain",   model,   "--plan",      "fixed",
                        "--backend", "xsimd", "--precision", "int8"};
  EXPECT_TRUE(shows(explained, "LSTM 6 -> 9, in int8"));
  Words explained_json = explained;
  explained_json.emplace_back("--json");
  EXPECT_EQ(carousel(explained_json).json().at("layers").at(1).at("precision"), "int8");
}

TEST(Command, RankWithoutWorkIsRefused) {
  expect_bad_input({"rank", "--shape", "8,8,0,1"}, "nothing to time");
  expect_bad_input({"check", "--shape", "8,8,0,1"}, "nothing to compare");
}

TEST(Command, GenerateIsDeterministicForASeed) {
  const TemporaryFolder folder;
  const std::string model = folder.file("m.safetensors");
  save_language_model(model, {"a", "b", "c", "é"});
  const Words words{"generate", model, "--prompt", "éa", "--chars", "50", "--backend", "scalar"};
  const CommandResult first = carousel(words);
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_TRUE(first.out.starts_with("éa")) << first.out;
  EXPECT_EQ(first.out, carousel(words).out);
  Words other = words;
  other.insert(other.end(), {"--seed", "2"});
  EXPECT_NE(first.out, carousel(other).out);
}

TEST(Command, GenerateComparesBackends) {
  const TemporaryFolder folder;
  const std::string model = folder.file("m.safetensors");
  save_language_model(model, {"a", "b", "c"});
  const CommandResult result =
      carousel({"generate", model, "--prompt", "a", "--chars", "20", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.json().at("text").get<std::string>().size(), 20U);
  EXPECT_FALSE(result.json().at("backends").empty());
  expect_bad_input({"generate", model, "--prompt", "aZ"}, "'Z' (character 2)");
  expect_bad_input({"generate", model, "--prompt", ""}, "--prompt");
  save_lstm(folder.file("plain.safetensors"), 3, 4);
  expect_bad_input({"generate", folder.file("plain.safetensors"), "--prompt", "a"}, "no embedding");
}

}  // namespace
}  // namespace carousel::cli_test
