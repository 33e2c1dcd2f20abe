// SPDX-License-Identifier: Apache-2.0
// What stands around a recurrent node and only rearranges its arrays is taken with it.
#include "node_case.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace carousel::onnxruntime_test {
namespace {

namespace schema = onnx_schema;
using Numbers = std::vector<std::int64_t>;

constexpr double kTolerance = 1e-5;
constexpr std::int64_t kInputs = 3;
constexpr std::int64_t kHidden = 4;

/// A graph with one LSTM, from `x` to `out`, built node by node.
class Chain {
 public:
  explicit Chain(std::int64_t directions) : directions_(directions) {
    declare(*graph().add_input(), "x", schema::TensorProto::FLOAT, {-1, -1, kInputs});
  }

  void add_lstm() {
    add_weight(graph(), "W", {directions_, 4 * kHidden, kInputs});
    add_weight(graph(), "R", {directions_, 4 * kHidden, kHidden});
    schema::NodeProto& node = add("LSTM");
    node.add_input("W");
    node.add_input("R");
    set_integer(node, "hidden_size", kHidden);
    set_text(node, "direction", directions_ == 2 ? "bidirectional" : "forward");
  }
  void add_transpose(const Numbers& order) { set_integers(add("Transpose"), "perm", order); }
  void add_with_numbers(const std::string& type, const Numbers& numbers) {
    schema::NodeProto& node = add(type);
    const std::string name = last_ + "_numbers";
    node.add_input(name);
    schema::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(schema::TensorProto::INT64);
    tensor.add_dims(static_cast<std::int64_t>(numbers.size()));
    for (const std::int64_t number : numbers) tensor.add_int64_data(number);
  }
  /// The last result leaves the graph, too.
  void show(const Numbers& shape) {
    declare(*graph().add_output(), last_, schema::TensorProto::FLOAT, shape);
  }
  [[nodiscard]] std::string bytes() const { return model_.SerializeAsString(); }

 private:
  schema::GraphProto& graph() { return *model_.mutable_graph(); }
  schema::NodeProto& add(const std::string& type) {
    schema::NodeProto& node = *graph().add_node();
    node.set_op_type(type);
    node.add_input(last_);
    last_ = type + std::to_string(graph().node_size());
    node.add_output(last_);
    return node;
  }
  static void set_integers(schema::NodeProto& node, const std::string& name,
                           const Numbers& values) {
    schema::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(schema::AttributeProto::INTS);
    for (const std::int64_t value : values) attribute.add_ints(value);
  }

  schema::ModelProto model_ = new_model();
  std::int64_t directions_;
  std::string last_ = "x";
};

/// ONNX Runtime's results, and how many of its nodes are left.
void expect_left(const Chain& chain, int others) {
  const std::string bytes = chain.bytes();
  Tensors inputs;
  NodeCase any{.input_size = kInputs};
  inputs.emplace("x", std::move(node_inputs(any, 6, 5).at("X")));
  Ort::Session without = open_session(bytes);
  Ort::Session with = open_session(bytes, {.providers = kWith});
  const Tensors expected = run_session(without, inputs);
  EXPECT_LE(largest_difference(run_session(with, inputs), expected), kTolerance);
  const RunNodes nodes = run_nodes(bytes, kWith, inputs);
  EXPECT_EQ(nodes.claimed, 1);
  EXPECT_EQ(nodes.others, others);
}

TEST(OnnxRuntimeNeighbours, SqueezeOfOneDirection) {
  Chain chain(1);
  chain.add_lstm();
  chain.add_with_numbers("Squeeze", {1});
  chain.show({-1, -1, kHidden});
  expect_left(chain, 0);
}

TEST(OnnxRuntimeNeighbours, BatchFirst) {
  Chain chain(1);
  chain.add_transpose({1, 0, 2});
  chain.add_lstm();
  chain.add_with_numbers("Squeeze", {1});
  chain.add_transpose({1, 0, 2});
  chain.show({-1, -1, kHidden});
  expect_left(chain, 0);
}

TEST(OnnxRuntimeNeighbours, DirectionsSideBySide) {
  Chain chain(2);
  chain.add_lstm();
  chain.add_transpose({0, 2, 1, 3});
  chain.add_with_numbers("Reshape", {0, 0, -1});
  chain.show({-1, -1, 2 * kHidden});
  expect_left(chain, 0);
}

TEST(OnnxRuntimeNeighbours, NotWhatOthersSee) {
  Chain chain(2);
  chain.add_lstm();
  chain.show({-1, 2, -1, kHidden});
  chain.add_transpose({0, 2, 1, 3});
  chain.show({-1, -1, 2, kHidden});
  expect_left(chain, 1);
}

TEST(OnnxRuntimeNeighbours, NotOtherRearrangements) {
  Chain chain(2);
  chain.add_transpose({1, 0, 2});
  chain.add_lstm();
  chain.add_transpose({3, 1, 0, 2});
  chain.show({kHidden, 2, -1, -1});
  expect_left(chain, 1);
}

TEST(OnnxRuntimeNeighbours, NotOtherReshapes) {
  Chain chain(2);
  chain.add_lstm();
  chain.add_transpose({0, 2, 1, 3});
  chain.add_with_numbers("Reshape", {-1, 2 * kHidden});
  chain.show({-1, 2 * kHidden});
  expect_left(chain, 1);
}

}  // namespace
}  // namespace carousel::onnxruntime_test
