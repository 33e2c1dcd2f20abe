// SPDX-License-Identifier: Apache-2.0
// The execution provider in a session: what it claims and leaves alone, and its options.
#include "node_case.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace carousel::onnxruntime_test {
namespace {

constexpr double kTolerance = 1e-5;

// --- What is claimed ---

TEST(OnnxRuntimeProvider, ClaimsNodesWithConstantWeights) {
  const NodeCase c;
  EXPECT_EQ(run_nodes(model_bytes(c), kWith, node_inputs(c, 4, 2)).claimed, 1);
}

TEST(OnnxRuntimeProvider, LeavesNodesWithOtherWeightsAlone) {
  const NodeCase c{.constant_weights = false};
  const Tensors inputs = node_inputs(c, 4, 2);
  EXPECT_EQ(run_nodes(model_bytes(c), kWith, inputs).claimed, 0);
}

TEST(OnnxRuntimeProvider, LeavesFloat16Alone) {
  const NodeCase c{.float16 = true};
  const std::string bytes = model_bytes(c);
  const Tensors inputs = node_inputs(c, 4, 2);
  const std::string without = error_of([&] {
    Ort::Session session = open_session(bytes);
    static_cast<void>(run_session(session, inputs));
  });
  if (without.empty()) {
    EXPECT_EQ(run_nodes(bytes, kWith, inputs).claimed, 0);
    return;
  }
  EXPECT_EQ(error_of([&] { static_cast<void>(open_session(bytes, {.providers = kWith})); }),
            without);
}

TEST(OnnxRuntimeProvider, ClaimsNodesInBranches) {
  for (const bool condition : {true, false}) {
    Tensors inputs = node_inputs({.input_size = 3}, 6, 2);
    inputs.emplace("cond", make_tensor<bool>({}, std::array{condition}));
    EXPECT_EQ(run_nodes(branches(), kWith, inputs).claimed, 1);
  }
}

TEST(OnnxRuntimeProvider, TwoInOneSession) {
  const NodeCase c{.direction = "bidirectional", .lengths = true};
  const std::string bytes = model_bytes(c);
  const Tensors inputs = node_inputs(c, 7, 3);
  Ort::Session without = open_session(bytes);
  Ort::Session both =
      open_session(bytes, {.providers = {{kProvider, {}}, {kSecondProvider, {{"threads", "2"}}}},
                           .only_providers = true});
  EXPECT_LE(largest_difference(run_session(both, inputs), run_session(without, inputs)),
            kTolerance);
}

// --- Options ---

TEST(OnnxRuntimeProvider, TakesOptions) {
  const NodeCase c;
  const std::string bytes = model_bytes(c);
  const Tensors inputs = node_inputs(c, 7, 3);
  Ort::Session without = open_session(bytes);
  const Options options{
      {"backend", "scalar"}, {"threads", "2"}, {"precision", "float32"}, {"cross_check", "1"}};
  Ort::Session with =
      open_session(bytes, {.providers = {{kProvider, options}}, .only_providers = true});
  EXPECT_LE(largest_difference(run_session(with, inputs), run_session(without, inputs)),
            kTolerance);
}

TEST(OnnxRuntimeProvider, RefusesOptionsThatItHasNot) {
  const std::string bytes = model_bytes({});
  const auto error_with = [&](const Options& options) {
    return error_of([&] {
      static_cast<void>(open_session(bytes, {.providers = {{kProvider, options}}}));
    });
  };
  EXPECT_NE(error_with({{"thread", "2"}}).find("no option 'thread'; there are backend, threads"),
            std::string::npos);
  EXPECT_NE(error_with({{"threads", "two"}}).find("threads is 'two'"), std::string::npos);
  EXPECT_NE(error_with({{"backend", "abacus"}}).find("abacus"), std::string::npos);
  EXPECT_NE(error_with({{"precision", "float7"}}).find("float7"), std::string::npos);
  EXPECT_NE(error_with({{"cross_check", "yes"}}).find("cross_check is 'yes'"), std::string::npos);
  EXPECT_NE(error_with({{"cross_check", "1"}, {"precision", "int8"}}).find("needs the precision"),
            std::string::npos);
}

}  // namespace
}  // namespace carousel::onnxruntime_test
