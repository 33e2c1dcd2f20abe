// SPDX-License-Identifier: Apache-2.0
// Graphs that do more than a network here can: refused by operator and node, and the part that can
// be taken is named.
#include "onnx/graph_builder.hpp"

namespace carousel::onnx_test {
namespace {

using testing::contains;

/// x -> Conv -> LSTM -> LSTM -> Relu -> Conv, as a detector may have it.
GraphBuilder detector() {
  GraphBuilder g;
  g.input("audio", {-1, 1, 512});
  g.ramp("filter", {3, 1, 4});
  g.node("Conv", {"audio", "filter"}, {"features"});
  g.node("Transpose", {"features"}, {"x"}).set("perm", Sizes{2, 0, 1});
  g.recurrent({}, "x", {"y1"});
  g.integers("one", {1});
  g.node("Squeeze", {"y1", "one"}, {"s1"});
  g.recurrent({.input = 2}, "s1", {"y2", "h2", "c2"});
  g.node("Squeeze", {"y2", "one"}, {"s2"});
  g.node("Relu", {"s2"}, {"r"});
  g.node("Conv", {"r", "filter"}, {"out"});
  g.output("out");
  return g;
}

std::string_view last_kind(const Model& model) { return kind_name(model.layers.back().spec); }

TEST(OnnxRefusal, NamesOperatorNodeListAndWhatCanBeTaken) {
  const std::string error = detector().error();
  EXPECT_TRUE(contains(error,
                       "t.onnx: node 'Conv_features' (Conv): this operator is not supported; "
                       "supported are Add, Cast, Concat, "));
  EXPECT_TRUE(contains(error, "GRU, "));
  EXPECT_TRUE(contains(error,
                       "; the recurrent part alone can be taken with --from 'LSTM_y1' --to "
                       "'LSTM_y2'"));
}

TEST(OnnxRefusal, ThePartThatTheUserTakesLoads) {
  const GraphBuilder g = detector();
  const Model stack = g.load({.from = "LSTM_y1", .to = "LSTM_y2"});
  EXPECT_EQ(stack.layers.size(), 2U);
  EXPECT_EQ(last_kind(stack), "recurrent");
  EXPECT_EQ(last_kind(g.load({.from = "Transpose_x", .to = "Relu_r"})), "activation");
  const Model first = g.load({.from = "LSTM_y1", .to = "y1"});  // by the name of an output
  ASSERT_EQ(first.layers.size(), 1U);
  EXPECT_EQ(input_size(first.layers[0].spec), 3);
}

TEST(OnnxRefusal, FromAndToMustExistAndFit) {
  const GraphBuilder g = detector();
  EXPECT_TRUE(contains(g.error({.from = "nope"}),
                       "no node or value is called 'nope', as from (--from) says; the recurrent "
                       "nodes are 'LSTM_y1', 'LSTM_y2'"));
  EXPECT_TRUE(contains(g.error({.to = "nope"}), "as to (--to) says"));
  EXPECT_TRUE(contains(g.error({.from = "LSTM_y1"}), "node 'Conv_out' (Conv)"));
  EXPECT_FALSE(contains(g.error({.from = "LSTM_y1"}), "--from 'LSTM_y1'"));
  EXPECT_TRUE(contains(g.error({.from = "LSTM_y2", .to = "LSTM_y1"}),
                       "node 'LSTM_y2' (LSTM), the start, does not lead to 'y1'"));
  EXPECT_TRUE(contains(g.error({.prefix = "lstm."}), "--from, --to"));
}

TEST(OnnxRefusal, UnnamedNodesAreCalledAfterTheirOutputs) {
  GraphBuilder g = detector();
  for (schema::NodeProto& node : *g.graph().mutable_node()) node.clear_name();
  EXPECT_TRUE(contains(g.error(), "node 'features' (Conv)"));
  EXPECT_TRUE(contains(g.error(), "--from 'y1' --to 'y2'"));
  EXPECT_EQ(g.load({.from = "y1", .to = "y2"}).layers.size(), 2U);
  for (schema::NodeProto& node : *g.graph().mutable_node()) node.set_name("same");
  EXPECT_TRUE(contains(g.error(), "--from 'y1' --to 'y2'"));
}

TEST(OnnxRefusal, OptionsForTheOtherFormatAreRefused) {
  const testing::Bytes bytes = testing::recurrent_dict({}).bytes();
  EXPECT_TRUE(contains(testing::load_error(bytes, {.from = "a"}), "are for ONNX files"));
}

TEST(OnnxRefusal, NodesThatNothingNeedsAreLeftAlone) {
  GraphBuilder g = one_node({});
  g.node("NonMaxSuppression", {"x"}, {"unused"});
  EXPECT_EQ(g.load().layers.size(), 1U);
}

TEST(OnnxRefusal, OperatorsOfOtherDomainsAreNotThoseOfTheStandard) {
  GraphBuilder g = one_node({});
  only_node(g).proto().set_domain("com.microsoft");
  EXPECT_TRUE(contains(g.error(), "node 'LSTM_y' (com.microsoft.LSTM): this operator is not"));
  only_node(g).proto().set_domain("ai.onnx");
  EXPECT_EQ(g.load().layers.size(), 1U);
}

struct BadNodes {
  const char* message;
  void (*add)(GraphBuilder&);
};

/// What may follow a layer, and what may not: each adds nodes that read s [steps, batch, 2].
TEST(OnnxRefusal, WhatFollowsALayer) {
  const std::vector<BadNodes> cases{
      {"(Add): is supported as the bias of a MatMul before it only",
       [](GraphBuilder& g) {
         g.ramp("b", {2});
         g.node("Add", {"s", "b"}, {"out"});
       }},
      {"(Softmax): works along axis 0 of [steps, batch, 2]",
       [](GraphBuilder& g) { g.node("Softmax", {"s"}, {"out"}).set("axis", 0); }},
      {"(MatMul): its input [batch, steps, 2] must have 3 features in the last axis",
       [](GraphBuilder& g) {
         g.ramp("w", {3, 2});
         g.node("Transpose", {"s"}, {"t"}).set("perm", Sizes{1, 0, 2});
         g.node("MatMul", {"t", "w"}, {"out"});
       }},
      {"(MatMul): its second factor is not a constant",
       [](GraphBuilder& g) {
         g.node("MatMul", {"s", "s"}, {"out"});
       }},
      {"(Slice): takes a part of the axis [steps]",
       [](GraphBuilder& g) {
         g.integers("first", {1});
         g.integers("last", {3});
         g.integers("zero", {0});
         g.node("Slice", {"s", "first", "last", "zero"}, {"out"});
       }},
      {"(Slice): is supported with known bounds and steps of 1 only",
       [](GraphBuilder& g) {
         g.integers("first", {-1});
         g.integers("last", {-9223372036854775807});
         g.integers("zero", {0});
         g.node("Slice", {"s", "first", "last", "zero", "first"}, {"out"});
       }},
      {"(Reshape): reshapes axes into others than whole ones of them",
       [](GraphBuilder& g) {
         g.integers("shape", {-1, 4});
         g.node("Reshape", {"s", "shape"}, {"out"});
       }},
      {"(Squeeze): axis 0 is not known to be of size 1",
       [](GraphBuilder& g) {
         g.integers("zero", {0});
         g.node("Squeeze", {"s", "zero"}, {"out"});
       }},
      {"(Cast): makes int64 of values of the network",
       [](GraphBuilder& g) {
         g.node("Cast", {"s"}, {"out"}).set("to", schema::TensorProto::INT64);
       }},
      {"(Add): is supported as the bias of a MatMul before it only",
       [](GraphBuilder& g) {
         g.ramp("w", {2, 5});
         g.ramp("b", {1, 1, 1, 5});
         g.node("MatMul", {"s", "w"}, {"m"});
         g.node("Add", {"m", "b"}, {"out"});
       }},
      {"(Mul): is supported for computed sizes only",
       [](GraphBuilder& g) {
         g.node("Mul", {"s", "s"}, {"out"});
       }},
      {"(Gather): takes several elements of a tensor of the network",
       [](GraphBuilder& g) {
         g.integers("which", {0, 1});
         g.node("Gather", {"s", "which"}, {"out"});
       }},
      {"(Gather): takes a part of the axis [batch]",
       [](GraphBuilder& g) {
         g.integers("row", {}, {0});
         g.node("Gather", {"s", "row"}, {"out"}).set("axis", 1);
       }},
      {"(Dropout): is in training mode",
       [](GraphBuilder& g) {
         g.floats("ratio", {}, {0.5F});
         g.integers("yes", {}, {1});
         g.node("Dropout", {"s", "ratio", "yes"}, {"out"});
       }},
      {"(Expand): repeats values of the network",
       [](GraphBuilder& g) {
         g.integers("shape", {4, 1, 1, 1});
         g.node("Expand", {"s", "shape"}, {"out"});
       }},
  };
  for (const BadNodes& c : cases) {
    GraphBuilder g(13);
    g.input("x", {-1, -1, 3});
    g.recurrent({}, "x", {"y"});
    g.integers("one", {1});
    g.node("Squeeze", {"y", "one"}, {"s"});
    c.add(g);
    g.output("out");
    const std::string error = g.error();
    EXPECT_TRUE(contains(error, c.message));
    EXPECT_TRUE(contains(error, "--from 'LSTM_y' --to 'LSTM_y'"));
  }
}

/// There is nothing to suggest then.
TEST(OnnxRefusal, ALayerWithoutNamedOutput) {
  GraphBuilder g;
  g.input("x", {-1, -1, 3});
  g.node("LSTM", {"x"}, {""});
  g.node("Foo", {"x"}, {"y"});
  g.output("y");
  EXPECT_TRUE(contains(g.error(), "node 'Foo_y' (Foo): this operator is not supported"));
  EXPECT_TRUE(contains(g.error({.from = "LSTM_", .to = "LSTM_"}),
                       "the last node of the part has no output with a name"));
  GraphBuilder none;
  none.input("x", {-1, -1, 3});
  none.recurrent({.op = "GRU"}, "x", {""});
  EXPECT_TRUE(contains(none.error(), "no output comes from a recurrent layer"));
}

TEST(OnnxRefusal, TheFinalStateOfAReverseLayerIsNotItsLastStep) {
  for (const char* direction : {"forward", "reverse"}) {
    GraphBuilder g(13);
    g.input("x", {-1, -1, 3});
    g.recurrent({}, "x", {"y", "h"}).set("direction", std::string(direction));
    g.integers("zero", {0});
    g.node("Squeeze", {"h", "zero"}, {"last"});
    g.node("Relu", {"last"}, {"out"});
    g.output("out");
    const bool forward = direction == std::string("forward");
    EXPECT_TRUE(contains(g.error(), forward ? "(no error)"
                                            : "node 'Relu_out' (Relu): takes the final h of a "
                                              "reverse layer, which is its output at the first"));
  }
}

TEST(OnnxRefusal, OneDirectionIsNoOutput) {
  GraphBuilder g(13);
  g.input("x", {-1, -1, 3});
  g.recurrent({.directions = 2}, "x", {"y"});
  g.integers("zero", {}, {0});
  g.node("Gather", {"y", "zero"}, {"forward"}).set("axis", 1);
  g.output("forward");
  EXPECT_TRUE(contains(g.error(), "output 'forward' is only one direction of a layer"));
}

TEST(OnnxRefusal, LayersBesideEachOther) {
  GraphBuilder g;
  g.input("x", {-1, -1, 3});
  g.recurrent({}, "x", {"y1", "h1"});
  g.recurrent({}, "x", {"y2", "h2"});
  g.output("h1");
  g.output("h2");
  EXPECT_TRUE(contains(g.error(), "output 'h1' is the state of a layer beside the others"));
  EXPECT_TRUE(contains(g.error(), "--from 'LSTM_y1' --to 'LSTM_y1', or --from 'LSTM_y2'"));
}

TEST(OnnxRefusal, NoRecurrentLayer) {
  GraphBuilder g;
  g.input("x", {-1, 3});
  g.node("Identity", {"x"}, {"out"});
  g.output("out");
  EXPECT_EQ(g.error(), "t.onnx: no output comes from a recurrent layer (LSTM, GRU or RNN)");
}

/// Where no recurrent layer tells steps from batch rows, only the names of the axes can.
TEST(OnnxRefusal, LinearLayersAloneNeedNamesOfAxes) {
  GraphBuilder g;
  g.input("x", {-1, -1, 3});
  g.ramp("w", {3, 2});
  g.node("MatMul", {"x", "w"}, {"out"});
  g.output("out");
  EXPECT_TRUE(
      contains(g.error(),
               "no recurrent layer (LSTM, GRU or RNN) leads to the outputs, and the axes of "
               "input 'x' are not named steps and batch"));
  auto& shape = *g.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  shape.mutable_dim(0)->set_dim_param("batch");
  EXPECT_TRUE(contains(g.error(), "are not named steps and batch"));
  shape.mutable_dim(1)->set_dim_param("steps");
  EXPECT_EQ(g.load().layers.at(0).spec, LayerSpec(DenseSpec{3, 2, false}));
  EXPECT_EQ(g.load().metadata.at("onnx.output"), "out [batch, steps, 2]");
}

TEST(OnnxRefusal, CodesTellWhatIsWrong) {
  const auto code = [](const GraphBuilder& g, const LoadOptions& options = {}) {
    return testing::code_of([&] { static_cast<void>(g.load(options)); });
  };
  EXPECT_EQ(code(detector()), ErrorCode::unsupported);
  EXPECT_EQ(code(detector(), {.from = "nope"}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(detector(), {.from = "LSTM_y2", .to = "LSTM_y1"}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(detector(), {.prefix = "lstm."}), ErrorCode::invalid_argument);
  GraphBuilder shape = one_node({});
  shape.graph().mutable_initializer(0)->set_dims(1, 6);
  shape.graph().mutable_initializer(0)->mutable_float_data()->Truncate(18);
  EXPECT_EQ(code(shape), ErrorCode::bad_format);
  GraphBuilder values = one_node({});
  values.graph().mutable_initializer(0)->mutable_float_data()->RemoveLast();
  EXPECT_EQ(code(values), ErrorCode::bad_format);
  GraphBuilder old(6);
  EXPECT_EQ(code(old), ErrorCode::unsupported);
  EXPECT_EQ(testing::code_of([] { static_cast<void>(load(testing::Bytes(9), "damaged.onnx")); }),
            ErrorCode::bad_format);
}

}  // namespace
}  // namespace carousel::onnx_test
