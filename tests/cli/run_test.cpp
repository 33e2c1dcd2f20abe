// SPDX-License-Identifier: Apache-2.0
// `carousel run`: the same as the library, for every way of giving the data.
#include "command_runner.hpp"
#include "model_source.hpp"

#include <carousel/carousel.hpp>
#include <carousel/npy.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace carousel::cli_test {
namespace {

constexpr std::int64_t kSteps = 7;
constexpr std::int64_t kBatch = 3;
constexpr std::int64_t kInput = 4;
constexpr std::int64_t kHidden = 5;

/// A model, an input [kSteps, kBatch, kInput] and what the library makes of them on `scalar`.
class RunCommand : public testing::Test {
 protected:
  void SetUp() override {
    save_lstm(model, kInput, kHidden, 2);
    write_npy(input, std::vector<std::int64_t>{kSteps, kBatch, kInput}, x);
  }

  Stream library_stream() const {
    return prepare(load(model), {.backend = "scalar"})
        .stream({.batch = kBatch, .max_steps = kSteps});
  }

  std::vector<float> library_run(Stream& stream, std::span<const std::int64_t> lengths = {}) const {
    std::vector<float> y(static_cast<std::size_t>(kSteps * kBatch * kHidden));
    const Status status = stream.run(steps_first(x.data(), kSteps, kBatch, kInput),
                                     steps_first(y.data(), kSteps, kBatch, kHidden), lengths);
    EXPECT_TRUE(status) << status.message();
    return y;
  }

  CommandResult run(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"run",      model,  "--input",   input,
                                   "--output", output, "--backend", "scalar"};
    words.insert(words.end(), more.begin(), more.end());
    return carousel(words);
  }

  void expect_refusal(const std::vector<std::string>& more, const std::string& message) const {
    const CommandResult result = run(more);
    EXPECT_EQ(result.code, 2) << result.err;
    EXPECT_NE(result.err.find(message), std::string::npos)
        << "no '" << message << "' in: " << result.err;
    EXPECT_FALSE(std::filesystem::exists(output));
  }

  TemporaryFolder folder;
  std::string model = folder.file("m.safetensors");
  std::string input = folder.file("x.npy");
  std::string output = folder.file("y.npy");
  std::vector<float> x = ramp(kSteps * kBatch * kInput);
};

TEST_F(RunCommand, SameBitsAsTheLibrary) {
  Stream stream = library_stream();
  const std::vector<float> expected = library_run(stream);
  const CommandResult result = run();
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "");
  const NpyArray y = read_npy(output);
  EXPECT_EQ(y.shape, (std::vector<std::int64_t>{kSteps, kBatch, kHidden}));
  EXPECT_EQ(y.floats("y"), expected);
  ASSERT_EQ(run({"--chunk", "2"}).code, 0);
  EXPECT_EQ(read_npy(output).floats("y"), expected);
}

TEST_F(RunCommand, ShowsNamesOfFilesOnOneLine) {
  output = folder.file("a\nb.npy");
  const CommandResult result = run();
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.err.find("a\\x0ab.npy"), std::string::npos) << result.err;
}

TEST_F(RunCommand, StatesInAndOut) {
  const std::vector<std::int64_t> shape{2, kBatch, kHidden};
  const std::vector<float> h = ramp(2 * kBatch * kHidden);
  write_npy(folder.file("h.npy"), shape, h);
  write_npy(folder.file("c.npy"), shape, h);
  Stream stream = library_stream();
  std::copy(h.begin(), h.end(), stream.state().h.data);
  std::copy(h.begin(), h.end(), stream.state().c.data);
  const std::vector<float> expected = library_run(stream);
  const CommandResult result = run({"--h0", folder.file("h.npy"), "--c0", folder.file("c.npy"),
                                    "--hn", folder.file("hn.npy"), "--cn", folder.file("cn.npy")});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(read_npy(output).floats("y"), expected);
  const StateView state = stream.state();
  const NpyArray hn = read_npy(folder.file("hn.npy"));
  const NpyArray cn = read_npy(folder.file("cn.npy"));
  EXPECT_EQ(hn.shape, shape);
  EXPECT_EQ(hn.floats("hn"), std::vector<float>(state.h.data, state.h.data + h.size()));
  EXPECT_EQ(cn.floats("cn"), std::vector<float>(state.c.data, state.c.data + h.size()));
}

TEST_F(RunCommand, Lengths) {
  const std::vector<std::int64_t> lengths{7, 0, 3};
  write_ids(folder.file("n.npy"), {3}, lengths);
  Stream stream = library_stream();
  const std::vector<float> expected = library_run(stream, lengths);
  ASSERT_EQ(run({"--lengths", folder.file("n.npy")}).code, 0);
  EXPECT_EQ(read_npy(output).floats("y"), expected);
  ASSERT_EQ(run({"--lengths", folder.file("n.npy"), "--chunk", "2"}).code, 0);
  EXPECT_EQ(read_npy(output).floats("y"), expected);
}

TEST_F(RunCommand, BatchFirstAndUnbatched) {
  Stream stream = library_stream();
  const std::vector<float> expected = library_run(stream);
  std::vector<float> swapped(x.size());
  for (std::int64_t t = 0; t < kSteps; ++t) {
    for (std::int64_t b = 0; b < kBatch; ++b) {
      std::copy_n(x.begin() + (t * kBatch + b) * kInput, kInput,
                  swapped.begin() + (b * kSteps + t) * kInput);
    }
  }
  write_npy(input, std::vector<std::int64_t>{kBatch, kSteps, kInput}, swapped);
  ASSERT_EQ(run({"--batch-first"}).code, 0);
  const NpyArray y = read_npy(output);
  EXPECT_EQ(y.shape, (std::vector<std::int64_t>{kBatch, kSteps, kHidden}));
  EXPECT_EQ(y.floats("y")[kHidden], expected[kBatch * kHidden]);  // row 0, step 1

  write_npy(input, std::vector<std::int64_t>{kSteps, kInput},
            std::span(swapped).first(kSteps * kInput));
  ASSERT_EQ(run({"--hn", folder.file("hn.npy")}).code, 0);
  EXPECT_EQ(read_npy(output).shape, (std::vector<std::int64_t>{kSteps, kHidden}));
  EXPECT_EQ(read_npy(output).floats("y")[kHidden], expected[kBatch * kHidden]);
  EXPECT_EQ(read_npy(folder.file("hn.npy")).shape, (std::vector<std::int64_t>{2, kHidden}));
}

TEST_F(RunCommand, NoSteps) {
  write_npy(input, std::vector<std::int64_t>{0, kBatch, kInput}, {});
  ASSERT_EQ(run().code, 0);
  EXPECT_EQ(read_npy(output).shape, (std::vector<std::int64_t>{0, kBatch, kHidden}));
}

TEST_F(RunCommand, BadArraysNameExpectedAndFound) {
  write_npy(folder.file("h.npy"), std::vector<std::int64_t>{2, 5}, ramp(10));
  expect_refusal({"--h0", folder.file("h.npy")}, "expected floats [2, 3, 5], found floats [2, 5]");
  write_ids(folder.file("n.npy"), {3}, std::vector<std::int64_t>{1, 2, 8});
  expect_refusal({"--lengths", folder.file("n.npy")}, "length 8 is outside 0..7");
  write_ids(folder.file("n.npy"), {2}, std::vector<std::int64_t>{1, 2});
  expect_refusal({"--lengths", folder.file("n.npy")}, "expected integers [3], found integers [2]");
  expect_refusal({"--threads", "0"}, "--threads");
  expect_refusal({"--chunk", "0"}, "--chunk");
  expect_refusal({"--chunk", "1e3"}, "--chunk: Value 1e3 is not a whole number");
  expect_refusal({"--chunk", "9223372036854775808"}, "is beyond 2^63");
  write_npy(input, std::vector<std::int64_t>{2, 2, 3}, ramp(12));
  expect_refusal({}, "expected floats [steps, batch, 4] or [steps, 4], found floats [2, 2, 3]");
  write_ids(input, {4}, std::vector<std::int64_t>{0, 1, 2, 3});
  expect_refusal({}, "found integers [4]");
  std::ofstream(input) << "no array";
  expect_refusal({}, "x.npy");
}

TEST_F(RunCommand, OptionsThatDoNotGoTogether) {
  expect_refusal({"--set", "sr=16000"}, "m.safetensors: --set and --input-shape are for ONNX");
  expect_refusal({"--input-shape", "x=1,two"}, "must be sizes with commas between them");
  expect_refusal({"--set", "sr=high"}, "'high' is not a number");
  expect_refusal({"--set", "sr=1", "--set", "sr=2"}, "'sr' is set twice");
  expect_refusal({"--carry", "a=b"}, "--carry is for --calls");
  expect_refusal({"--calls"}, "--calls takes arrays by name");
  expect_refusal({"--batch-first", "--steps-first"}, "--batch-first");
}

/// All arrays are written, or none.
TEST_F(RunCommand, NothingIsWrittenWhenOneCannotBe) {
  const std::size_t before = folder.file_count();
  expect_refusal({"--hn", folder.file("no/such/folder/h.npy")}, "h.npy");
  EXPECT_EQ(folder.file_count(), before);
}

TEST_F(RunCommand, ReverseDirectionCannotBeCut) {
  save_lstm(model, kInput, kHidden, 1, true);
  expect_refusal({"--chunk", "2"}, "needs the whole sequence");
  EXPECT_EQ(run({"--chunk", "7"}).code, 0);
}

/// An empty array would look like a result.
TEST_F(RunCommand, TooFewStepsForAnyOutput) {
  const ConvolutionSpec spec{
      .in_channels = kInput, .out_channels = 2, .kernel_size = kSteps + 1, .bias = false};
  Model wide;
  wide.layers.push_back({.spec = spec});
  wide.layers[0].weights["weight"] =
      Tensor({2, kInput, kSteps + 1}, ramp(2 * kInput * (kSteps + 1)));
  save(wide, model);
  expect_refusal({}, "output 'y' would have no step: " + std::to_string(kSteps) +
                         " steps are too few for this network");
  const CommandResult check = carousel({"check", model, "--steps", std::to_string(kSteps)});
  EXPECT_NE(check.code, 0) << check.out;
  EXPECT_NE(check.err.find("steps are too few for this network"), std::string::npos) << check.err;
  const CommandResult rank = carousel({"rank", model, "--steps", "2", "--seconds", "0.1"});
  EXPECT_NE(rank.err.find("steps are too few for this network"), std::string::npos) << rank.err;
}

TEST_F(RunCommand, UnwritableOutputLeavesNothingBehind) {
  const std::size_t before = folder.file_count();
  output = folder.file("no/such/folder/y.npy");
  expect_refusal({}, "y.npy");
  EXPECT_EQ(folder.file_count(), before);
}

TEST_F(RunCommand, Ids) {
  save_language_model(model, {"a", "b", "c"});
  write_ids(input, {4, 1}, std::vector<std::int64_t>{0, 1, 2, 0});
  ASSERT_EQ(run().code, 0);
  EXPECT_EQ(read_npy(output).shape, (std::vector<std::int64_t>{4, 1, 3}));
  write_ids(input, {4}, std::vector<std::int64_t>{0, 1, 2, 0});
  ASSERT_EQ(run().code, 0);
  EXPECT_EQ(read_npy(output).shape, (std::vector<std::int64_t>{4, 3}));
  std::filesystem::remove(output);
  write_ids(input, {2}, std::vector<std::int64_t>{0, 3});
  expect_refusal({}, "id 3 (element 1) is outside 0..2");
  write_npy(input, std::vector<std::int64_t>{2}, ramp(2));
  expect_refusal({}, "expected integers [steps, batch] or [steps], found floats [2]");
}

TEST_F(RunCommand, StatesByName) {
  Stream stream = library_stream();
  const std::vector<float> c0 = ramp(kBatch * kHidden);
  std::ranges::copy(c0, stream.state(1, "c").data);
  const std::vector<float> expected = library_run(stream);
  write_npy(folder.file("c0.npy"), std::vector<std::int64_t>{kBatch, kHidden}, c0);
  const CommandResult result =
      run({"--state", "l1.c=" + folder.file("c0.npy"), "--final-state",
           "l0.h=" + folder.file("h.npy"), "--final-state", "l1.c=" + folder.file("c.npy")});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(read_npy(output).floats("y"), expected);
  for (const auto& [layer, state] : {std::pair{0, "h"}, std::pair{1, "c"}}) {
    const NpyArray found = read_npy(folder.file(std::string(state) + ".npy"));
    EXPECT_EQ(found.shape, (std::vector<std::int64_t>{kBatch, kHidden}));
    const float* values = stream.state(layer, state).data;
    EXPECT_EQ(found.floats(state), std::vector<float>(values, values + kBatch * kHidden));
  }
}

TEST_F(RunCommand, StatesThatThereAreNot) {
  write_npy(folder.file("s.npy"), std::vector<std::int64_t>{2, 5}, ramp(10));
  const std::string file = folder.file("s.npy");
  expect_refusal({"--state", "l2.h=" + file},
                 "no layer has a state 'l2.h'; there are l0.h, l0.c, l1.h, l1.c");
  expect_refusal({"--final-state", "l0.m=" + file}, "no layer has a state 'l0.m'");
  expect_refusal({"--state", "l0.h=" + file}, "expected floats [3, 5], found floats [2, 5]");
  expect_refusal({"--state", file}, "must be NAME=FILE");
}

TEST_F(RunCommand, StatesOfLayersThatDiffer) {
  Model mixed = load(model);
  mixed.layers.resize(1);
  mixed.layers.push_back(dense_layer("fc", kHidden, 2));
  ModelLayer gru = cli::random_model(cli::parse_shape("gru:2,5,1,1"), 5).layers.front();
  gru.name = "gru.l0";
  mixed.layers.push_back(gru);
  save(mixed, model);
  const std::string h = folder.file("h.npy");
  EXPECT_EQ(run({"--final-state", "gru.l0.h=" + h}).code, 0);
  EXPECT_EQ(read_npy(h).shape, (std::vector<std::int64_t>{kBatch, 5}));
}

/// Two inputs and two outputs, by name.
class RunByName : public testing::Test {
 protected:
  void SetUp() override {
    save(two_by_two_model(), model);
    write_npy(folder.file("left.npy"), std::vector<std::int64_t>{kSteps, kBatch, 3}, left);
    write_npy(folder.file("right.npy"), std::vector<std::int64_t>{kSteps, kBatch, 2}, right);
  }

  CommandResult run(const std::vector<std::string>& more) const {
    std::vector<std::string> words{"run", model, "--backend", "scalar"};
    words.insert(words.end(), more.begin(), more.end());
    return carousel(words);
  }
  std::string named(const std::string& name) const {
    return name + "=" + folder.file(name + ".npy");
  }

  TemporaryFolder folder;
  std::string model = folder.file("m.safetensors");
  std::vector<float> left = ramp(kSteps * kBatch * 3);
  std::vector<float> right = ramp(kSteps * kBatch * 2);
};

TEST_F(RunByName, SameBitsAsTheLibrary) {
  std::vector<float> scores(kSteps * kBatch * 2);
  std::vector<float> features(kSteps * kBatch * 4);
  Stream stream =
      prepare(load(model), {.backend = "scalar"}).stream({.batch = kBatch, .max_steps = kSteps});
  const std::vector<NamedInput> inputs{
      {"left", steps_first<const float>(left.data(), kSteps, kBatch, 3)},
      {"right", steps_first<const float>(right.data(), kSteps, kBatch, 2)}};
  const std::vector<NamedOutput> outputs{
      {"scores", steps_first(scores.data(), kSteps, kBatch, 2)},
      {"features", steps_first(features.data(), kSteps, kBatch, 4)}};
  const Status status = stream.run(inputs, outputs);
  ASSERT_TRUE(status) << status.message();

  const std::vector<std::string> words{"--in",  named("right"),  "--in",  named("left"),
                                       "--out", named("scores"), "--out", named("features")};
  for (const std::vector<std::string>& chunk : {std::vector<std::string>{}, {"--chunk", "2"}}) {
    std::vector<std::string> all = words;
    all.insert(all.end(), chunk.begin(), chunk.end());
    const CommandResult result = run(all);
    ASSERT_EQ(result.code, 0) << result.err;
    const NpyArray found = read_npy(folder.file("scores.npy"));
    EXPECT_EQ(found.shape, (std::vector<std::int64_t>{kSteps, kBatch, 2}));
    EXPECT_EQ(found.floats("scores"), scores);
    EXPECT_EQ(read_npy(folder.file("features.npy")).floats("features"), features);
  }
}

/// Each call is a run of its own: the model's state does not go on.
TEST_F(RunByName, CallsAreIndependent) {
  const auto write_twice = [&](const std::string& name, std::int64_t size) {
    std::vector<float> twice = ramp(kSteps * size);
    twice.insert(twice.end(), twice.begin(), twice.begin() + kSteps * size);
    write_npy(folder.file(name + ".npy"), std::vector<std::int64_t>{2, kSteps, 1, size}, twice);
  };
  write_twice("left", 3);
  write_twice("right", 2);
  const CommandResult result =
      run({"--calls", "--in", named("left"), "--in", named("right"), "--out", named("scores")});
  ASSERT_EQ(result.code, 0) << result.err;
  const NpyArray scores = read_npy(folder.file("scores.npy"));
  EXPECT_EQ(scores.shape, (std::vector<std::int64_t>{2, kSteps, 1, 2}));
  const std::vector<float>& values = scores.floats("scores");
  EXPECT_EQ(std::vector(values.begin(), values.begin() + kSteps * 2),
            std::vector(values.begin() + kSteps * 2, values.end()));
}

TEST_F(RunByName, OutputsThatAreNotAskedForAreNotWritten) {
  const std::size_t before = folder.file_count();
  ASSERT_EQ(run({"--in", named("left"), "--in", named("right"), "--out", named("scores")}).code, 0);
  EXPECT_EQ(folder.file_count(), before + 1);
}

TEST_F(RunByName, MistakesAreNamed) {
  const auto error = [&](const std::vector<std::string>& words) {
    const CommandResult result = run(words);
    EXPECT_EQ(result.code, 2);
    return result.err;
  };
  const auto expect = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << "no '" << part << "' in: " << text;
  };
  const std::string x = folder.file("left.npy");
  expect(error({"--in", named("left"), "--out", named("scores")}),
         "input 'right' is not given; add --in right=FILE");
  expect(error({"--in", "middle=" + x, "--out", named("scores")}),
         "the network has no input 'middle'; there is left, right");
  expect(error({"--in", named("left"), "--in", named("left"), "--out", named("scores")}),
         "'left' is given twice");
  expect(error({"--input", x, "--out", named("scores")}),
         "--input: the network has several inputs (left, right); give each with --in NAME=FILE");
  expect(error({"--in", named("left"), "--in", named("right"), "--output", x}),
         "--output: the network has several outputs (scores, features)");
  expect(error({"--in", named("left"), "--in", "right=" + x, "--out", named("scores")}),
         "expected floats [steps, batch, 2] or [steps, 2], found floats [7, 3, 3]");
  expect(error({"--in", named("left")}), "--output or --out");
  const std::string y = folder.file("y.npy");
  expect(error({"--in", named("left"), "--in", named("right"), "--out", "scores=" + y, "--out",
                "features=" + folder.file("./y.npy")}),
         "two contents are to be written to this file");
  write_npy(folder.file("right.npy"), std::vector<std::int64_t>{6, kBatch, 2}, ramp(36));
  expect(error({"--in", named("left"), "--in", named("right"), "--out", named("scores")}),
         "right.npy: axis 0 (steps) is 6, but --in " + named("left") +
             " has 7 steps; expected [steps, batch, 2], found [6, 3, 2]");
}

}  // namespace
}  // namespace carousel::cli_test
