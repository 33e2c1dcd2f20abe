// SPDX-License-Identifier: Apache-2.0
// Graphs that are more than a chain: layers of any kind in any order, joined features, several
// inputs and outputs.
#include "onnx/graph_builder.hpp"

#include <algorithm>
#include <span>

#include "core/model/formats/onnx/load_onnx.hpp"

namespace carousel::onnx_test {
namespace {

using testing::contains;

std::vector<LayerSpec> specs_of(const Model& model) {
  std::vector<LayerSpec> specs;
  for (const ModelLayer& layer : model.layers) specs.push_back(layer.spec);
  return specs;
}

/// x -> LSTM 3 -> 2, whose output s is [steps, batch, 2].
GraphBuilder one_layer() {
  GraphBuilder g(13);
  g.input("x", {-1, -1, 3});
  g.recurrent({}, "x", {"y"});
  g.integers("one", {1});
  g.node("Squeeze", {"y", "one"}, {"s"});
  return g;
}

TEST(OnnxGraphs, LayersOfAnyKindFollowEachOther) {
  GraphBuilder g = one_layer();
  g.node("Relu", {"s"}, {"r"});
  g.ramp("w", {2, 4});
  g.ramp("b", {4});
  g.node("MatMul", {"r", "w"}, {"m"});
  g.node("Add", {"m", "b"}, {"a"});
  g.node("Tanh", {"a"}, {"t"});
  g.node("LeakyRelu", {"t"}, {"l"}).set("alpha", 0.3F);
  g.recurrent({.op = "GRU", .input = 4, .hidden = 5}, "l", {"z"}).set("linear_before_reset", 1);
  g.node("Squeeze", {"z", "one"}, {"out"});
  g.output("out");
  const Model model = g.load();
  EXPECT_EQ(
      specs_of(model),
      (std::vector<LayerSpec>{
          make_spec(Cell::lstm, 3, 2), ActivationSpec{{ActivationKind::relu}, 2}, DenseSpec{2, 4},
          ActivationSpec{{ActivationKind::tanh}, 4},
          ActivationSpec{{ActivationKind::leaky_relu, 0.3F}, 4}, make_spec(Cell::gru, 4, 5)}));
  for (const ModelLayer& layer : model.layers) EXPECT_TRUE(layer.inputs.empty());
}

TEST(OnnxGraphs, LayersBeforeTheRecurrentOnes) {
  GraphBuilder g(13);
  g.input("x", {-1, -1, 6});
  g.ramp("w", {6, 3});
  g.node("MatMul", {"x", "w"}, {"m"});
  g.node("Relu", {"m"}, {"r"});
  g.node("Transpose", {"r"}, {"t"}).set("perm", Sizes{1, 0, 2});
  g.recurrent({}, "t", {"y"});
  g.output("y");
  const Model model = g.load();
  EXPECT_EQ(specs_of(model), (std::vector<LayerSpec>{DenseSpec{6, 3, false},
                                                     ActivationSpec{{ActivationKind::relu}, 3},
                                                     make_spec(Cell::lstm, 3, 2)}));
  EXPECT_EQ(inputs_text(model), "x [batch, steps, 6]");
}

TEST(OnnxGraphs, FunctionsHaveTheDefaultsOfTheirOperators) {
  using Kind = ActivationKind;
  const std::vector<Activation> functions{{Kind::relu},
                                          {Kind::tanh},
                                          {Kind::sigmoid},
                                          {Kind::leaky_relu, 0.01F},
                                          {Kind::elu, 1.0F},
                                          {Kind::softsign},
                                          {Kind::softplus},
                                          {Kind::thresholded_relu, 1.0F},
                                          {Kind::log_softmax},
                                          {Kind::softmax},
                                          {Kind::hard_sigmoid, 0.2F, 0.5F}};
  for (const Activation& function : functions) {
    GraphBuilder g = one_layer();
    g.node(std::string(name(function.kind)), {"s"}, {"out"});
    g.output("out");
    EXPECT_EQ(g.load().layers.at(1).spec, LayerSpec(ActivationSpec{function, 2}))
        << name(function.kind);
  }
}

TEST(OnnxGraphs, ASkipConnection) {
  GraphBuilder g = one_layer();
  g.node("Concat", {"s", "x"}, {"both"}).set("axis", 2);
  g.ramp("w", {5, 4});
  g.node("MatMul", {"both", "w"}, {"out"});
  g.output("out");
  const Model model = g.load();
  EXPECT_EQ(specs_of(model),
            (std::vector<LayerSpec>{make_spec(Cell::lstm, 3, 2), ConcatenateSpec{{2, 3}},
                                    DenseSpec{5, 4, false}}));
  EXPECT_EQ(model.layers[1].inputs, (std::vector<std::string>{"l0", "x"}));
  EXPECT_TRUE(model.layers[2].inputs.empty());
  EXPECT_TRUE(model.inputs.empty());
  EXPECT_EQ(model.outputs, (std::vector<ModelOutput>{{"out", "head"}}));
  // The other way round it is another network.
  g.graph().mutable_node(2)->set_input(0, "x");
  g.graph().mutable_node(2)->set_input(1, "s");
  EXPECT_EQ(g.load().layers[1].inputs, (std::vector<std::string>{"x", "l0"}));
}

TEST(OnnxGraphs, OutputsAreNamed) {
  GraphBuilder g = one_layer();
  g.node("Sigmoid", {"s"}, {"p"});
  g.output("s");
  g.output("p");
  g.output("s");
  const Model model = g.load();
  EXPECT_EQ(model.outputs, (std::vector<ModelOutput>{{"s", "l0"}, {"p", "activation"}}));
  EXPECT_EQ(outputs_text(model), "s [steps, batch, 2]; p [steps, batch, 2]");
  EXPECT_EQ(g.load({.to = "Sigmoid_p"}).layers.size(), 2U);
  EXPECT_EQ(g.load({.to = "s"}).layers.size(), 1U);
}

TEST(OnnxGraphs, InputsAreNamed) {
  GraphBuilder g;
  g.input("x", {-1, -1, 3}).input("z", {-1, -1, 4});
  g.recurrent({}, "x", {"y1"});
  g.recurrent({.input = 4}, "z", {"y2"});
  g.output("y1");
  g.output("y2");
  const Model model = g.load();
  EXPECT_EQ(model.inputs, (std::vector<ModelInput>{{"x", 3, false}, {"z", 4, false}}));
  const std::vector<FileAxis> axes{{FileAxis::Of::steps},
                                   {FileAxis::Of::features},
                                   {FileAxis::Of::batch},
                                   {FileAxis::Of::features, 2}};
  EXPECT_EQ(model.outputs, (std::vector<ModelOutput>{{"y1", "l0", axes}, {"y2", "l1", axes}}));
  EXPECT_TRUE(model.layers[0].inputs.empty());
  EXPECT_EQ(model.layers[1].inputs, std::vector<std::string>{"z"});
  EXPECT_EQ(inputs_text(model), "x [steps, batch, 3]; z [steps, batch, 4]");
}

/// Features, and an id at each step.
TEST(OnnxGraphs, AnEmbeddingBesideFeatures) {
  GraphBuilder g(13);
  g.input("x", {-1, -1, 3}).input("speaker", {-1, -1}, schema::TensorProto::INT64);
  g.ramp("table", {7, 2});
  g.node("Gather", {"table", "speaker"}, {"voice"});
  g.node("Concat", {"x", "voice"}, {"both"}).set("axis", -1);
  g.recurrent({.input = 5}, "both", {"y"});
  g.output("y");
  const Model model = g.load();
  EXPECT_EQ(specs_of(model), (std::vector<LayerSpec>{EmbeddingSpec{7, 2}, ConcatenateSpec{{3, 2}},
                                                     make_spec(Cell::lstm, 5, 2)}));
  EXPECT_EQ(model.layers[1].inputs, (std::vector<std::string>{"x", "embedding"}));
  EXPECT_EQ(testing::error_of([&] { validate(model); }), "(no error)");
}

TEST(OnnxGraphs, WhatCannotBeJoined) {
  const auto error = [](std::int64_t axis, const Sizes& other) {
    GraphBuilder g = one_layer();
    g.input("z", other);
    g.node("Concat", {"s", "z"}, {"out"}).set("axis", axis);
    g.output("out");
    return g.error();
  };
  EXPECT_EQ(error(2, {-1, -1, 4}), "(no error)");
  EXPECT_TRUE(contains(error(0, {-1, -1, 2}),
                       "(Concat): joins values along the axis steps of [steps, batch, 2]; only "
                       "features can be joined"));
  EXPECT_TRUE(
      contains(error(2, {-1, -1, -1}), "joins values along the axis any of [any, any, any]"));
  EXPECT_TRUE(contains(error(2, {-1, 2}), "its operands differ in rank"));
}

// --- Written and read again ---

ModelLayer layer_of(const LayerSpec& spec, const std::string& name,
                    const std::vector<std::string>& inputs = {}) {
  ModelLayer layer{.spec = spec, .name = name, .inputs = inputs};
  for (const WeightRole& role : weight_roles(spec)) {
    if (!role.required) continue;
    testing::set_weight(layer, role.name, role.shape,
                        testing::ramp(testing::product(role.shape), -2.0F));
  }
  return layer;
}

/// Names that are those of values that the writer needs as well.
Model hostile_names() {
  Model model;
  model.inputs = {{"one", 3, false}, {"lengths", 1, true}};
  model.layers = {layer_of(EmbeddingSpec{7, 2}, "a", {"lengths"}),
                  layer_of(ConcatenateSpec{{3, 2}}, "a.y", {"one", "a"}),
                  layer_of(make_spec(Cell::lstm, 5, 4, Direction::bidirectional), "a.weight"),
                  layer_of(DenseSpec{8, 3}, "sizes"),
                  layer_of(ConcatenateSpec{{3, 8}}, "row_shape", {"sizes", "a.weight"})};
  testing::set_weight(model.layers[2], "initial_c", {4}, {1, 2, 3, 4});
  model.outputs = {{"rows", "sizes"}, {"one", "row_shape"}, {"a.W", "a.weight"}};
  return model;
}

TEST(OnnxGraphs, AnyNamesAreKept) {
  const Model model = hostile_names();
  const Model again = load(loading::to_onnx(model, {.lengths = true}), "again.onnx");
  ASSERT_EQ(again.inputs.size(), model.inputs.size() + 1);
  EXPECT_EQ(again.inputs.back().name, again.lengths);
  const auto same_names = [](const auto& a, const auto& b) {
    return std::ranges::equal(
        a, b, {}, [](const auto& end) { return end.name; },
        [](const auto& end) { return end.name; });
  };
  EXPECT_TRUE(same_names(model.inputs, std::span(again.inputs).first(model.inputs.size())));
  // An input and an output of a graph cannot have one name.
  const std::vector<ModelOutput> outputs{
      {"rows", "sizes"}, {"one_", "row_shape"}, {"a.W", "a.weight"}};
  EXPECT_EQ(again.outputs, outputs);
  EXPECT_EQ(layer_names(again), layer_names(model));
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    EXPECT_EQ(again.layers[k].spec, model.layers[k].spec);
    EXPECT_EQ(again.layers[k].inputs, model.layers[k].inputs);
    EXPECT_EQ(again.layers[k].weights, model.layers[k].weights);
  }
  for (const auto& [key, value] : again.metadata) EXPECT_TRUE(key.starts_with("onnx.")) << key;
}

TEST(OnnxGraphs, WeightsAreWrittenAsFloat32) {
  Model model;
  model.layers = {layer_of(make_spec(Cell::gru, 3, 2), "")};
  const std::vector<std::uint16_t> half(6, 0x3555);
  model.layers[0].weights["bias_ih"] = Tensor(DType::float16, {6}, testing::raw(half));
  const Model again = load(loading::to_onnx(model, {}), "again.onnx");
  EXPECT_EQ(again.layers[0].weights.at("bias_ih").dtype(), DType::float32);
  EXPECT_EQ(testing::weight(again.layers[0], "bias_ih"),
            testing::weight(model.layers[0], "bias_ih"));
}

TEST(OnnxGraphs, FunctionsWithoutOperatorAreRefusedByName) {
  Model model;
  model.layers = {layer_of(make_spec(Cell::gru, 3, 2), ""),
                  layer_of(ActivationSpec{{ActivationKind::scaled_tanh, 1, 1}, 2}, "squash")};
  const auto save = [&] { static_cast<void>(loading::to_onnx(model, {})); };
  EXPECT_TRUE(contains(testing::error_of(save),
                       "layer 'squash' (ScaledTanh, alpha 1, beta 1 of 2) cannot be "
                       "saved as ONNX: ONNX has ScaledTanh in recurrent layers only"));
  EXPECT_EQ(testing::code_of(save), ErrorCode::unsupported);
}

}  // namespace
}  // namespace carousel::onnx_test
