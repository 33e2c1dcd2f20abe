// SPDX-License-Identifier: Apache-2.0
// Runs of several sizes and at the same time, in each way in which Carousel runs nodes.
#include "node_case.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace carousel::onnxruntime_test {
namespace {

constexpr double kTolerance = 1e-5;

struct RunSize {
  std::int64_t steps;
  std::int64_t batch;
};
const std::vector<RunSize> kSizes{{1, 1}, {5, 3}, {300, 2}, {17, 1}, {5, 3}, {1, 8}, {40, 3}};

class OnnxRuntimeRuns : public testing::TestWithParam<Way> {
 protected:
  [[nodiscard]] static const SessionSettings& settings() { return GetParam().settings; }
};
INSTANTIATE_TEST_SUITE_P(Ways, OnnxRuntimeRuns, testing::ValuesIn(ways_with_cross_check()),
                         [](const auto& way) { return way.param.name; });

TEST_P(OnnxRuntimeRuns, OfAllSizesInOneSession) {
  for (const char* direction : {"forward", "bidirectional"}) {
    const NodeCase c{.op = "GRU", .direction = direction, .lengths = true, .initial = true};
    const std::string bytes = model_bytes(c);
    Ort::Session without = open_session(bytes);
    Ort::Session with = open_session(bytes, settings());
    for (const auto& [steps, batch] : kSizes) {
      const Tensors inputs = node_inputs(c, steps, batch, static_cast<unsigned>(steps));
      const Tensors expected = run_session(without, inputs);
      EXPECT_LE(largest_difference(run_session(with, inputs), expected), kTolerance)
          << steps << " steps, " << batch << " rows";
    }
  }
}

// ONNX Runtime's own operators end the process in some of these cases.
TEST_P(OnnxRuntimeRuns, OfNothing) {
  const NodeCase c{.initial = true};
  Ort::Session with = open_session(model_bytes(c), settings());
  const Tensors no_rows = run_session(with, node_inputs(c, 3, 0));
  EXPECT_TRUE(floats(no_rows.at("Y")).empty());
  EXPECT_TRUE(floats(no_rows.at("Y_h")).empty());
  const Tensors no_steps = run_session(with, node_inputs(c, 0, 2));
  EXPECT_TRUE(floats(no_steps.at("Y")).empty());
  for (const float value : floats(no_steps.at("Y_c"))) EXPECT_EQ(value, 0.0F);
}

TEST_P(OnnxRuntimeRuns, KeepNoStateBetweenThem) {
  const NodeCase c;
  Ort::Session with = open_session(model_bytes(c), settings());
  const Tensors inputs = node_inputs(c, 6, 2);
  const Tensors first = run_session(with, inputs);
  EXPECT_TRUE(same_bits(run_session(with, inputs), first));
}

TEST_P(OnnxRuntimeRuns, AtTheSameTime) {
  const NodeCase c{.direction = "bidirectional", .hidden_size = 20, .initial = true};
  Ort::Session with = open_session(model_bytes(c), settings());
  std::vector<Tensors> inputs;
  std::vector<Tensors> expected;
  for (const auto& [steps, batch] : kSizes) {
    inputs.push_back(node_inputs(c, steps, batch));
    expected.push_back(run_session(with, inputs.back()));
  }
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (std::size_t caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (std::size_t k = 0; k < 100; ++k) {
        const std::size_t which = (caller + k) % inputs.size();
        if (!same_bits(run_session(with, inputs[which]), expected[which])) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST_P(OnnxRuntimeRuns, InSessionsMadeAtTheSameTime) {
  const NodeCase c{.attributes = [](auto& node) {
    set_texts(node, "activations", {"HardSigmoid", "Softsign", "Relu"});
  }};
  const std::string bytes = model_bytes(c);
  const Tensors inputs = node_inputs(c, 6, 2);
  Ort::Session without = open_session(bytes);
  const Tensors expected = run_session(without, inputs);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> makers;
  for (int maker = 0; maker < 3; ++maker) {
    makers.emplace_back([&] {
      for (int k = 0; k < 5; ++k) {
        Ort::Session with = open_session(bytes, settings());
        if (largest_difference(run_session(with, inputs), expected) > kTolerance) ++wrong;
      }
    });
  }
  for (std::thread& maker : makers) maker.join();
  EXPECT_EQ(wrong, 0);
}

TEST_P(OnnxRuntimeRuns, OfNodesInBranches) {
  const std::string bytes = branches();
  Ort::Session without = open_session(bytes);
  SessionSettings other_nodes_too = settings();
  other_nodes_too.only_providers = false;
  Ort::Session with = open_session(bytes, other_nodes_too);
  for (const bool condition : {true, false}) {
    Tensors inputs = node_inputs({.input_size = 3}, 6, 2);
    inputs.emplace("cond", make_tensor<bool>({}, std::array{condition}));
    const Tensors expected = run_session(without, inputs);
    EXPECT_LE(largest_difference(run_session(with, inputs), expected), kTolerance);
  }
}

TEST_P(OnnxRuntimeRuns, NameWhatIsWrong) {
  const NodeCase c{.lengths = true};
  Ort::Session with = open_session(model_bytes(c), settings());
  Tensors inputs = node_inputs(c, 4, 2);
  inputs.erase("lengths");
  inputs.emplace("lengths", make_tensor<std::int32_t>({2}, std::vector<std::int32_t>{4, 5}));
  const std::string error = error_of([&] { static_cast<void>(run_session(with, inputs)); });
  EXPECT_NE(error.find("node 'layer' (LSTM)"), std::string::npos) << error;
  EXPECT_NE(error.find("length"), std::string::npos) << error;
}

}  // namespace
}  // namespace carousel::onnxruntime_test
