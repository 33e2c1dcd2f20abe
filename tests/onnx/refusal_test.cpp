// SPDX-License-Identifier: Apache-2.0
// Graphs that do more than a network here can: refused by operator and node, and the part that can
// be taken is named.
#include "onnx/graph_builder.hpp"

#include <cmath>
#include <functional>

namespace carousel::onnx_test {
namespace {

using testing::contains;

/// x -> Foo -> LSTM -> LSTM -> Relu -> Foo, as a detector may have operators that nobody knows.
GraphBuilder detector() {
  GraphBuilder g;
  g.input("audio", {-1, 1, 512});
  g.node("Foo", {"audio"}, {"features"});
  g.node("Transpose", {"features"}, {"x"}).set("perm", Sizes{2, 0, 1});
  g.recurrent({}, "x", {"y1"});
  g.integers("one", {1});
  g.node("Squeeze", {"y1", "one"}, {"s1"});
  g.recurrent({.input = 2}, "s1", {"y2", "h2", "c2"});
  g.node("Squeeze", {"y2", "one"}, {"s2"});
  g.node("Relu", {"s2"}, {"r"});
  g.node("Foo", {"r"}, {"out"});
  g.output("out");
  return g;
}

std::string_view last_kind(const Model& model) { return kind_name(model.layers.back().spec); }

TEST(OnnxRefusal, NamesOperatorNodeListAndWhatCanBeTaken) {
  const std::string error = detector().error();
  EXPECT_TRUE(contains(error,
                       "t.onnx: node 'Foo_features' (Foo): this operator is not supported; "
                       "supported are Abs, Add, And, "));
  EXPECT_TRUE(contains(error, "GRU, "));
  EXPECT_TRUE(contains(error, "; it leads to input X of node 'LSTM_y1' (LSTM)"));
  EXPECT_TRUE(contains(error, "; a part that can be taken is --from 'LSTM_y1' --to 'Relu_r'"));
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
  EXPECT_TRUE(contains(g.error({.from = "LSTM_y1"}), "node 'Foo_out' (Foo)"));
  EXPECT_FALSE(contains(g.error({.from = "LSTM_y1"}), "--from 'LSTM_y1'"));
  EXPECT_TRUE(contains(g.error({.from = "LSTM_y2", .to = "LSTM_y1"}),
                       "node 'LSTM_y2' (LSTM), the start, does not lead to 'y1'"));
  EXPECT_TRUE(contains(g.error({.prefix = "lstm."}), "--from, --to"));
}

/// An LSTM of 6 features and what is done with them.
GraphBuilder after_lstm() {
  GraphBuilder g;
  g.input("x", {-1, 2, 3});
  g.recurrent({.hidden = 6}, "x", {"y"});
  g.integers("one", {1});
  g.node("Squeeze", {"y", "one"}, {"s"});
  return g;
}

TEST(OnnxRefusal, ConstantsThatCannotBeBroadcast) {
  for (const char* op : {"Add", "Div", "PRelu"}) {
    GraphBuilder g = after_lstm();
    g.floats("k", {5}, {2, 2, 2, 2, 2});  // all the same, so that any of them would do
    g.node(op, {"s", "k"}, {"out"});
    g.output("out");
    EXPECT_TRUE(contains(g.error(), "and [5] cannot be broadcast to one")) << g.error();
  }
}

TEST(OnnxRefusal, RepeatsOfMoreFeaturesThanALayerHas) {
  for (const std::int64_t times :
       {std::int64_t{1} << 24U, std::int64_t{1} << 62U, std::int64_t{-1}}) {
    GraphBuilder g = after_lstm();
    g.integers("times", {1, 1, times});
    g.node("Tile", {"s", "times"}, {"out"});
    g.output("out");
    EXPECT_TRUE(contains(g.error(), "repeats 6 features " + std::to_string(times))) << g.error();
  }
}

/// x + k, where k is what `add` makes of constants.
std::string error_of_constant(const std::function<void(GraphBuilder&)>& add) {
  GraphBuilder g = after_lstm();
  add(g);
  g.node("Add", {"s", "k"}, {"out"});
  g.output("out");
  return g.error();
}

/// No value that a file could mean: named with the node, the operator and the operands.
TEST(OnnxRefusal, ConstantsWithoutADefinedResult) {
  struct Operands {
    const char* op;
    std::vector<float> a, b;
    const char* words;
  };
  const std::vector<Operands> cases{
      {"Div", {1, 3}, {1, 0}, "no defined result for the constants 3 and 0 (element 1)"},
      {"Div", {0}, {0}, "the constants 0 and 0 (element 0)"},
      {"Pow", {0}, {-1}, "the constants 0 and -1"},
      {"Pow", {-2}, {0.5F}, "the constants -2 and 0.5"},
      {"Mul", {0}, {INFINITY}, "the constants 0 and inf"},
      {"Sub", {INFINITY}, {INFINITY}, "the constants inf and inf"},
      {"Sqrt", {4, -1}, {}, "the constant -1 (element 1)"},
      {"Log", {-1}, {}, "the constant -1 (element 0)"},
      {"Reciprocal", {0}, {}, "the constant 0 (element 0)"},
  };
  for (const Operands& one : cases) {
    const std::string error = error_of_constant([&](GraphBuilder& g) {
      const auto constant = [&](const char* name, const std::vector<float>& values) {
        return g.floats(name, {static_cast<std::int64_t>(values.size())}, values);
      };
      Names inputs{constant("a", one.a)};
      if (!one.b.empty()) inputs.push_back(constant("b", one.b));
      g.node(one.op, inputs, {"k"});
    });
    EXPECT_TRUE(contains(error, one.words)) << one.op << ": " << error;
    EXPECT_TRUE(contains(error, "node '" + std::string(one.op) + "_k' (" + one.op + ")")) << error;
  }
  EXPECT_EQ(error_of_constant([](GraphBuilder& g) {
              g.floats("a", {1}, {0});
              g.node("Log", {"a"}, {"k"});
            }),
            "(no error)")
      << "minus infinity, as in masks";
}

/// The same of integers, which have no infinities at all, and of sizes.
TEST(OnnxRefusal, IntegersWithoutADefinedResult) {
  const auto divided = [](GraphBuilder& g) {
    g.integers("a", {7});
    g.integers("b", {0});
    g.node("Div", {"a", "b"}, {"q"});
    g.node("Cast", {"q"}, {"k"}).set("to", schema::TensorProto::FLOAT);
  };
  EXPECT_TRUE(
      contains(error_of_constant(divided), "node 'Div_q' (Div): has no defined result for 7 and 0"))
      << error_of_constant(divided);
  const auto size_divided = [](GraphBuilder& g) {
    g.node("Shape", {"x"}, {"sizes"});
    g.integers("b", {3}, {1, 0, 1});
    g.node("Div", {"sizes", "b"}, {"q"});
    g.node("Cast", {"q"}, {"k"}).set("to", schema::TensorProto::FLOAT);
  };
  EXPECT_TRUE(contains(error_of_constant(size_divided), "(Div): has no defined result for 2 and 0"))
      << error_of_constant(size_divided);
  const auto narrowed = [](GraphBuilder& g) {
    g.floats("a", {2}, {1, 300});
    g.node("Cast", {"a"}, {"q"}).set("to", schema::TensorProto::INT8);
    g.node("Cast", {"q"}, {"k"}).set("to", schema::TensorProto::FLOAT);
  };
  EXPECT_TRUE(contains(error_of_constant(narrowed),
                       "node 'Cast_q' (Cast): the number 300 (element 1) does not fit int8"))
      << error_of_constant(narrowed);
}

TEST(OnnxRefusal, RangesWithoutADefinedResult) {
  struct Limits {
    std::vector<float> numbers;
    const char* words;
  };
  for (const Limits& limits : std::vector<Limits>{
           {{5, 1, 0}, "a range from 5 to 1 with the step 0, which is not defined"},
           {{1, 5, 0}, "a range from 1 to 5 with the step 0, which is not defined"},
           {{2, 2, 0}, "a range from 2 to 2 with the step 0, which is not defined"},
           {{NAN, 2, 1}, "a range from nan to 2 with the step 1, which is not defined"},
           {{0, 1e9F, 1}, "a range from 0 to 1e+09 with the step 1, more than 4096 numbers"}}) {
    const std::string error = error_of_constant([&](GraphBuilder& g) {
      Names inputs;
      for (const float number : limits.numbers) {
        inputs.push_back(g.floats("n" + std::to_string(inputs.size()), {}, {number}));
      }
      g.node("Range", inputs, {"k"});
    });
    EXPECT_TRUE(contains(error, limits.words)) << error;
    EXPECT_TRUE(contains(error, "node 'Range_k' (Range)")) << error;
  }
}

TEST(OnnxRefusal, ConstantsOfShapesThatThereAreNot) {
  const auto error = [](const Sizes& shape, const std::vector<float>& value) {
    return error_of_constant([&](GraphBuilder& g) {
      g.integers("shape", shape);
      schema::AttributeProto& attribute =
          *g.node("ConstantOfShape", {"shape"}, {"k"}).proto().add_attribute();
      attribute.set_name("value");
      attribute.set_type(schema::AttributeProto::TENSOR);
      attribute.mutable_t()->set_data_type(schema::TensorProto::FLOAT);
      attribute.mutable_t()->add_dims(static_cast<std::int64_t>(value.size()));
      for (const float one : value) attribute.mutable_t()->add_float_data(one);
    });
  };
  constexpr const char* kNode = "node 'ConstantOfShape_k' (ConstantOfShape)";
  EXPECT_TRUE(contains(error({2, -3}, {0}), "its shape has the size -3")) << error({2, -3}, {0});
  EXPECT_TRUE(contains(error({2, -3}, {0}), kNode));
  EXPECT_TRUE(contains(error({1}, {1, 2}), "its value has 2 elements, but must have one"))
      << error({1}, {1, 2});
  EXPECT_TRUE(contains(error({1}, {1, 2}), kNode));
}

/// Names in a file are not what a terminal should act on.
TEST(OnnxRefusal, NamesOfAFileAreEscaped) {
  GraphBuilder g = detector();
  schema::NodeProto& node = *g.graph().mutable_node(0);
  node.set_op_type("Fo\x1b[2Jo\n");
  node.set_name(
      "no\xff"
      "de");
  EXPECT_TRUE(contains(g.error(), "node 'no\\xffde' (Fo\\x1b[2Jo\\x0a): this operator"))
      << g.error();
  node.set_domain("a\rb");
  EXPECT_TRUE(contains(g.error(), "(a\\x0db.Fo\\x1b[2Jo\\x0a)")) << g.error();
}

TEST(OnnxRefusal, UnnamedNodesAreCalledAfterTheirOutputs) {
  GraphBuilder g = detector();
  for (schema::NodeProto& node : *g.graph().mutable_node()) node.clear_name();
  EXPECT_TRUE(contains(g.error(), "node 'features' (Foo)"));
  EXPECT_TRUE(contains(g.error(), "--from 'y1' --to 'r'"));
  EXPECT_EQ(g.load({.from = "y1", .to = "y2"}).layers.size(), 2U);
  for (schema::NodeProto& node : *g.graph().mutable_node()) node.set_name("same");
  EXPECT_TRUE(contains(g.error(), "--from 'y1' --to 'r'"));
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
      {"(Softmax): works along axis 0 of [steps, batch, 2], which must be features",
       [](GraphBuilder& g) { g.node("Softmax", {"s"}, {"out"}).set("axis", 0); }},
      {"(MatMul): the axis that it multiplies 2 must have 3 elements",
       [](GraphBuilder& g) {
         g.ramp("w", {3, 2});
         g.node("Transpose", {"s"}, {"t"}).set("perm", Sizes{1, 0, 2});
         g.node("MatMul", {"t", "w"}, {"out"});
       }},
      {"(MatMul): multiplies two tensors of the network",
       [](GraphBuilder& g) {
         g.node("MatMul", {"s", "s"}, {"out"});
       }},
      {"(Reshape): reshapes [steps, batch, 2] into axes that are no whole ones of these",
       [](GraphBuilder& g) {
         g.integers("shape", {-1, 4});
         g.node("Reshape", {"s", "shape"}, {"out"});
       }},
      {"(Squeeze): axis 0 is not known to be of size 1",
       [](GraphBuilder& g) {
         g.integers("zero", {0});
         g.node("Squeeze", {"s", "zero"}, {"out"});
       }},
      {"is a Cast of values of the network to integers, which is supported for sequence_lens only",
       [](GraphBuilder& g) {
         g.node("Cast", {"s"}, {"i"}).set("to", schema::TensorProto::INT64);
         g.node("Abs", {"i"}, {"out"});
       }},
      {"(Gather): the axis batch, of which it takes a part, must count steps",
       [](GraphBuilder& g) {
         g.integers("row", {}, {0});
         g.node("Gather", {"s", "row"}, {"out"}).set("axis", 1);
       }},
      {"(ReduceMean): the axis along which it reduces values must count steps",
       [](GraphBuilder& g) { g.node("ReduceMean", {"s"}, {"out"}).set("axes", Sizes{1}); }},
      {"(Concat): joins values along the axis steps of [steps, batch, 2]",
       [](GraphBuilder& g) {
         g.node("Concat", {"s", "s"}, {"out"}).set("axis", 0);
       }},
      {"(Add): has a constant of 3 different values along the axis batch",
       [](GraphBuilder& g) {
         g.ramp("b", {3, 2});
         g.node("Add", {"s", "b"}, {"out"});
       }},
      {"(Where): chooses between values of which input 2 could be infinite",
       [](GraphBuilder& g) {
         g.node("Exp", {"s"}, {"e"});
         g.node("Greater", {"s", "e"}, {"c"});
         g.node("Where", {"c", "s", "e"}, {"out"});
       }},
      {"(Dropout): is in training mode",
       [](GraphBuilder& g) {
         g.floats("ratio", {}, {0.5F});
         g.integers("yes", {}, {1});
         g.node("Dropout", {"s", "ratio", "yes"}, {"out"});
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
    EXPECT_TRUE(contains(error, "; a part that can be taken is --to "));
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
  EXPECT_TRUE(contains(none.error(), "no layer leads to the outputs"));
}

TEST(OnnxRefusal, NoLayer) {
  GraphBuilder g;
  g.input("x", {-1, 3});
  g.node("Identity", {"x"}, {"out"});
  g.output("out");
  EXPECT_EQ(g.error(), "t.onnx: no layer leads to the outputs");
}

TEST(OnnxRefusal, ConditionsThatAreNotKnown) {
  GraphBuilder g;
  g.input("x", {-1, -1, 3}).input("rate", {}, schema::TensorProto::INT64);
  g.integers("limit", {}, {16000});
  g.node("Equal", {"rate", "limit"}, {"is_fast"});
  NodeBuilder branch = g.node("If", {"is_fast"}, {"out"});
  for (const char* label : {"then_branch", "else_branch"}) {
    auto& attribute = *branch.proto().add_attribute();
    attribute.set_name(label);
    attribute.set_type(schema::AttributeProto::GRAPH);
    schema::NodeProto& node = *attribute.mutable_g()->add_node();
    node.set_op_type(label == std::string("then_branch") ? "Relu" : "Tanh");
    node.add_input("x");
    node.add_output(std::string(label) + "_y");
    attribute.mutable_g()->add_output()->set_name(std::string(label) + "_y");
  }
  g.output("out");
  EXPECT_TRUE(contains(g.error(),
                       "(If): its condition 'is_fast' is known only when the network runs; it "
                       "depends on the inputs 'rate': fix a value with --set NAME=VALUE"));
  const auto kind = [&](double rate) {
    const Model model = g.load({.input_values = {{"rate", rate}}});
    return std::get<ActivationSpec>(model.layers.at(0).spec).function.kind;
  };
  EXPECT_EQ(kind(16000), ActivationKind::relu);
  EXPECT_EQ(kind(8000), ActivationKind::tanh);
  EXPECT_TRUE(contains(g.error({.input_values = {{"ratte", 1}}}),
                       "a value is given for the input 'ratte', but there is none; the inputs are "
                       "'x', 'rate'"));
}

/// It would be infinite where the graph is computed.
TEST(OnnxRefusal, ValuesOfInputsBeyondFloat32) {
  GraphBuilder g(17);
  g.input("x", {-1, -1, 3}).input("gain", {});
  g.node("Mul", {"x", "gain"}, {"y"});
  g.output("y");
  EXPECT_TRUE(contains(g.error({.input_values = {{"gain", 1e300}}}),
                       "input 'gain' cannot be fixed to 1e+300, which is beyond float32"));
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
  GraphBuilder old(5);
  EXPECT_EQ(code(old), ErrorCode::unsupported);
  EXPECT_EQ(testing::code_of([] { static_cast<void>(load(testing::Bytes(9), "damaged.onnx")); }),
            ErrorCode::bad_format);
}

TEST(OnnxRefusal, AShapeThatIsNotTheDeclaredOne) {
  GraphBuilder g;
  g.input("x", {-1, 4, 3});
  g.graph()
      .mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(0)
      ->set_dim_param("seq");
  g.recurrent({}, "x", {"y"});
  g.output("y");
  EXPECT_EQ(
      g.error({.input_shapes = {{"x", {9, 4, 5}}}}),
      "t.onnx: the file declares input 'x' as ['seq', 4, 3]; the shape [9, 4, 5] that is given "
      "for it does not fit");
  EXPECT_TRUE(contains(g.error({.input_shapes = {{"x", {9}}}}), "the shape [9] that is given"));
}

/// The size that a graph depends on is told with an example that loads.
TEST(OnnxRefusal, AShapeThatIsNeeded) {
  GraphBuilder g;
  g.input("x", {-1, -1});
  g.integers("pads", {0, 1, 0, 1});
  g.node("Pad", {"x", "pads"}, {"p"}).set("mode", std::string("reflect"));
  g.integers("first", {0});
  g.node("Unsqueeze", {"p", "first"}, {"u"});
  g.recurrent({.input = 66}, "u", {"y"});
  g.output("y");
  EXPECT_TRUE(
      contains(g.error(), "give the shape of input 'x' when the file is loaded (--input-shape)"));
  EXPECT_TRUE(contains(g.error(), "; for example --input-shape 'x=1,64'"));
  EXPECT_EQ(g.load({.input_shapes = {{"x", {1, 64}}}}).input_size(), 64);
}

TEST(OnnxRefusal, BroadcastingBeforeOperatorSet7) {
  GraphBuilder g(6);
  g.input("x", {-1, -1, 3});
  g.recurrent({}, "x", {"y"});
  g.node("Squeeze", {"y"}, {"s"}).set("axes", Sizes{1});
  g.ramp("k", {2});
  g.node("Mul", {"s", "k"}, {"out"}).set("broadcast", 1).set("axis", 2);
  g.output("out");
  EXPECT_TRUE(contains(g.error(), "(attribute 'broadcast'); convert the file to a newer one"));
}

}  // namespace
}  // namespace carousel::onnx_test
