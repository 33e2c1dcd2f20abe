// SPDX-License-Identifier: Apache-2.0
// Allocations and libraries that fail under the public functions of C++. What writes or keeps JSON
// is not among them: the destructor of nlohmann::json allocates, and ends the process if it cannot.
#include "failures/each_allocation.hpp"
#include "failures/samples.hpp"
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <carousel/carousel.hpp>
#include <carousel/cross_check.hpp>
#include <carousel/npy.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace carousel::failures {
namespace {

/// Loads such a seed from memory, whole and damaged.
void load_seed(const std::string& name, const std::string& source) {
  const std::vector<std::byte> whole = seed(name);
  const std::vector<std::byte> damaged = damaged_seed(name);
  const LoadOptions options{.ignore_extra = true};
  fail_each_allocation(
      {.name = "load " + name, .call = [&] { static_cast<void>(load(whole, source, options)); }});
  fail_each_allocation({.name = "load damaged " + name,
                        .call = [&] { static_cast<void>(load(damaged, source, options)); },
                        .throws = true});
}

TEST(Failures, LoadSafetensors) { load_seed("safetensors/lstm", "t"); }
#if CAROUSEL_TEST_ZIP
TEST(Failures, LoadTorch) { load_seed("torch/lstm", "t"); }
#endif
#if CAROUSEL_TEST_ONNX
/// Protocol Buffers loses some blocks when it finds no memory for others.
TEST(Failures, LoadOnnx) {
#if defined(CAROUSEL_TEST_ASAN)
  GTEST_SKIP() << "LeakSanitizer would report what Protocol Buffers loses";
#endif
  const std::vector<std::byte> bytes = seed("onnx/lstm");
  fail_each_allocation({.name = "load onnx/lstm",
                        .call = [&] { static_cast<void>(load(bytes, "t.onnx")); },
                        .keeps_memory = true});
}
#endif

TEST(Failures, Npy) {
  const Folder folder;
  const std::vector<float> values{1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> shape{2, 3};
  const auto path = folder / "a.npy";
  const auto missing = folder / "b.npy";
  fail_each_allocation({.name = "write_npy",
                        .call = [&] { write_npy(path, shape, values); },
                        .check =
                            [&] {
                              EXPECT_EQ(folder.files(), 1U);
                              EXPECT_EQ(read_npy(path).shape, shape);
                            }});
  fail_each_allocation({.name = "read_npy", .call = [&] { static_cast<void>(read_npy(path)); }});
  fail_each_allocation({.name = "read_npy of no file",
                        .call = [&] { static_cast<void>(read_npy(missing)); },
                        .throws = true});
}

/// Whatever fails, the file is the one before or the new one, and nothing lies beside it.
TEST(Failures, Save) {
  const Folder folder;
  const Model model = load(seed("safetensors/lstm"), "t", {.ignore_extra = true});
  const auto path = folder / "m.safetensors";
  fail_each_allocation({.name = "save",
                        .call = [&] { save(model, path); },
                        .check =
                            [&] {
                              EXPECT_EQ(folder.files(), 1U);
                              EXPECT_EQ(load(path).layers.size(), model.layers.size());
                            }});
  fail_each_allocation(
      {.name = "load from a file", .call = [&] { static_cast<void>(load(path)); }});
}

/// A run of two steps whose arrays are there beforehand.
struct ReadyRun {
  explicit ReadyRun(const Network& network)
      : x(static_cast<std::size_t>(2 * network.input_size()), 0.5F),
        y(static_cast<std::size_t>(2 * network.output_size())),
        from(steps_first<const float>(x.data(), 2, 1, network.input_size())),
        to(steps_first(y.data(), 2, 1, network.output_size())) {}

  std::vector<float> x;
  std::vector<float> y;
  SequenceView<const float> from;
  SequenceView<float> to;
};

/// oneDNN ends the process itself where it finds no memory; libraries_test.cpp has its failures.
TEST(Failures, PrepareAndStreamOnEachBackend) {
  const Model model = small_model();
  for (const std::string& id : testing_support::deterministic_ids()) {
    const PrepareOptions options{.backend = id};
    fail_each_allocation(
        {.name = "prepare on " + id, .call = [&] { static_cast<void>(prepare(model, options)); }});
    const Network network = prepare(model, options);
    const ReadyRun run(network);
    Stream before = network.stream({.max_steps = 2});
    fail_each_allocation({.name = "stream on " + id,
                          .call = [&] { static_cast<void>(network.stream({.max_steps = 2})); },
                          .check = [&] { EXPECT_TRUE(before.run(run.from, run.to)); }});
  }
}

/// Threads that find no memory are done without.
TEST(Failures, ThreadsThatCannotStart) {
  const Network network = prepare(small_model(), {.backend = "scalar", .threads = 2});
  const ReadyRun run(network);
  fail_each_allocation({.name = "stream with two threads",
                        .call =
                            [&] {
                              Stream stream = network.stream({.max_steps = 2});
                              EXPECT_TRUE(stream.run(run.from, run.to));
                            },
                        .keeps_memory = true});
}

TEST(Failures, PrepareOnNoBackend) {
  const Model model = small_model();
  const PrepareOptions options{.backend = "none"};
  fail_each_allocation({.name = "prepare on no backend",
                        .call = [&] { static_cast<void>(prepare(model, options)); },
                        .throws = true});
}

TEST(Failures, CrossCheck) {
  const Model model = small_model();
  const std::vector<float> x(12, 0.5F);
  const CheckInput input{.x = steps_first(x.data(), 2, 2, 3)};
  CrossCheckOptions options{.choice = "scalar"};
  fail_each_allocation({.name = "cross_check",
                        .call = [&] { static_cast<void>(cross_check(model, input, options)); }});
  fail_each_allocation({.name = "cross_check of a wrong input",
                        .call = [&] { static_cast<void>(cross_check(model, {})); },
                        .throws = true});
}

/// Thrown by functions that the application gives to Carousel.
struct Cancelled {};

/// They are no failure below: what they throw leaves the call as it is.
TEST(Failures, WhatFunctionsOfTheApplicationThrowIsTheirs) {
  const Model model = small_model();
  const std::vector<float> x(12, 0.5F);
  const CheckInput input{.x = steps_first(x.data(), 2, 2, 3)};
  const CrossCheckOptions checked{.choice = "scalar",
                                  .progress = [](double) { throw Cancelled(); }};
  EXPECT_THROW((void)cross_check(model, input, checked), Cancelled);

  PrepareOptions measured{.plan = Plan::measure};
  measured.planning.seconds_per_layer = 0.01;
  measured.planning.wisdom = "/dev/null";
  measured.planning.progress = [](const PlanProgress&) { throw Cancelled(); };
  EXPECT_THROW((void)prepare(model, measured), Cancelled);
  EXPECT_THROW((void)prepare(model.layers.front(), measured), Cancelled);
  EXPECT_THROW((void)explain(model, measured), Cancelled);

  const Folder folder;
  std::ofstream(folder / "wisdom.json") << "no JSON";
  PrepareOptions told{.plan = Plan::wisdom_only};
  told.planning.wisdom = folder / "wisdom.json";
  told.planning.report = [](const std::string& text) { throw std::runtime_error(text); };
  try {
    (void)prepare(model, told);
    FAIL() << "nobody was told that the wisdom is damaged";
  } catch (const Error& error) {
    FAIL() << error.what();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("wisdom is ignored"), std::string::npos);
  }
}

TEST(Failures, LoadPlugin) {
  const std::filesystem::path file = TEXTBOOK_PLUGIN;
  fail_each_allocation({.name = "load_plugin",
                        .call = [&] { static_cast<void>(load_plugin(file)); },
                        .keeps_memory = true});
}

}  // namespace
}  // namespace carousel::failures
