// SPDX-License-Identifier: Apache-2.0
// Every operator beside the recurrent ones, as layers.
#include "onnx/graph_builder.hpp"

#include <algorithm>
#include <cmath>

namespace carousel::onnx_test {
namespace {

using testing::contains;
using testing::weight;
using Operation = ElementwiseOperation;
using Of = FileAxis::Of;

/// x [steps, batch, 4] -> LSTM 4 -> 6, whose output s is [steps, batch, 6].
GraphBuilder sequence(std::int64_t operator_set = 13) {
  GraphBuilder g(operator_set);
  g.input("x", {-1, -1, 4});
  g.recurrent({.input = 4, .hidden = 6}, "x", {"y", "h"});
  g.integers("one", {1});
  g.node("Squeeze", {"y", "one"}, {"s"});
  return g;
}

/// The specs after the LSTM.
std::vector<LayerSpec> tail(GraphBuilder& g, const std::string& output = "out") {
  g.output(output);
  const Model model = g.load();
  EXPECT_EQ(testing::error_of([&] { validate(model); }), "(no error)");
  std::vector<LayerSpec> specs;
  for (const ModelLayer& layer : model.layers) {
    if (!std::holds_alternative<RecurrentSpec>(layer.spec)) specs.push_back(layer.spec);
  }
  return specs;
}

LayerSpec with_constant(Operation operation, std::int64_t size, bool first = false) {
  return ElementwiseSpec{
      operation, size,
      first ? ElementwiseSpec::Constant::first : ElementwiseSpec::Constant::second};
}
LayerSpec of_two(Operation operation, std::int64_t size) {
  return ElementwiseSpec{operation, size, ElementwiseSpec::Constant::none};
}

TEST(OnnxOperators, ArithmeticWithConstants) {
  const std::vector<std::pair<const char*, Operation>> operators{
      {"Add", Operation::add},     {"Sub", Operation::subtract}, {"Mul", Operation::multiply},
      {"Div", Operation::divide},  {"Pow", Operation::power},    {"PRelu", Operation::prelu},
      {"Equal", Operation::equal}, {"Less", Operation::less},    {"Greater", Operation::greater},
      {"Min", Operation::minimum}, {"Max", Operation::maximum}};
  for (const auto& [name, operation] : operators) {
    GraphBuilder g = sequence();
    g.ramp("k", {6});
    g.node(name, {"s", "k"}, {"out"});
    EXPECT_EQ(tail(g), std::vector<LayerSpec>{with_constant(operation, 6)}) << name;
  }
  GraphBuilder g = sequence();
  g.floats("k", {}, {1});
  g.node("Sub", {"k", "s"}, {"out"});
  EXPECT_EQ(tail(g), std::vector<LayerSpec>{with_constant(Operation::subtract, 6, true)});
}

TEST(OnnxOperators, ArithmeticBetweenTensors) {
  GraphBuilder g = sequence();
  g.node("Mul", {"s", "s"}, {"out"});
  EXPECT_EQ(tail(g), std::vector<LayerSpec>{of_two(Operation::multiply, 6)});
  // A single step is used at every step.
  GraphBuilder one = sequence();
  one.node("Add", {"s", "h"}, {"out"});
  one.output("out");
  const Model model = one.load();
  EXPECT_EQ(model.layers.at(1).inputs, (std::vector<std::string>{"l0", "l0:h"}));
}

TEST(OnnxOperators, FeaturesAreRepeatedWhereOneOperandHasOne) {
  GraphBuilder g = sequence();
  g.node("ReduceMax", {"s"}, {"m"}).set("axes", Sizes{-1});
  g.node("Sub", {"s", "m"}, {"out"});
  EXPECT_EQ(tail(g), (std::vector<LayerSpec>{ReduceFeaturesSpec{ReduceOperation::maximum, 6},
                                             RearrangeSpec{1, {{0, 6, 0}}},
                                             of_two(Operation::subtract, 6)}));
}

TEST(OnnxOperators, Logic) {
  GraphBuilder g = sequence();
  g.floats("k", {}, {0.5F});
  g.node("LessOrEqual", {"s", "k"}, {"a"});
  g.node("Not", {"a"}, {"b"});
  g.node("Or", {"a", "b"}, {"c"});
  g.node("Cast", {"c"}, {"out"}).set("to", schema::TensorProto::FLOAT);
  EXPECT_EQ(tail(g),
            (std::vector<LayerSpec>{
                with_constant(Operation::greater, 6), with_constant(Operation::subtract, 6, true),
                with_constant(Operation::subtract, 6, true), of_two(Operation::maximum, 6)}));
}

TEST(OnnxOperators, Functions) {
  using Kind = ActivationKind;
  const std::vector<std::pair<const char*, Kind>> functions{
      {"Abs", Kind::abs},   {"Neg", Kind::negative}, {"Sqrt", Kind::sqrt},
      {"Exp", Kind::exp},   {"Log", Kind::log},      {"Reciprocal", Kind::reciprocal},
      {"Erf", Kind::erf},   {"Sign", Kind::sign},    {"Floor", Kind::floor},
      {"Ceil", Kind::ceil}, {"Round", Kind::round},  {"HardSwish", Kind::hard_swish},
      {"Mish", Kind::mish}, {"Gelu", Kind::gelu}};
  for (const auto& [name, kind] : functions) {
    GraphBuilder g = sequence(20);
    g.node(name, {"s"}, {"out"});
    const std::vector<LayerSpec> specs = tail(g);
    ASSERT_EQ(specs.size(), 1U) << name;
    EXPECT_EQ(std::get<ActivationSpec>(specs[0]).function.kind, kind) << name;
  }
  GraphBuilder g = sequence();
  g.floats("low", {}, {-1});
  g.floats("high", {}, {2});
  g.node("Clip", {"s", "low", "high"}, {"out"});
  EXPECT_EQ(tail(g), std::vector<LayerSpec>{(ActivationSpec{{Kind::clip, -1, 2}, 6})});
}

TEST(OnnxOperators, SoftmaxOverPartOfAFrame) {
  GraphBuilder g = sequence();
  g.integers("shape", {0, 0, 2, 3});
  g.node("Reshape", {"s", "shape"}, {"r"});
  g.node("Softmax", {"r"}, {"out"}).set("axis", 2);
  const std::vector<LayerSpec> specs = tail(g);
  ASSERT_EQ(specs.size(), 3U);
  EXPECT_EQ(std::get<ActivationSpec>(specs[1]).group, 2);
}

TEST(OnnxOperators, SelectionsAndReductionsOfSteps) {
  GraphBuilder last = sequence();
  last.integers("at", {}, {-1});
  last.node("Gather", {"s", "at"}, {"out"});
  EXPECT_EQ(tail(last),
            std::vector<LayerSpec>{(SelectStepsSpec{6, -1, SelectStepsSpec::kOpen, 1})});
  GraphBuilder flip = sequence();
  flip.integers("first", {-1});
  flip.integers("end", {-9223372036854775807});
  flip.integers("zero", {0});
  flip.node("Slice", {"s", "first", "end", "zero", "first"}, {"out"});
  EXPECT_EQ(tail(flip),
            std::vector<LayerSpec>{(SelectStepsSpec{6, -1, SelectStepsSpec::kOpen, -1})});
  GraphBuilder mean = sequence();
  mean.node("ReduceMean", {"s"}, {"out"}).set("axes", Sizes{0, 2}).set("keepdims", 0);
  EXPECT_EQ(tail(mean), (std::vector<LayerSpec>{ReduceFeaturesSpec{ReduceOperation::mean, 6},
                                                ReduceStepsSpec{ReduceOperation::mean, 1}}));
}

TEST(OnnxOperators, PartsOfAFrame) {
  GraphBuilder g = sequence();
  g.node("Split", {"s"}, {"a", "b"}).set("axis", 2);
  g.node("Concat", {"b", "a"}, {"c"}).set("axis", 2);
  g.integers("pads", {0, 0, 1, 0, 0, 2});
  g.node("Pad", {"c", "pads"}, {"out"});
  EXPECT_EQ(tail(g), std::vector<LayerSpec>{
                         (RearrangeSpec{6, {{-1, 1, 1}, {3, 3, 1}, {0, 3, 1}, {-1, 2, 1}}})});
  GraphBuilder tile = sequence();
  tile.integers("times", {1, 1, 2});
  tile.node("Tile", {"s", "times"}, {"out"});
  EXPECT_EQ(tail(tile), std::vector<LayerSpec>{(RearrangeSpec{6, {{0, 6, 1}, {0, 6, 1}}})});
}

TEST(OnnxOperators, ReshapesOfStepsAndRows) {
  GraphBuilder g = sequence();
  g.integers("rows", {-1, 6});
  g.node("Reshape", {"s", "rows"}, {"flat"});
  g.ramp("w", {6, 5});
  g.node("MatMul", {"flat", "w"}, {"m"});
  g.node("Shape", {"s"}, {"shape"});
  g.integers("zero", {0});
  g.integers("two", {2});
  g.node("Slice", {"shape", "zero", "two"}, {"front"});
  g.integers("five", {5});
  g.node("Concat", {"front", "five"}, {"back"}).set("axis", 0);
  g.node("Reshape", {"m", "back"}, {"out"});
  EXPECT_EQ(tail(g), std::vector<LayerSpec>{(DenseSpec{6, 5, false})});
}

TEST(OnnxOperators, ConvolutionWithinAFrame) {
  GraphBuilder g(13);
  g.input("audio", {-1, 2, 10});
  g.ramp("w", {3, 2, 4});
  g.ramp("b", {3});
  g.node("Conv", {"audio", "w", "b"}, {"out"}).set("pads", Sizes{1, 2}).set("strides", Sizes{2});
  g.output("out");
  const Model model = g.load();
  ASSERT_EQ(model.layers.size(), 3U) << "to [positions, channels], and back";
  EXPECT_EQ(model.layers[1].spec, LayerSpec(ConvolutionSpec{.in_channels = 2,
                                                            .out_channels = 3,
                                                            .kernel_size = 4,
                                                            .length = 10,
                                                            .stride = 2,
                                                            .pad_begin = 1,
                                                            .pad_end = 2}));
  EXPECT_EQ(model.inputs.at(0).axes,
            (std::vector<FileAxis>{{Of::batch}, {Of::features, 2}, {Of::features, 10}}));
}

/// That the positions are steps is known only when the recurrent node is reached.
TEST(OnnxOperators, ConvolutionAlongTime) {
  for (const std::int64_t steps : {std::int64_t{-1}, std::int64_t{12}}) {
    GraphBuilder g(13);
    g.input("x", {-1, 4, steps});
    g.integers("pads", {0, 0, 2, 0, 0, 0});
    g.node("Pad", {"x", "pads"}, {"p"});
    g.ramp("w", {3, 4, 3});
    g.node("Conv", {"p", "w"}, {"c"});
    g.node("Transpose", {"c"}, {"t"}).set("perm", Sizes{2, 0, 1});
    g.recurrent({}, "t", {"y"});
    g.output("y");
    const Model model = g.load();
    ASSERT_EQ(model.layers.size(), 2U);
    EXPECT_EQ(model.layers[0].spec, LayerSpec(ConvolutionSpec{.in_channels = 4,
                                                              .out_channels = 3,
                                                              .kernel_size = 3,
                                                              .pad_begin = 2,
                                                              .causal = true,
                                                              .bias = false}));
    EXPECT_EQ(model.inputs.at(0).axes,
              (std::vector<FileAxis>{{Of::batch}, {Of::features, 4}, {Of::steps}}));
  }
}

TEST(OnnxOperators, BatchNormalizationIsAProductAndASum) {
  GraphBuilder g = sequence();
  g.node("Transpose", {"s"}, {"t"}).set("perm", Sizes{1, 2, 0});
  for (const char* name : {"scale", "bias", "mean"}) g.ramp(name, {6});
  g.floats("variance", {6}, {1, 1, 1, 1, 1, 1});
  g.node("BatchNormalization", {"t", "scale", "bias", "mean", "variance"}, {"out"})
      .set("epsilon", 3.0F);
  g.output("out");
  const Model model = g.load();
  ASSERT_EQ(model.layers.size(), 3U);
  const std::vector<float> factor = weight(model.layers[1], "operand");
  const std::vector<float> scale = testing::ramp(6, 4.0F);
  for (std::size_t k = 0; k < 6; ++k) EXPECT_FLOAT_EQ(factor[k], scale[k] / 2.0F);
}

TEST(OnnxOperators, LayerNormalization) {
  GraphBuilder g = sequence(17);
  g.ramp("scale", {6});
  g.node("LayerNormalization", {"s", "scale"}, {"out"});
  EXPECT_EQ(tail(g), std::vector<LayerSpec>{(NormalizationSpec{.size = 6, .bias = false})});
}

TEST(OnnxOperators, PoolingIsWindowsAndAReduction) {
  GraphBuilder g(13);
  g.input("x", {-1, 1, 6});
  g.node("MaxPool", {"x"}, {"out"}).set("kernel_shape", Sizes{2}).set("strides", Sizes{2});
  g.output("out");
  const Model model = g.load();
  ASSERT_EQ(model.layers.size(), 1U);
  EXPECT_EQ(model.layers[0].spec, LayerSpec(ReduceFeaturesSpec{ReduceOperation::maximum, 6, 2}));
}

TEST(OnnxOperators, ConstantsAreFolded) {
  GraphBuilder g(13);
  g.input("x", {-1, -1, 3});
  g.constant("q", {1, 4, 3}, schema::TensorProto::INT8).mutable_int32_data();
  schema::TensorProto& q = *g.graph().mutable_initializer(0);
  for (int k = 0; k < 12; ++k) q.add_int32_data(k - 6);
  g.floats("scale", {4}, {1, 2, 3, 4});
  g.node("DequantizeLinear", {"q", "scale"}, {"v"}).set("axis", 1);
  g.node("ReduceL2", {"v"}, {"n"}).set("axes", Sizes{2});
  g.node("Div", {"v", "n"}, {"w"});
  g.ramp("r", {1, 4, 1});
  g.node("LSTM", {"x", "w", "r"}, {"y"}).set("hidden_size", 1);
  g.output("y");
  const std::vector<float> w = weight(g.load().layers.at(0), "weight_ih");
  EXPECT_FLOAT_EQ(w[0], -6.0F / std::sqrt(77.0F));
}

/// What enters a part of the graph is an input of the model, whatever it is for.
TEST(OnnxOperators, ACutCutsStatesToo) {
  GraphBuilder g(13);
  g.input("x", {-1, -1, 3}).input("st", {2, -1, 2});
  g.integers("zero", {0});
  g.integers("one", {1});
  g.integers("two", {2});
  g.node("Slice", {"st", "zero", "one", "zero"}, {"h0"});
  g.node("Slice", {"st", "one", "two", "zero"}, {"h1"});
  g.recurrent({.op = "GRU"}, "x", {"y1"}, {"", "h0"});
  g.node("Squeeze", {"y1", "one"}, {"s1"});
  g.recurrent({.op = "GRU", .input = 2}, "s1", {"y2"}, {"", "h1"});
  g.output("y2");
  const Model model = g.load({.from = "GRU_y2"});
  ASSERT_EQ(model.layers.size(), 1U);
  ASSERT_EQ(model.inputs.size(), 2U);
  EXPECT_EQ(model.inputs[0].name, "s1");
  EXPECT_EQ(model.inputs[1].name, "h1");
  EXPECT_TRUE(model.inputs[1].one_step);
  EXPECT_EQ(model.layers[0].initial_states.at("h"), "h1");
}

}  // namespace
}  // namespace carousel::onnx_test
