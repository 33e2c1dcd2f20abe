// SPDX-License-Identifier: Apache-2.0
// The execution provider in a session: what it claims and leaves alone, options, errors, runs of
// several sizes and at the same time.
#include "node_case.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace carousel::onnxruntime_test {
namespace {

namespace schema = onnx_schema;
constexpr double kTolerance = 1e-5;

struct RunSize {
  std::int64_t steps;
  std::int64_t batch;
};
const std::vector<RunSize> kSizes{{1, 1}, {5, 3}, {300, 2}, {17, 1}, {5, 3}, {1, 8}, {40, 3}};

/// What opening or running throws; empty where it does not.
template <class Work>
std::string error_of(const Work& work) {
  try {
    work();
    return {};
  } catch (const Ort::Exception& error) {
    return error.what();
  }
}

bool same_bits(const Tensors& a, const Tensors& b) {
  return std::ranges::all_of(a, [&](const auto& entry) {
    const auto left = floats(entry.second);
    const auto right = floats(b.at(entry.first));
    return std::ranges::equal(left, right);
  });
}

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

/// If (cond) one layer, else another; their weights are constants of the graph around them.
std::string branches() {
  schema::ModelProto model = new_model();
  schema::GraphProto& graph = *model.mutable_graph();
  declare(*graph.add_input(), "X", schema::TensorProto::FLOAT, {-1, -1, 3});
  declare(*graph.add_input(), "cond", schema::TensorProto::BOOL, {});
  declare(*graph.add_output(), "out", schema::TensorProto::FLOAT, {-1, 1, -1, 4});
  schema::NodeProto& choice = *graph.add_node();
  choice.set_op_type("If");
  choice.add_input("cond");
  choice.add_output("out");
  for (const std::string branch : {"then", "else"}) {
    add_weight(graph, branch + "_W", {1, 16, 3});
    add_weight(graph, branch + "_R", {1, 16, 4});
    schema::AttributeProto& attribute = *choice.add_attribute();
    attribute.set_name(branch + "_branch");
    attribute.set_type(schema::AttributeProto::GRAPH);
    schema::GraphProto& inner = *attribute.mutable_g();
    inner.set_name(branch);
    declare(*inner.add_output(), branch + "_Y", schema::TensorProto::FLOAT, {-1, 1, -1, 4});
    schema::NodeProto& layer = *inner.add_node();
    layer.set_op_type("LSTM");
    for (const char* input : {"_W", "_R"}) {
      if (layer.input_size() == 0) layer.add_input("X");
      layer.add_input(branch + input);
    }
    layer.add_output(branch + "_Y");
    set_integer(layer, "hidden_size", 4);
  }
  return model.SerializeAsString();
}

TEST(OnnxRuntimeProvider, ClaimsNodesInBranches) {
  const std::string bytes = branches();
  Ort::Session without = open_session(bytes);
  Ort::Session with = open_session(bytes, {.providers = kWith});
  for (const bool condition : {true, false}) {
    Tensors inputs = node_inputs({.input_size = 3}, 6, 2);
    inputs.emplace("cond", make_tensor<bool>({}, std::array{condition}));
    EXPECT_EQ(run_nodes(bytes, kWith, inputs).claimed, 1);
    const Tensors expected = run_session(without, inputs);
    EXPECT_LE(largest_difference(run_session(with, inputs), expected), kTolerance);
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
  const Options options{{"backend", "scalar"}, {"threads", "2"}, {"precision", "float32"}};
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
}

// --- Runs ---

TEST(OnnxRuntimeProvider, RunsOfAllSizesInOneSession) {
  for (const char* direction : {"forward", "bidirectional"}) {
    const NodeCase c{.op = "GRU", .direction = direction, .lengths = true, .initial = true};
    const std::string bytes = model_bytes(c);
    Ort::Session without = open_session(bytes);
    Ort::Session with = open_session(bytes, {.providers = kWith, .only_providers = true});
    for (const auto& [steps, batch] : kSizes) {
      const Tensors inputs = node_inputs(c, steps, batch, static_cast<unsigned>(steps));
      const Tensors expected = run_session(without, inputs);
      EXPECT_LE(largest_difference(run_session(with, inputs), expected), kTolerance)
          << steps << " steps, " << batch << " rows";
    }
  }
}

// ONNX Runtime's own operators end the process in some of these cases.
TEST(OnnxRuntimeProvider, RunsOfNothing) {
  const NodeCase c{.initial = true};
  Ort::Session with = open_session(model_bytes(c), {.providers = kWith});
  const Tensors no_rows = run_session(with, node_inputs(c, 3, 0));
  EXPECT_TRUE(floats(no_rows.at("Y")).empty());
  EXPECT_TRUE(floats(no_rows.at("Y_h")).empty());
  const Tensors no_steps = run_session(with, node_inputs(c, 0, 2));
  EXPECT_TRUE(floats(no_steps.at("Y")).empty());
  for (const float value : floats(no_steps.at("Y_c"))) EXPECT_EQ(value, 0.0F);
}

TEST(OnnxRuntimeProvider, KeepsNoStateBetweenRuns) {
  const NodeCase c;
  Ort::Session with = open_session(model_bytes(c), {.providers = kWith});
  const Tensors inputs = node_inputs(c, 6, 2);
  const Tensors first = run_session(with, inputs);
  EXPECT_TRUE(same_bits(run_session(with, inputs), first));
}

TEST(OnnxRuntimeProvider, RunsAtTheSameTime) {
  const NodeCase c{.direction = "bidirectional", .hidden_size = 20, .initial = true};
  Ort::Session with = open_session(model_bytes(c), {.providers = kWith, .only_providers = true});
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

TEST(OnnxRuntimeProvider, NamesWhatIsWrongWithARun) {
  const NodeCase c{.lengths = true};
  Ort::Session with = open_session(model_bytes(c), {.providers = kWith});
  Tensors inputs = node_inputs(c, 4, 2);
  inputs.erase("lengths");
  inputs.emplace("lengths", make_tensor<std::int32_t>({2}, std::vector<std::int32_t>{4, 5}));
  const std::string error = error_of([&] { static_cast<void>(run_session(with, inputs)); });
  EXPECT_NE(error.find("node 'layer' (LSTM)"), std::string::npos) << error;
  EXPECT_NE(error.find("length"), std::string::npos) << error;
}

}  // namespace
}  // namespace carousel::onnxruntime_test
