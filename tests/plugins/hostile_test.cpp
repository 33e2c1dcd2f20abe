// SPDX-License-Identifier: Apache-2.0
// Plug-ins that break the contract, each in one way: the process survives, and says which file did
// what.
#include "core/plugins/run_within.hpp"
#include "core/verify/conformance/runner.hpp"
#include "plugins/plugin_files.hpp"

#include <carousel/network.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>

namespace carousel::plugin_test {
namespace {

/// Shows what a user would read, and expects file and cause in it.
void expect_names(const std::string& text, const std::string& file, const std::string& cause) {
  std::printf("  %s\n", text.c_str());
  EXPECT_NE(text.find(file), std::string::npos) << text;
  EXPECT_NE(text.find(cause), std::string::npos) << cause << " is not in: " << text;
}

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

ModelLayer small_layer() {
  const auto filled = [](std::vector<std::int64_t> shape, std::size_t count) {
    return Tensor(std::move(shape), std::vector<float>(count, 0.1F));
  };
  return {.spec = make_spec(Cell::lstm, 2, 3),
          .weights = {{"weight_ih", filled({12, 2}, 24)},
                      {"weight_hh", filled({12, 3}, 36)},
                      {"bias_ih", filled({12}, 12)},
                      {"bias_hh", filled({12}, 12)}}};
}

Network prepare_with(const Backend& backend) {
  return prepare(small_layer(), {.backend = backend.id()});
}

/// What a run of the network says; it must not be that all is well.
std::string run_error(const Network& network) {
  Stream stream = network.stream({.batch = 1, .max_steps = 1});
  const std::vector<float> x(2, 1.0F);
  std::vector<float> y(3);
  const Status status = stream.run(unbatched(x.data(), 1, 2), unbatched(y.data(), 1, 3));
  return status ? "no error" : status.message();
}

/// The rest of the engine is as it was.
void expect_healthy() {
  EXPECT_EQ(run_error(prepare(small_layer())), "no error");
  EXPECT_EQ(run_error(prepare(small_layer(), {.backend = "scalar"})), "no error");
}

class HostilePlugin : public testing::Test {
 protected:
  void SetUp() override { plugins::set_time_limit(std::chrono::milliseconds(2000)); }
  Folder folder;
};

TEST_F(HostilePlugin, IsNotLoaded) {
  plugins::set_time_limit(std::chrono::milliseconds(300));
  const std::vector<std::pair<std::string, std::string>> refused{
      {"abi", "made for plug-in ABI version 7; this Carousel has version 2"},
      {"old", "made for plug-in ABI version 1; this Carousel has version 2"},
      {"struct-size", "struct_size is 24"},
      {"spec-size", "spec_size is 8"},
      {"args-size", "args_size is 1152921504606846976"},
      {"null-function", "'workspace_create' is null"},
      {"null-name", "its name is null"},
      {"bad-name", "its name is 'two words\\x0a'"},
      {"taken-name", "could be taken for 'scalar'"},
      {"null-version", "its version is empty"},
      {"no-table", "gave no table: the dog ate it"},
      {"throws-entry", "threw an exception: no way in"},
      {"fails-always", "available failed: the dog ate it"},
      {"garbage-available", "available failed: ????"},
      {"throws-available", "available failed: threw an exception: at once"},
      {"sleeps-entry", "carousel_backend_plugin did not return within 300 ms"},
      {"sleeps-available", "available did not return within 300 ms"},
  };
  const std::size_t before = backends().size();
  for (const auto& [crime, cause] : refused) {
    const std::string file = folder.hostile(crime);
    expect_names(error_of([&] { (void)load_plugin(file); }), file, cause);
  }
  EXPECT_EQ(backends().size(), before);
  expect_healthy();
}

/// A real one, compiled as for Carousel 0.1: nothing of it but the number is looked at.
TEST_F(HostilePlugin, OfVersion1IsNotLoaded) {
  const std::string file = folder.copy(VERSION_1_PLUGIN, "version1");
  expect_names(error_of([&] { (void)load_plugin(file); }), file,
               "made for plug-in ABI version 1; this Carousel has version 2");
  expect_healthy();
}

TEST_F(HostilePlugin, ErrorsHaveCodes) {
  const auto code_of = [&](const std::string& file) {
    try {
      (void)load_plugin(file);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode{};
  };
  EXPECT_EQ(code_of(folder.hostile("abi")), ErrorCode::plugin_failed);
  EXPECT_EQ(code_of(folder.hostile("taken-name")), ErrorCode::plugin_failed);
  EXPECT_EQ(code_of(folder.path() + "/nothing.so"), ErrorCode::file_not_found);
  EXPECT_EQ(code_of(folder.path()), ErrorCode::file_access);
  EXPECT_EQ(code_of("here.so"), ErrorCode::invalid_argument);
}

TEST_F(HostilePlugin, IsNoPlugin) {
  const std::string text = folder.write("libcarousel_backend_text.so", "not a library\n");
  expect_names(error_of([&] { (void)load_plugin(text); }), text, "not a shared library");
  const std::string other = folder.copy(NO_ENTRY_LIBRARY, "other");
  expect_names(error_of([&] { (void)load_plugin(other); }), other,
               "no function carousel_backend_plugin");
  const std::string nothing = folder.path() + "/nothing.so";
  expect_names(error_of([&] { (void)load_plugin(nothing); }), nothing, "no such file");
  expect_names(error_of([&] { (void)load_plugin(folder.path()); }), folder.path(), "not a file");
  expect_names(error_of([&] { (void)load_plugin("here.so"); }), "here.so", "relative");
  expect_names(error_of([&] { (void)load_plugin("./here.so"); }), "./here.so", "relative");
  expect_healthy();
}

TEST_F(HostilePlugin, FailsInSupports) {
  plugins::set_time_limit(std::chrono::milliseconds(300));
  const std::vector<std::pair<std::string, std::string>> faults{
      {"fails-supports", "supports failed: the dog ate it"},
      {"throws-supports", "supports failed: threw an exception: never"},
      {"silent-supports", "supports said no without a reason"},
      {"sleeps-supports", "supports did not return within 300 ms"},
  };
  for (const auto& [crime, cause] : faults) {
    const std::string file = folder.hostile(crime);
    const Backend& backend = load_plugin(file);
    const Support support = backend.supports(small_layer().spec, Precision::float32);
    EXPECT_FALSE(support.ok);
    EXPECT_TRUE(support.fault);
    expect_names(support.reason, file, cause);
    // Asked again: the one that sleeps is not waited for a second time.
    expect_names(error_of([&] { (void)prepare_with(backend); }), file, "supports");
    EXPECT_EQ(conformance::run_case(backend, conformance::cases().front()).outcome,
              conformance::Outcome::failed);
  }
  expect_healthy();
}

TEST_F(HostilePlugin, FailsToMakeLayers) {
  const std::vector<std::pair<std::string, std::string>> faults{
      {"fails-layer", "layer_create failed for LSTM"},
      {"throws-layer", "threw an exception of unknown type"},
      {"bare-status-layer", "layer_create failed for LSTM 2 -> 3: file not found, without a text"},
      {"null-layer", "layer_create said that all is well for LSTM"},
      {"huge-layer", "layer_memory_bytes says 18446744073709551615 bytes"},
  };
  for (const auto& [crime, cause] : faults) {
    const std::string file = folder.hostile(crime);
    const Backend& backend = load_plugin(file);
    expect_names(error_of([&] { (void)prepare_with(backend); }), file, cause);
  }
  expect_healthy();
}

TEST_F(HostilePlugin, FailsToMakeWorkspaces) {
  for (const auto& [crime, cause] : std::vector<std::pair<std::string, std::string>>{
           {"fails-workspace", "workspace_create failed for LSTM"},
           {"throws-workspace", "workspace_create failed for LSTM"}}) {
    const std::string file = folder.hostile(crime);
    const Network network = prepare_with(load_plugin(file));
    expect_names(error_of([&] { (void)network.stream(); }), file, cause);
  }
  expect_healthy();
}

TEST_F(HostilePlugin, FailsToRun) {
  for (const auto& [crime, cause] : std::vector<std::pair<std::string, std::string>>{
           {"fails-forward", "forward failed: no more coffee"},
           {"silent-forward", "forward failed: unknown status 99"},
           {"throws-forward", "forward threw an exception"}}) {
    const std::string file = folder.hostile(crime);
    const Network network = prepare_with(load_plugin(file));
    expect_names(run_error(network), file, cause);
    expect_names(run_error(network), file, cause);
  }
  expect_healthy();
}

/// What destroying throws is lost, since nobody could do anything about it.
TEST_F(HostilePlugin, ThrowsWhenDestroying) {
  const Backend& backend = load_plugin(folder.hostile("throws-destroy"));
  EXPECT_EQ(run_error(prepare_with(backend)), "no error");
  expect_healthy();
}

TEST_F(HostilePlugin, IsFoundOutByTheConformanceSuite) {
  for (const auto& [crime, cause] : std::vector<std::pair<std::string, std::string>>{
           {"nan", "nan"}, {"out-of-bounds", "run wrote outside the rows of y"}}) {
    const Backend& backend = load_plugin(folder.hostile(crime));
    const auto report = conformance::run_case(backend, conformance::cases().front());
    EXPECT_EQ(report.outcome, conformance::Outcome::failed);
    expect_names(report.message, backend.id(), cause);
  }
}

}  // namespace
}  // namespace carousel::plugin_test
