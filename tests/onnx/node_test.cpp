// SPDX-License-Identifier: Apache-2.0
// One recurrent node: every attribute and input to spec and weights.
#include "onnx/graph_builder.hpp"

#include <cmath>
#include <limits>
#include <map>

namespace carousel::onnx_test {
namespace {

using testing::contains;
using testing::ramp;
using testing::weight;

const std::vector<std::size_t> kLstmOrder{0, 2, 3, 1};
const std::vector<std::size_t> kGruOrder{1, 0, 2};

const RecurrentSpec& spec_of(const Model& model) { return testing::recurrent(model.layers.at(0)); }

TEST(OnnxNode, LstmWithDefaults) {
  const Model model = one_node({.input = 3, .hidden = 2}).load();
  ASSERT_EQ(model.layers.size(), 1U);
  EXPECT_EQ(spec_of(model), make_spec(Cell::lstm, 3, 2));
  const ModelLayer& layer = model.layers[0];
  EXPECT_EQ(weight(layer, "weight_ih"), blocks(ramp(24, 0), 6, kLstmOrder));
  EXPECT_EQ(weight(layer, "weight_hh"), blocks(ramp(16, 1), 4, kLstmOrder));
  EXPECT_EQ(weight(layer, "bias_ih"), blocks(ramp(16, 2), 2, kLstmOrder));
  EXPECT_EQ(weight(layer, "bias_hh"), blocks(ramp(16, 2), 2, {4, 6, 7, 5}));
  EXPECT_EQ(layer.weights.size(), 4U) << "no peepholes, no second direction, no initial states";
}

TEST(OnnxNode, GruInBothForms) {
  GraphBuilder graph = one_node({.op = "GRU"});
  RecurrentSpec expected = make_spec(Cell::gru, 3, 2);
  expected.linear_before_reset = false;  // the default of ONNX
  Model model = graph.load();
  EXPECT_EQ(spec_of(model), expected);
  EXPECT_EQ(weight(model.layers[0], "weight_hh"), blocks(ramp(12, 1), 4, kGruOrder));
  EXPECT_EQ(weight(model.layers[0], "bias_hh"), blocks(ramp(12, 2), 2, {4, 3, 5}));
  only_node(graph).set("linear_before_reset", 1);
  EXPECT_EQ(spec_of(graph.load()), make_spec(Cell::gru, 3, 2));
}

TEST(OnnxNode, RnnWithTanhAndRelu) {
  GraphBuilder graph = one_node({.op = "RNN"});
  EXPECT_EQ(spec_of(graph.load()), make_spec(Cell::rnn, 3, 2));
  only_node(graph).set("activations", Names{"Relu"});
  RecurrentSpec expected = make_spec(Cell::rnn, 3, 2);
  expected.activations[0][0] = {ActivationKind::relu};
  expected.activations[1][0] = {ActivationKind::relu};
  EXPECT_EQ(spec_of(graph.load()), expected);
}

TEST(OnnxNode, RnnWithTheStandardsListOfActivations) {
  GraphBuilder graph = one_node({.op = "RNN"});
  only_node(graph).set("activations", Names{"Tanh", "Tanh"});
  EXPECT_EQ(spec_of(graph.load()), make_spec(Cell::rnn, 3, 2));
}

TEST(OnnxNode, DirectionsHaveTheirOwnWeights) {
  const Model model = one_node({.input = 1, .hidden = 1, .directions = 2}).load();
  EXPECT_EQ(spec_of(model), make_spec(Cell::lstm, 1, 1, Direction::bidirectional));
  EXPECT_EQ(weight(model.layers[0], "weight_ih"), (std::vector<float>{0, 1, 1.5, 0.5}));
  EXPECT_EQ(weight(model.layers[0], "weight_ih_reverse"), (std::vector<float>{2, 3, 3.5, 2.5}));
  GraphBuilder graph = one_node({});
  only_node(graph).set("direction", std::string("reverse"));
  EXPECT_EQ(spec_of(graph.load()), make_spec(Cell::lstm, 3, 2, Direction::reverse));
}

TEST(OnnxNode, Variants) {
  GraphBuilder graph = one_node({.bias = false});
  graph.ramp("P", {1, 6});
  for (const char* name : {"", "", "", "P"}) only_node(graph).proto().add_input(name);
  only_node(graph).set("clip", 2.5F).set("input_forget", 1);
  const Model model = graph.load();
  RecurrentSpec expected = make_spec(Cell::lstm, 3, 2, Direction::forward, 0, false);
  expected.peephole = true;
  expected.clip = 2.5F;
  expected.coupling = GateCoupling::forget_from_input;
  EXPECT_EQ(spec_of(model), expected);
  EXPECT_EQ(weight(model.layers[0], "peephole"), blocks(ramp(6, 2), 2, {0, 2, 1}));
  EXPECT_TRUE(weight(model.layers[0], "bias_ih").empty());
}

struct ActivationCase {
  const char* name;
  Activation expected;
};

TEST(OnnxNode, EveryActivationWithItsDefaults) {
  using Kind = ActivationKind;
  const std::vector<ActivationCase> cases{{"Relu", {Kind::relu}},
                                          {"Tanh", {Kind::tanh}},
                                          {"Sigmoid", {Kind::sigmoid}},
                                          {"LeakyRelu", {Kind::leaky_relu, 0.01F}},
                                          {"ThresholdedRelu", {Kind::thresholded_relu, 1.0F}},
                                          {"HardSigmoid", {Kind::hard_sigmoid, 0.2F, 0.5F}},
                                          {"Elu", {Kind::elu, 1.0F}},
                                          {"Softsign", {Kind::softsign}},
                                          {"Softplus", {Kind::softplus}},
                                          {"softPLUS", {Kind::softplus}}};
  for (const ActivationCase& c : cases) {
    GraphBuilder graph = one_node({.op = "RNN"});
    only_node(graph).set("activations", Names{c.name});
    EXPECT_EQ(spec_of(graph.load()).activations[0][0], c.expected) << c.name;
  }
  for (const char* name : {"Affine", "ScaledTanh"}) {
    GraphBuilder graph = one_node({.op = "RNN"});
    only_node(graph).set("activations", Names{name});
    EXPECT_TRUE(contains(graph.error(), "needs a value in 'activation_alpha'"));
    only_node(graph).set("activation_alpha", std::vector<float>{3});
    EXPECT_TRUE(contains(graph.error(), "needs a value in 'activation_beta'"));
    only_node(graph).set("activation_beta", std::vector<float>{4});
    EXPECT_EQ(spec_of(graph.load()).activations[0][0].alpha, 3.0F);
    EXPECT_EQ(spec_of(graph.load()).activations[0][0].beta, 4.0F);
  }
}

TEST(OnnxNode, ParametersAreConsumedInTheOrderOfTheFunctionsThatHaveThem) {
  using Kind = ActivationKind;
  GraphBuilder graph = one_node({.directions = 2});
  only_node(graph)
      .set("activations", Names{"HardSigmoid", "Tanh", "Elu", "Sigmoid", "Affine", "LeakyRelu"})
      .set("activation_alpha", std::vector<float>{1, 2, 3})
      .set("activation_beta", std::vector<float>{5, 6});
  const auto sets = spec_of(graph.load()).activations;
  EXPECT_EQ(sets[0], (ActivationSet{{{Kind::hard_sigmoid, 1, 5}, {Kind::tanh}, {Kind::elu, 2}}}));
  EXPECT_EQ(sets[1],
            (ActivationSet{{{Kind::sigmoid}, {Kind::affine, 3, 6}, {Kind::leaky_relu, 0.01F}}}));
}

/// The same numbers in each type that weights may have.
TEST(OnnxNode, ElementTypes) {
  const Model expected = one_node({.bias = false}).load();
  const auto with_type = [&](int type, const auto& convert) {
    GraphBuilder graph = one_node({.bias = false});
    for (schema::TensorProto& tensor : *graph.graph().mutable_initializer()) {
      std::string raw;
      for (const float value : tensor.float_data()) {
        const auto stored = convert(value);
        raw.append(reinterpret_cast<const char*>(&stored), sizeof stored);
      }
      tensor.clear_float_data();
      tensor.set_data_type(type);
      tensor.set_raw_data(raw);
    }
    return graph.load();
  };
  const auto same = [](float value) { return value; };
  const auto wide = [](float value) { return static_cast<double>(value); };
  const auto brain = [](float value) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return static_cast<std::uint16_t>(bits >> 16U);
  };
  const std::map<DType, Model> models{
      {DType::float32, with_type(schema::TensorProto::FLOAT, same)},
      {DType::float64, with_type(schema::TensorProto::DOUBLE, wide)},
      {DType::bfloat16, with_type(schema::TensorProto::BFLOAT16, brain)}};
  for (const auto& [dtype, model] : models) {
    EXPECT_EQ(model.layers[0].weights.at("weight_ih").dtype(), dtype) << "not as the file has it";
    EXPECT_EQ(weight(model.layers[0], "weight_ih"), weight(expected.layers[0], "weight_ih"));
    EXPECT_EQ(weight(model.layers[0], "weight_hh"), weight(expected.layers[0], "weight_hh"));
  }
}

/// They would be infinite in every run, and finite in the file.
TEST(OnnxNode, DoublesBeyondFloat32AreRefused) {
  GraphBuilder graph = one_node({.bias = false});
  for (schema::TensorProto& tensor : *graph.graph().mutable_initializer()) {
    tensor.set_data_type(schema::TensorProto::DOUBLE);
    for (const float value : tensor.float_data()) tensor.add_double_data(double{value});
    tensor.clear_float_data();
    tensor.set_double_data(1, 1e300);
  }
  try {
    (void)graph.load();
    FAIL() << "loaded";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("element 1 is 1e+300, which is beyond float32"),
              std::string::npos)
        << error.what();
  }
}

TEST(OnnxNode, HalfPrecisionInTheFieldForSmallTypes) {
  GraphBuilder graph = one_node({.op = "RNN", .input = 1, .hidden = 1, .bias = false});
  for (schema::TensorProto& tensor : *graph.graph().mutable_initializer()) {
    tensor.clear_float_data();
    tensor.set_data_type(schema::TensorProto::FLOAT16);
    tensor.add_int32_data(0x3E00);  // 1.5
  }
  const Model model = graph.load();
  EXPECT_EQ(model.layers[0].weights.at("weight_hh").dtype(), DType::float16);
  EXPECT_EQ(weight(model.layers[0], "weight_hh"), std::vector<float>{1.5F});
}

struct BadNode {
  const char* message;
  void (*spoil)(GraphBuilder&);
};

TEST(OnnxNode, RefusesWhatBreaksTheRules) {
  const std::vector<BadNode> cases{
      {"attribute 'hidden_size' is 7, but R has the shape [1, 8, 2]",
       [](GraphBuilder& g) { g.graph().mutable_node(0)->mutable_attribute(0)->set_i(7); }},
      {"attribute 'direction' is 'up'",
       [](GraphBuilder& g) { only_node(g).set("direction", std::string("up")); }},
      {"attribute 'direction' is of the wrong type",
       [](GraphBuilder& g) { only_node(g).set("direction", 1); }},
      {"attribute 'activations' has 2 functions, but must have 3",
       [](GraphBuilder& g) {
         only_node(g).set("activations", Names{"Tanh", "Tanh"});
       }},
      {"activation 'Gelu' is unknown; there are Relu, Tanh,",
       [](GraphBuilder& g) {
         only_node(g).set("activations", Names{"Tanh", "Gelu", "Tanh"});
       }},
      {"attribute 'input_forget' is 2, but must be 0 or 1",
       [](GraphBuilder& g) { only_node(g).set("input_forget", 2); }},
      {"attribute 'linear_before_reset' is not one that ONNX's LSTM has",
       [](GraphBuilder& g) { only_node(g).set("linear_before_reset", 1); }},
      {"attribute 'zoneout' is not one that ONNX's LSTM has",
       [](GraphBuilder& g) { only_node(g).set("zoneout", 0.1F); }},
      {"attribute 'clip' is -1, but must be positive",
       [](GraphBuilder& g) { only_node(g).set("clip", -1.0F); }},
      {"attribute 'clip' is nan",
       [](GraphBuilder& g) { only_node(g).set("clip", std::numeric_limits<float>::quiet_NaN()); }},
      {"attribute 'layout' is 2; it must be 0 or 1",
       [](GraphBuilder& g) { only_node(g).set("layout", 2); }},
      {"input W has the shape [1, 6, 3]; expected [directions, gates * hidden_size, input_size] = "
       "[1, 8, 3]",
       [](GraphBuilder& g) {
         g.graph().mutable_initializer(0)->set_dims(1, 6);
         g.graph().mutable_initializer(0)->mutable_float_data()->Truncate(18);
       }},
      {"input B has the shape [1, 16, 1]",
       [](GraphBuilder& g) { g.graph().mutable_initializer(2)->add_dims(1); }},
      {"inputs W [1, 8, 3] and R [1, 8, 2, 1] must have 3 axes each",
       [](GraphBuilder& g) { g.graph().mutable_initializer(1)->add_dims(1); }},
      {"input R is missing", [](GraphBuilder& g) { g.graph().mutable_node(0)->set_input(2, ""); }},
      {"its input W is not a constant",
       [](GraphBuilder& g) {
         g.input("w", {1, 8, 3});
         g.graph().mutable_node(0)->set_input(1, "w");
       }},
      {"input B has the element type int64; expected float",
       [](GraphBuilder& g) {
         g.integers("ints", {1, 16}, Sizes(16));
         g.graph().mutable_node(0)->set_input(3, "ints");
       }},
      {"reads the tensor 'y_W': has the shape [1, 8, 3], which needs 24 values, but 23 are there",
       [](GraphBuilder& g) {
         g.graph().mutable_initializer(0)->mutable_float_data()->RemoveLast();
       }},
      {"reads the tensor 'y_W': has the ONNX element type 8, which is not supported",
       [](GraphBuilder& g) {
         g.graph().mutable_initializer(0)->set_data_type(schema::TensorProto::STRING);
       }},
      {"its input X [any, any] must have 3 axes",
       [](GraphBuilder& g) {
         g.graph()
             .mutable_input(0)
             ->mutable_type()
             ->mutable_tensor_type()
             ->mutable_shape()
             ->mutable_dim()
             ->RemoveLast();
       }},
      {"the last axis of its input X 4 must have 3 elements",
       [](GraphBuilder& g) {
         g.graph().mutable_input(0)->clear_type();
         GraphBuilder::declare(*g.graph().mutable_input(0), "x", {-1, -1, 4},
                               schema::TensorProto::FLOAT);
       }},
      {"its input X is not a tensor of the network",
       [](GraphBuilder& g) {
         g.ramp("k", {5, 1, 3});
         g.graph().mutable_node(0)->set_input(0, "k");
       }},
  };
  for (const BadNode& c : cases) {
    GraphBuilder graph = one_node({});
    c.spoil(graph);
    const std::string error = graph.error();
    EXPECT_TRUE(contains(error, c.message));
    EXPECT_TRUE(contains(error, "t.onnx: node 'LSTM_y' (LSTM): "));
  }
}

}  // namespace
}  // namespace carousel::onnx_test
