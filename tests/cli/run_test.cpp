// SPDX-License-Identifier: Apache-2.0
// `carousel run`: the same as the library, for every way of giving the data.
#include "command_runner.hpp"

#include <carousel/carousel.hpp>

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
  write_npy(input, std::vector<std::int64_t>{2, 2, 3}, ramp(12));
  expect_refusal({}, "expected floats [steps, batch, 4] or [steps, 4], found floats [2, 2, 3]");
  write_ids(input, {4}, std::vector<std::int64_t>{0, 1, 2, 3});
  expect_refusal({}, "found integers [4]");
  std::ofstream(input) << "no array";
  expect_refusal({}, "x.npy");
}

TEST_F(RunCommand, ReverseDirectionCannotBeCut) {
  save_lstm(model, kInput, kHidden, 1, true);
  expect_refusal({"--chunk", "2"}, "needs the whole sequence");
  EXPECT_EQ(run({"--chunk", "7"}).code, 0);
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

}  // namespace
}  // namespace carousel::cli_test
