// SPDX-License-Identifier: Apache-2.0
// What people and scripts do to the command that nobody meant: files that are none, numbers that
// are none, disks that are full. It refuses in words of its own and leaves nothing behind.
#include "command_runner.hpp"
#include "output_files.hpp"

#include <carousel/model.hpp>
#include <carousel/npy.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <sys/wait.h>

namespace carousel::cli_test {
namespace {

namespace fs = std::filesystem;
using MisuseWords = std::vector<std::string>;

std::string content(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// That the command ends with exit code 2 and this text, and none of the C++ library's.
void expect_refused(const MisuseWords& words, const std::string& text,
                    const std::string& environment = {}) {
  const CommandResult result = carousel(words, environment);
  std::string line;
  for (const std::string& word : words) line += word + " ";
  EXPECT_EQ(result.code, 2) << line << result.out << result.err;
  EXPECT_NE(result.err.find(text), std::string::npos)
      << "no '" << text << "' of " << line << "in: " << result.err;
  for (const char* foreign :
       {"filesystem error", "vector::", "basic_string", "std::", "(memory)"}) {
    EXPECT_EQ(result.err.find(foreign), std::string::npos) << line << result.err;
  }
}

/// A folder with a model of 3 inputs and an input of 2 steps, and a limit on the size of files that
/// ends with it.
class Misuse : public testing::Test {
 protected:
  void SetUp() override {
    save_lstm(model, 3, 4);
    write_npy(input, std::vector<std::int64_t>{2, 3}, ramp(6));
    ::getrlimit(RLIMIT_FSIZE, &old_limit_);
  }
  void TearDown() override { ::setrlimit(RLIMIT_FSIZE, &old_limit_); }

  void limit_files(rlim_t bytes) const {
    const rlimit limit{bytes, old_limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }

  MisuseWords run(const MisuseWords& more) const {
    MisuseWords words{"run", model, "--input", input, "--backend", "scalar"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  TemporaryFolder folder;
  std::string model = folder.file("m.safetensors");
  std::string input = folder.file("x.npy");
  std::string output = folder.file("y.npy");

 private:
  rlimit old_limit_{};
};

TEST_F(Misuse, SeveralFilesAreWrittenOrNone) {
  std::ofstream(output) << "older";
  const std::size_t before = folder.file_count();
  for (const std::string& other : {std::string("/dev/full"), folder.file("no/h.npy")}) {
    expect_refused(run({"--output", output, "--final-state", "l0.h=" + other}), "cannot write");
    EXPECT_EQ(content(output), "older") << other;
    EXPECT_EQ(folder.file_count(), before) << other;
  }
  expect_refused({"trace", model, "--input", input, "--arrays", folder.file("new/arrays"), "--html",
                  "/dev/full"},
                 "cannot write");
  EXPECT_EQ(folder.file_count(), before) << "nor folders";
}

/// A later file whose name cannot be taken: the earlier ones are what they were.
TEST_F(Misuse, WhatWasReplacedIsPutBack) {
  const std::string fresh = folder.file("fresh");
  const std::string place = folder.file("place");
  std::ofstream(output) << "older";
  {
    loading::AtomicFile first(output);
    loading::AtomicFile second(fresh);
    loading::AtomicFile third(place);
    fs::create_directory(place);
    for (loading::AtomicFile* file : {&first, &second}) {
      file->keep_older();
      file->commit();
    }
    EXPECT_THROW(third.commit(), Error);
    EXPECT_EQ(content(output), "");
    first.put_back();
    second.put_back();
  }
  EXPECT_EQ(content(output), "older");
  EXPECT_FALSE(fs::exists(fresh));
  EXPECT_EQ(folder.file_count(), 4U) << "model, input, output, place";
}

TEST_F(Misuse, ALimitOfFileSizesIsAnErrorThatLeavesNothing) {
  std::vector<float> x(3 * 20000);
  write_npy(input, std::vector<std::int64_t>{20000, 1, 3}, x);
  const std::size_t before = folder.file_count();
  limit_files(20000);
  expect_refused(run({"--output", output}), "y.npy: cannot write: File too large");
  EXPECT_EQ(folder.file_count(), before);
}

TEST_F(Misuse, LinksAreWrittenThrough) {
  fs::create_symlink("real.npy", folder.file("link.npy"));
  for (const char* when : {"dangling", "existing"}) {
    EXPECT_EQ(carousel(run({"--output", folder.file("link.npy")})).code, 0) << when;
    EXPECT_TRUE(fs::is_symlink(folder.file("link.npy"))) << when;
    EXPECT_TRUE(fs::is_regular_file(folder.file("real.npy"))) << when;
  }
  expect_refused(run({"--output", folder.file("link.npy"), "--hn", folder.file("real.npy")}),
                 "two contents are to be written to this file");
  fs::create_symlink("loop.npy", folder.file("loop.npy"));
  expect_refused(run({"--output", folder.file("loop.npy")}), "cannot write: Too many levels");
}

/// What is printed goes nowhere, and not into the first file that is opened.
TEST_F(Misuse, ClosedStreamsAreAnError) {
  const std::string command = std::string(CAROUSEL_COMMAND) + " wisdom --wisdom ";
  const auto closed = [&](const std::string& rest) {
    return WEXITSTATUS(std::system((command + folder.file("w.json") + rest).c_str()));
  };
  EXPECT_EQ(closed(" show >&- 2>&-"), 2);
  EXPECT_EQ(closed(" show 2>&-"), 0);
  std::string run_line = std::string(CAROUSEL_COMMAND) + " ";
  for (const std::string& word : run({"--output", output})) run_line += word + " ";
  ASSERT_EQ(carousel(run({"--output", output})).code, 0);
  const std::string expected = content(output);
  EXPECT_EQ(WEXITSTATUS(std::system((run_line + ">&- 2>&- <&-").c_str())), 0);
  EXPECT_EQ(content(output), expected);
  std::string to_stdout = std::string(CAROUSEL_COMMAND) + " ";
  for (const std::string& word : run({"--output", "/dev/stdout"})) to_stdout += word + " ";
  EXPECT_EQ(WEXITSTATUS(std::system((to_stdout + ">&- 2>/dev/null").c_str())), 2);
}

TEST_F(Misuse, ALongNameHasATemporaryOneToo) {
  const std::string file = folder.file(std::string(250, 'y'));
  EXPECT_EQ(carousel(run({"--output", file})).code, 0);
  EXPECT_TRUE(fs::exists(file));
}

/// An array of one float64 number.
void write_double(const std::string& file, double value) {
  const float none = 0;
  write_npy(file, std::vector<std::int64_t>{1, 1, 1}, std::span(&none, 1));
  std::string bytes = content(file);
  bytes.replace(bytes.find("<f4"), 3, "<f8");
  bytes.resize(bytes.size() - sizeof(float));
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  std::ofstream(file, std::ios::binary) << bytes;
}

TEST_F(Misuse, NumbersBeyondFloat32AreRefused) {
  save_lstm(model, 1, 4);
  write_double(input, -1e300);
  expect_refused(run({"--output", output}),
                 "x.npy: npy element 0 is -1e+300, which is beyond float32");
  write_double(input, 3e38);
  EXPECT_EQ(carousel(run({"--output", output})).code, 0);
  write_double(input, HUGE_VAL);
  EXPECT_EQ(carousel(run({"--output", output})).code, 0) << "infinite from the beginning";

  Model wide = load(model);
  std::vector<double> weights(16, 0.5);
  weights[5] = 4e38;
  const std::span<const std::byte> bytes = std::as_bytes(std::span(weights));
  wide.layers.front().weights["weight_ih"] =
      Tensor(DType::float64, {16, 1}, {bytes.begin(), bytes.end()});
  save(wide, model);
  expect_refused({"inspect", model}, "element 5 is 4e+38, which is beyond float32");
}

/// By its header, before memory is asked for.
TEST_F(Misuse, ArraysWithoutEndAreRefused) {
  fs::resize_file(input, std::uintmax_t{1} << 40U);  // a hole
  expect_refused(run({"--output", output}), "needs 24 bytes of data, found 1099511627");
}

TEST_F(Misuse, UnsignedOptionsRefuseNegativeNumbers) {
  expect_refused({"check", model, "--seed", "-1"}, "--seed: Value -1 is negative");
  expect_refused({"check", model, "--seed", "1e3"}, "--seed: Value 1e3 is not a whole number");
  expect_refused({"generate", model, "--prompt", "a", "--seed=-7"}, "Value -7 is negative");
  expect_refused({"conformance", "--backend", "scalar", "--random", "-1"}, "Value -1 is negative");
  expect_refused({"conformance", "--backend", "scalar", "--random", "18446744073709551615"},
                 "not in range");
}

TEST_F(Misuse, WorkOfNothingIsRefused) {
  expect_refused({"tune", "--shape", "4,4,0,1"}, "nothing to time in 4,4,0,1: no steps or no rows");
  expect_refused({"conformance", "--backend", "scalar", "--random", "0"}, "not in range");
  expect_refused({"trace", model, "--input", input, "--compare", ","}, "must be two backends");
}

TEST_F(Misuse, NoOutputReplacesTheModel) {
  const std::string before = content(model);
  expect_refused(run({"--output", model}), "is the model that is read");
  fs::create_symlink(model, output);
  expect_refused(run({"--output", output}), "is the model that is read");
  EXPECT_EQ(content(model), before);
}

TEST_F(Misuse, HelpThatCannotBePrintedIsAnError) {
  for (const char* rest : {" --help >/dev/full", " --version >/dev/full", " --help >&-"}) {
    const std::string line = std::string(CAROUSEL_COMMAND) + rest + " 2>" + folder.file("err");
    EXPECT_EQ(WEXITSTATUS(std::system(line.c_str())), 2) << line;
    EXPECT_NE(content(folder.file("err")).find("cannot write to standard output"),
              std::string::npos)
        << line;
  }
}

/// Not what became of its value.
TEST_F(Misuse, UnknownOptionsAreNamed) {
  expect_refused({"check", "--shape", "4,4,4,1", "--thread", "3"}, "there is no option '--thread'");
}

TEST_F(Misuse, NamesAreShownWithoutWhatATerminalObeys) {
  const CommandResult result = carousel({"inspect", folder.file("a\x1b[31m\b")});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("a\\x1b[31m\\x08: cannot open"), std::string::npos) << result.err;
}

TEST_F(Misuse, EmptyTextsAreRefused) {
  expect_refused({"inspect", ""}, "MODEL: is empty");
  expect_refused(run({"--output", ""}), "--output: is empty");
  expect_refused({"check", model, "--plugin", ""}, "--plugin: is empty");
  expect_refused({"conformance", "--plugin", ""}, "--plugin: is empty");
  expect_refused({"wisdom", "--wisdom", "", "show"}, "--wisdom: is empty");
  expect_refused({"report", ""}, "RESULTS: is empty");
}

TEST_F(Misuse, ConformanceOfNothingIsNoProof) {
  const CommandResult result = carousel({"conformance", "--backend", "scalar", "--case", "_B0_"});
  EXPECT_EQ(result.code, 1) << result.out;
  EXPECT_NE(result.out.find("verdict   nothing was compared"), std::string::npos) << result.out;
}

TEST_F(Misuse, WisdomIsKeptInRegularFilesOnly) {
  const std::string pipe = folder.file("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& file : {std::string("/dev/full"), std::string("/dev/zero"), pipe}) {
    const CommandResult tune =
        carousel({"tune", "--shape", "4,8,10,1", "--seconds", "0.01"}, "CAROUSEL_WISDOM=" + file);
    EXPECT_EQ(tune.code, 1) << file << tune.out;
    EXPECT_NE(tune.err.find("is not a regular file"), std::string::npos) << tune.err;
    EXPECT_EQ(tune.out.find("kept in"), std::string::npos) << tune.out;
    for (const char* command : {"show", "export", "forget"}) {
      expect_refused({"wisdom", command, "--wisdom", file}, "is not a regular file");
    }
  }
  const CommandResult none =
      carousel({"tune", "--shape", "4,8,10,1", "--seconds", "0.01"}, "CAROUSEL_WISDOM=/dev/null");
  EXPECT_EQ(none.code, 0) << none.err;
  EXPECT_EQ(none.out.find("kept in"), std::string::npos) << none.out;
}

TEST_F(Misuse, DamagedWisdomSaysWhatRepairsIt) {
  const std::string file = folder.file("wisdom.json");
  std::ofstream(file) << R"({"format": "carousel wisdom",)";
  expect_refused({"wisdom", "show"}, "`carousel wisdom forget` removes the file",
                 "CAROUSEL_WISDOM=" + file);
  expect_refused({"wisdom", "show", "--wisdom", file}, "`carousel wisdom forget --wisdom FILE`");
  fs::resize_file(file, std::uintmax_t{1} << 40U);  // a hole
  expect_refused({"wisdom", "show", "--wisdom", file}, "more than any wisdom");
  EXPECT_EQ(carousel({"wisdom", "forget", "--wisdom", file}).code, 0);
  EXPECT_FALSE(fs::exists(file));
}

TEST_F(Misuse, TextsWithoutEndAreRefused) {
  const std::string hole = folder.file("hole");
  std::ofstream(hole).flush();
  fs::resize_file(hole, std::uintmax_t{1} << 40U);
  for (const std::string& file : {std::string("/dev/zero"), hole}) {
    expect_refused({"wisdom", "import", file}, "more than 256 MiB");
    expect_refused({"report", file, "--output", output}, "more than 256 MiB");
  }
  expect_refused({"tune", "--shapes", "/dev/zero"}, "more than 256 MiB");
  const std::string pipe = folder.file("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  expect_refused({"report", pipe, "--output", output}, "is a pipe that nobody writes to");
}

TEST_F(Misuse, PipesAreReadToTheirEnd) {
  const std::string pipe = folder.file("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] {
    std::ofstream stream(pipe);
    stream << std::string(200000, ' ') << std::flush;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stream << "x";
  });
  expect_refused({"report", pipe, "--output", output}, "is not JSON (byte 200001)");
  writer.join();
}

TEST_F(Misuse, TextsAreOurOwn) {
  expect_refused({"trace", model, "--input", input, "--arrays", "/dev/full"},
                 "/dev/full: cannot make this folder: a file has its name");
  expect_refused({"check", "--shape", "1000000,1000000,1,1"},
                 "take 29.1 TiB, and this machine has");
  const std::string json = folder.file("m.json");
  std::ofstream(json) << R"({"rec.weight": [1, NaN]})";
  expect_refused({"inspect", json}, "is not JSON, which has no number NaN (byte 20)");
  std::ofstream(json) << R"({"model_data": {"hidden_size": 4}, "state_dict": {}})";
  expect_refused({"inspect", json}, "model_data has no model");
  EXPECT_EQ(carousel(run({"--output", "/dev/stdout"})).code, 0);
}

}  // namespace
}  // namespace carousel::cli_test
