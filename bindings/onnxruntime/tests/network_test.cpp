// SPDX-License-Identifier: Apache-2.0
// Whole networks from outside in ONNX Runtime, with Carousel in both ways and without.
#include "real/real_folder.hpp"
#include "real_case.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace carousel::onnxruntime_test {
namespace {

namespace fs = std::filesystem;
constexpr double kTolerance = 1e-5;
/// Their weights are no constants to ONNX Runtime: it dequantizes them in each run, or computes
/// them by shapes that depend on the input's.
const std::set<std::string> kComputedWeights{"wqdq", "dyn_GRU_1_0_raw", "dyn_LSTM_2_1_raw"};

/// One network by the execution provider, which leaves computed weights to ONNX Runtime; how many
/// recurrent nodes there are.
int expect_claimed(const fs::path& file, RealCase& network, const std::vector<Tensors>& expected,
                   bool computed_weights) {
  for (const Options& options : {Options{}, Options{{"cross_check", "1"}}}) {
    Ort::Session with = open_session(file, {.providers = {{kProvider, options}}});
    const std::vector<Tensors> found = network.run(with);
    for (std::size_t call = 0; call < expected.size(); ++call) {
      EXPECT_LE(largest_difference(found[call], expected[call]), kTolerance) << "call " << call;
    }
  }
  const std::string bytes = read_file(file);
  const RunNodes left = run_nodes(bytes, kWithout, network.first_inputs());
  const RunNodes claimed = run_nodes(bytes, kWith, network.first_inputs());
  EXPECT_EQ(claimed.claimed, computed_weights ? 0 : left.recurrent);
  EXPECT_EQ(claimed.recurrent, computed_weights ? left.recurrent : 0);
  return left.recurrent;
}

/// One network by the custom operators, which refuse computed weights.
void expect_overridden(const fs::path& file, RealCase& network,
                       const std::vector<Tensors>& expected, bool computed_weights, int nodes) {
  const auto error_with = [&](const Options& options) {
    return error_of([&] { static_cast<void>(open_session(file, {.custom_operators = options})); });
  };
  if (computed_weights) {
    EXPECT_NE(error_with({}).find("is not constant"), std::string::npos) << error_with({});
    return;
  }
  // A backend that there is not proves that they take the nodes.
  EXPECT_EQ(error_with({{"backend", "abacus"}}).find("abacus") != std::string::npos, nodes > 0);
  for (const Options& options : {Options{}, Options{{"cross_check", "1"}}}) {
    Ort::Session with = open_session(file, {.custom_operators = options});
    const std::vector<Tensors> found = network.run(with);
    for (std::size_t call = 0; call < expected.size(); ++call) {
      EXPECT_LE(largest_difference(found[call], expected[call]), kTolerance) << "call " << call;
    }
  }
}

/// Runs all cases of a folder; how many there were.
int expect_same_with_and_without(const fs::path& folder) {
  int count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const fs::path file = entry.path() / "model.onnx";
    if (!fs::exists(file)) continue;
    SCOPED_TRACE(entry.path().filename().string());
    const bool computed_weights = kComputedWeights.contains(entry.path().filename());
    RealCase network(entry.path());
    Ort::Session without = open_session(file);
    const std::vector<Tensors> expected = network.run(without);
    const int nodes = expect_claimed(file, network, expected, computed_weights);
    expect_overridden(file, network, expected, computed_weights, nodes);
    ++count;
  }
  return count;
}

TEST(OnnxRuntimeNetworks, OfRepositories) {
  CAROUSEL_NEEDS_REAL("networks");
  EXPECT_GE(expect_same_with_and_without(testing_support::real_folder() / "networks"), 8);
}

TEST(OnnxRuntimeNetworks, GraphsOfExporters) {
  CAROUSEL_NEEDS_REAL("graphs");
  EXPECT_GE(expect_same_with_and_without(testing_support::real_folder() / "graphs"), 20);
}

}  // namespace
}  // namespace carousel::onnxruntime_test
