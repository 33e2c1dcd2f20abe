// SPDX-License-Identifier: Apache-2.0
// Graphs as exporters other than PyTorch's build them, and every way a graph may use its states.
#include "onnx/graph_builder.hpp"

#include <algorithm>

namespace carousel::onnx_test {
namespace {

using testing::contains;
using testing::ramp;
using testing::weight;

/// The last of these nodes' outputs is the graph's.
void expect_layers(const Model& model, const std::vector<LayerSpec>& expected) {
  ASSERT_EQ(model.layers.size(), expected.size());
  for (std::size_t k = 0; k < expected.size(); ++k) {
    EXPECT_EQ(model.layers[k].spec, expected[k]) << k << ": " << describe(model.layers[k].spec);
  }
}

// --- tf2onnx: Keras ---

/// A Keras LSTM: batch first, states of zeros as many as there are rows.
GraphBuilder keras(std::int64_t directions, std::int64_t operator_set = 12) {
  GraphBuilder g(operator_set);
  g.input("x", {-1, -1, 3});
  g.node("Transpose", {"x"}, {"xt"}).set("perm", Sizes{1, 0, 2});
  g.node("Shape", {"x"}, {"shape"});
  g.node("Cast", {"shape"}, {"shape32"}).set("to", schema::TensorProto::INT32);
  g.integers("zero", {0});
  g.integers("one", {1});
  g.node("Slice", {"shape32", "zero", "one", "zero"}, {"rows"});
  g.integers("hidden", {2});
  g.integers("dirs", {directions});
  g.node("Cast", {"rows"}, {"rows64"}).set("to", schema::TensorProto::INT64);
  g.node("Concat", {"dirs", "rows64", "hidden"}, {"state_shape"}).set("axis", 0);
  g.floats("zero_float", {1}, {0.0F});
  g.node("Expand", {"zero_float", "state_shape"}, {"zeros"});
  g.integers("steps_at", {}, {1});
  g.node("Gather", {"shape", "steps_at"}, {"steps"});
  g.node("Unsqueeze", {"steps"}, {"steps1"}).set("axes", Sizes{0});
  g.node("Tile", {"steps1", "rows64"}, {"all_steps"});
  g.node("Cast", {"all_steps"}, {"lens"}).set("to", schema::TensorProto::INT32);
  g.recurrent({.directions = directions}, "xt", {"y", "h", "c"}, {"lens", "zeros", "zeros"});
  return g;
}

TEST(OnnxPatterns, KerasReturningSequences) {
  GraphBuilder g = keras(1);
  g.node("Squeeze", {"y"}, {"ys"}).set("axes", Sizes{1});
  g.node("Transpose", {"ys"}, {"out"}).set("perm", Sizes{1, 0, 2});
  g.output("out");
  const Model model = g.load();
  expect_layers(model, {make_spec(Cell::lstm, 3, 2)});
  EXPECT_EQ(inputs_text(model), "x [batch, steps, 3]");
  EXPECT_EQ(outputs_text(model), "out [batch, steps, 2]");
}

TEST(OnnxPatterns, KerasReturningTheLastStepToADenseLayer) {
  GraphBuilder g = keras(1);
  g.node("Squeeze", {"h"}, {"hs"}).set("axes", Sizes{0});
  g.ramp("kernel", {2, 5});
  g.ramp("bias", {5});
  g.node("MatMul", {"hs", "kernel"}, {"dense"});
  g.node("Add", {"dense", "bias"}, {"biased"});
  g.node("Softmax", {"biased"}, {"out"}).set("axis", 1);
  g.output("out");
  const Model model = g.load();
  expect_layers(model, {make_spec(Cell::lstm, 3, 2), DenseSpec{2, 5},
                        ActivationSpec{{ActivationKind::softmax}, 5}});
  EXPECT_EQ(outputs_text(model), "out [batch, 5]");
}

TEST(OnnxPatterns, KerasTimeDistributedDense) {
  GraphBuilder g = keras(1);
  g.node("Squeeze", {"y"}, {"ys"}).set("axes", Sizes{1});
  g.node("Transpose", {"ys"}, {"yt"}).set("perm", Sizes{1, 0, 2});
  g.integers("flat", {-1, 2});
  g.node("Reshape", {"yt", "flat"}, {"rows_of_y"});
  g.ramp("kernel", {2, 5});
  g.ramp("bias", {5});
  g.node("Gemm", {"rows_of_y", "kernel", "bias"}, {"dense"});
  g.node("Shape", {"yt"}, {"yt_shape"});
  g.integers("two", {2});
  g.node("Slice", {"yt_shape", "zero", "two", "zero"}, {"front"});
  g.integers("five", {5});
  g.node("Concat", {"front", "five"}, {"back"}).set("axis", 0);
  g.node("Reshape", {"dense", "back"}, {"out"});
  g.output("out");
  const Model model = g.load();
  expect_layers(model, {make_spec(Cell::lstm, 3, 2), DenseSpec{2, 5}});
  EXPECT_EQ(weight(model.layers[1], "weight").size(), 10U);
  EXPECT_EQ(outputs_text(model), "out [batch, steps, 5]");
}

/// Both directions are taken apart with Split or Slice, and joined along the features.
TEST(OnnxPatterns, KerasBidirectional) {
  for (const bool split : {true, false}) {
    GraphBuilder g = keras(2);
    if (split) {
      g.node("Split", {"y"}, {"f4", "b4"}).set("axis", 1).set("split", Sizes{1, 1});
    } else {
      g.integers("end", {2});
      g.node("Slice", {"y", "zero", "one", "one"}, {"f4"});
      g.node("Slice", {"y", "one", "end", "one"}, {"b4"});
    }
    for (const std::string side : {"f", "b"}) {
      g.node("Squeeze", {side + "4"}, {side + "3"}).set("axes", Sizes{1});
      g.node("Transpose", {side + "3"}, {side}).set("perm", Sizes{1, 0, 2});
    }
    g.node("Concat", {"f", "b"}, {"out"}).set("axis", -1);
    g.output("out");
    const Model model = g.load();
    expect_layers(model, {make_spec(Cell::lstm, 3, 2, Direction::bidirectional)});
    EXPECT_EQ(outputs_text(model), "out [batch, steps, 4]");
    g.graph().mutable_node(g.graph().node_size() - 1)->set_input(0, "b");
    g.graph().mutable_node(g.graph().node_size() - 1)->set_input(1, "f");
    expect_layers(g.load(), {make_spec(Cell::lstm, 3, 2, Direction::bidirectional),
                             RearrangeSpec{4, {{2, 2, 1}, {0, 2, 1}}}});
  }
}

TEST(OnnxPatterns, KerasBidirectionalReturningTheLastStep) {
  GraphBuilder g = keras(2);
  g.node("Split", {"h"}, {"f3", "b3"}).set("axis", 0).set("split", Sizes{1, 1});
  g.node("Squeeze", {"f3"}, {"f"}).set("axes", Sizes{0});
  g.node("Squeeze", {"b3"}, {"b"}).set("axes", Sizes{0});
  g.node("Concat", {"f", "b"}, {"both"}).set("axis", -1);
  g.output("both");
  const Model model = g.load();
  expect_layers(model,
                {make_spec(Cell::lstm, 3, 2, Direction::bidirectional), ConcatenateSpec{{2, 2}}});
  EXPECT_EQ(model.layers[1].inputs, (std::vector<std::string>{"l0:h", "l0:h_reverse"}));
}

// --- layout = 1 ---

TEST(OnnxPatterns, TwoLayersWithTheBatchFirst) {
  GraphBuilder g;
  g.input("x", {-1, -1, 3});
  g.recurrent({.op = "GRU"}, "x", {"y1"}).set("layout", 1);
  g.integers("two", {2});
  g.node("Squeeze", {"y1", "two"}, {"s1"});
  g.recurrent({.op = "GRU", .input = 2}, "s1", {"y2", "h2"}).set("layout", 1);
  g.output("y2");
  g.output("h2");
  const Model model = g.load();
  EXPECT_EQ(model.layers.size(), 2U);
  EXPECT_EQ(inputs_text(model), "x [batch, steps, 3]");
  EXPECT_EQ(outputs_text(model), "y2 [batch, steps, 1, 2]; h2 [batch, 1, 2]");
}

// --- States and lengths ---

TEST(OnnxPatterns, OneStateInputForHAndC) {
  GraphBuilder g;
  g.input("x", {1, 1, 3}).input("state", {2, -1, 2});
  g.integers("zero", {0});
  g.integers("one", {1});
  g.integers("two", {2});
  g.node("Slice", {"state", "zero", "one", "zero"}, {"h0"});
  g.node("Slice", {"state", "one", "two", "zero"}, {"c0"});
  g.recurrent({}, "x", {"y", "h", "c"}, {"", "h0", "c0"});
  g.output("y");
  g.output("h");
  const auto expect_first = [&](std::int64_t h, std::int64_t c) {
    const Model model = g.load();
    ASSERT_EQ(model.layers.size(), 3U);
    const ModelLayer& lstm = model.layers[2];
    const auto first = [&](const char* state) {
      const auto names = layer_names(model);
      const auto at = std::ranges::find(names, lstm.initial_states.at(state)) - names.begin();
      return std::get<RearrangeSpec>(model.layers[static_cast<std::size_t>(at)].spec).runs[0].first;
    };
    EXPECT_EQ(first("h"), h);
    EXPECT_EQ(first("c"), c);
    ASSERT_EQ(model.inputs.size(), 2U);
    EXPECT_EQ(model.inputs[1].name, "state");
    EXPECT_TRUE(model.inputs[1].one_step);
    EXPECT_FALSE(model.inputs[0].one_step);
    EXPECT_EQ(model.outputs[1].layer, layer_names(model)[2] + ":h");
  };
  expect_first(0, 2);
  g.graph().mutable_node(2)->set_input(5, "c0");
  g.graph().mutable_node(2)->set_input(6, "h0");
  expect_first(2, 0);
}

TEST(OnnxPatterns, StatesOfTheWrongKindAreRefused) {
  const auto with_state = [](const Sizes& shape, bool constant) {
    GraphBuilder g;
    g.input("x", {-1, -1, 3});
    if (constant) {
      g.ramp("h0", shape);
    } else {
      g.input("h0", shape);
    }
    g.recurrent({}, "x", {"y"}, {"", "h0"});
    g.output("y");
    return g.error();
  };
  EXPECT_TRUE(contains(with_state({1, 2, 2}, true),
                       "its initial_h is a constant that differs between batch rows"));
  EXPECT_TRUE(contains(with_state({1, 1, 5}, true),
                       "its initial_h has the shape [1, 1, 5]; "
                       "expected 1 directions and 2 features"));
  EXPECT_TRUE(contains(with_state({1, -1, 5}, false),
                       "the features of its initial_h 5 must have 2 elements"));
  EXPECT_TRUE(contains(with_state({2, -1, 2}, false),
                       "the directions of its initial_h 2 must have 1 elements"));
  EXPECT_TRUE(contains(with_state({1, 2}, false), "its initial_h [1, 2] must have 3 axes"));
  EXPECT_EQ(with_state({1, -1, 2}, false), "(no error)");
}

TEST(OnnxPatterns, ConstantStatesAreWhereAStreamStarts) {
  for (const std::int64_t batch_first : {0, 1}) {
    GraphBuilder g;
    g.input("x", {-1, -1, 3});
    g.floats("h0", batch_first == 1 ? Sizes{1, 2, 2} : Sizes{2, 1, 2}, {1, 2, 3, 4});
    g.floats("c0", {2, 2, 2}, std::vector<float>(8, 7));
    g.recurrent({.directions = 2}, "x", {"y"}, {"", "h0", "c0"}).set("layout", batch_first);
    g.output("y");
    const ModelLayer layer = g.load().layers.at(0);
    EXPECT_EQ(weight(layer, "initial_h"), (std::vector<float>{1, 2}));
    EXPECT_EQ(weight(layer, "initial_h_reverse"), (std::vector<float>{3, 4}));
    EXPECT_EQ(weight(layer, "initial_c_reverse"), (std::vector<float>{7, 7}));
  }
}

TEST(OnnxPatterns, LengthsAreAnInputOrAllSteps) {
  const auto with_lengths = [](const Sizes& x, const auto& add) {
    GraphBuilder g;
    g.input("x", x);
    add(g);
    g.recurrent({}, "x", {"y"}, {"lens"});
    g.output("y");
    return g.error();
  };
  const auto input = [](GraphBuilder& g) { g.input("lens", {-1}, schema::TensorProto::INT32); };
  const auto fives = [](GraphBuilder& g) { g.integers("lens", {5, 5}); };
  const auto mixed = [](GraphBuilder& g) { g.integers("lens", {5, 3}); };
  EXPECT_EQ(with_lengths({-1, -1, 3}, input), "(no error)");
  EXPECT_EQ(with_lengths({5, 2, 3}, fives), "(no error)");
  EXPECT_TRUE(contains(with_lengths({-1, 2, 3}, fives), "fixed to other than all steps"));
  EXPECT_TRUE(contains(with_lengths({5, 2, 3}, mixed), "fixed to other than all steps"));
}

TEST(OnnxPatterns, LengthsForSomeLayersOnlyAreRefused) {
  GraphBuilder g;
  g.input("x", {-1, -1, 3}).input("lens", {-1}, schema::TensorProto::INT32);
  g.recurrent({}, "x", {"y1"}, {"lens"});
  g.integers("one", {1});
  g.node("Squeeze", {"y1", "one"}, {"s1"});
  g.recurrent({.input = 2}, "s1", {"y2"});
  g.output("y2");
  EXPECT_TRUE(
      contains(g.error(), "node 'LSTM_y2' (LSTM) has no sequence_lens, but other layers have"));
}

TEST(OnnxPatterns, AStepOfACell) {
  GraphBuilder g;
  g.input("x", {-1, 3}).input("h", {-1, 2}).input("c", {-1, 2});
  g.integers("zero", {0});
  for (const char* name : {"x", "h", "c"}) {
    g.node("Unsqueeze", {name, "zero"}, {std::string(name) + "1"});
  }
  g.recurrent({}, "x1", {"y", "hn", "cn"}, {"", "h1", "c1"});
  g.node("Squeeze", {"hn", "zero"}, {"h_out"});
  g.node("Squeeze", {"cn", "zero"}, {"c_out"});
  g.output("h_out");
  g.output("c_out");
  expect_layers(g.load(), {make_spec(Cell::lstm, 3, 2)});
}

// --- Embedding, linear layer, activation ---

TEST(OnnxPatterns, EmbeddingLinearAndActivation) {
  GraphBuilder g(11);
  g.input("ids", {-1, -1}, schema::TensorProto::INT64);
  g.ramp("table", {7, 3});
  g.node("Gather", {"table", "ids"}, {"x"});
  g.recurrent({}, "x", {"y"});
  g.node("Squeeze", {"y"}, {"s"}).set("axes", Sizes{1});
  g.node("Dropout", {"s"}, {"d"});
  g.ramp("w", {2, 5});
  g.node("MatMul", {"d", "w"}, {"m"});
  g.ramp("b", {1, 5});
  g.node("Add", {"b", "m"}, {"a"});
  g.node("LogSoftmax", {"a"}, {"out"}).set("axis", 2);
  g.output("out");
  const Model model = g.load();
  expect_layers(model, {EmbeddingSpec{7, 3}, make_spec(Cell::lstm, 3, 2), DenseSpec{2, 5},
                        ActivationSpec{{ActivationKind::log_softmax}, 5}});
  EXPECT_EQ(weight(model.layers[0], "weight"), ramp(21, 0));
  EXPECT_EQ(weight(model.layers[2], "weight"),
            (std::vector<float>{4, 6.5, 4.5, 7, 5, 7.5, 5.5, 8, 6, 8.5}));
  EXPECT_EQ(weight(model.layers[2], "bias"), ramp(5, 5));
}

TEST(OnnxPatterns, GemmScalesAndTransposes) {
  const auto with_gemm = [](std::int64_t transposed) {
    GraphBuilder g;
    g.input("x", {-1, 1, 3});
    g.recurrent({}, "x", {"y"});
    g.integers("flat", {-1, 2});
    g.node("Reshape", {"y", "flat"}, {"rows"});
    g.floats("w", transposed == 1 ? Sizes{3, 2} : Sizes{2, 3}, {1, 2, 3, 4, 5, 6});
    g.floats("b", {1}, {3});
    g.node("Gemm", {"rows", "w", "b"}, {"out"})
        .set("transB", transposed)
        .set("alpha", 2.0F)
        .set("beta", 0.5F);
    g.output("out");
    return g.load();
  };
  const Model plain = with_gemm(0);
  EXPECT_EQ(weight(plain.layers[1], "weight"), (std::vector<float>{2, 8, 4, 10, 6, 12}));
  EXPECT_EQ(weight(plain.layers[1], "bias"), (std::vector<float>{1.5, 1.5, 1.5}));
  const Model transposed = with_gemm(1);
  EXPECT_EQ(weight(transposed.layers[1], "weight"), (std::vector<float>{2, 4, 6, 8, 10, 12}));
}

/// Weights that the graph computes from others, as newer exporters leave them.
TEST(OnnxPatterns, WeightsPutTogetherInTheGraph) {
  GraphBuilder g;
  g.input("x", {-1, -1, 3});
  g.ramp("wt", {3, 4});
  g.node("Transpose", {"wt"}, {"w2"});
  g.integers("zero", {0});
  g.node("Unsqueeze", {"w2", "zero"}, {"w"});
  g.ramp("r_low", {1, 2, 1});
  g.ramp("r_high", {1, 2, 1});
  g.node("Concat", {"r_low", "r_high"}, {"r"}).set("axis", 1);
  g.node("LSTM", {"x", "w", "r"}, {"y"}).set("hidden_size", 1);
  g.output("y");
  const Model model = g.load();
  EXPECT_EQ(weight(model.layers[0], "weight_ih"),
            blocks({0, 2, 4, 0.5, 2.5, 4.5, 1, 3, 5, 1.5, 3.5, 5.5}, 3, {0, 2, 3, 1}));
  EXPECT_EQ(weight(model.layers[0], "weight_hh"), (std::vector<float>{2, 3, 3.5, 2.5}));
}

TEST(OnnxPatterns, MetadataIsKept) {
  GraphBuilder g = one_node({});
  auto& entry = *g.model().add_metadata_props();
  entry.set_key("carousel.vocab");
  entry.set_value("[\"a\"]");
  EXPECT_EQ(g.load().metadata.at("carousel.vocab"), "[\"a\"]");
}

}  // namespace
}  // namespace carousel::onnx_test
