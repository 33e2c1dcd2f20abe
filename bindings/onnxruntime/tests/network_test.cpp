// SPDX-License-Identifier: Apache-2.0
// Whole networks from outside in ONNX Runtime, with and without the execution provider.
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

/// Runs all cases of a folder; how many there were.
int expect_same_with_and_without(const fs::path& folder) {
  int count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!fs::exists(entry.path() / "model.onnx")) continue;
    SCOPED_TRACE(entry.path().filename().string());
    RealCase network(entry.path());
    Ort::Session without = open_session(entry.path() / "model.onnx");
    Ort::Session with = open_session(entry.path() / "model.onnx", {.providers = kWith});
    const std::vector<Tensors> expected = network.run(without);
    const std::vector<Tensors> found = network.run(with);
    for (std::size_t call = 0; call < expected.size(); ++call) {
      EXPECT_LE(largest_difference(found[call], expected[call]), kTolerance) << "call " << call;
    }
    const std::string bytes = read_file(entry.path() / "model.onnx");
    const RunNodes left = run_nodes(bytes, kWithout, network.first_inputs());
    const RunNodes claimed = run_nodes(bytes, kWith, network.first_inputs());
    const bool computed = kComputedWeights.contains(entry.path().filename());
    EXPECT_EQ(claimed.claimed, computed ? 0 : left.recurrent);
    EXPECT_EQ(claimed.recurrent, computed ? left.recurrent : 0);
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
