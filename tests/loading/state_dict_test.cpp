// SPDX-License-Identifier: Apache-2.0
// The model rules: which tensors there must be and which shapes they must have.
#include "core/model/formats/tensor_names.hpp"
#include "files_of_bytes.hpp"

namespace carousel::testing {
namespace {

Model load_good(const StateDict& dict) { return load(dict.bytes(), "good"); }

struct Architecture {
  std::string name;
  DictOptions options;
};

void PrintTo(const Architecture& value, std::ostream* stream) { *stream << value.name; }

std::vector<Architecture> architectures() {
  return {
      {"plain", {}},
      {"no_prefix", {.prefix = ""}},
      {"hidden_1", {.input = 1, .hidden = 1}},
      {"three_layers", {.layers = 3}},
      {"bidirectional", {.bidirectional = true}},
      {"proj", {.hidden = 5, .layers = 2, .proj = 2}},
      {"no_bias", {.bias = false}},
      {"everything",
       {.prefix = "a.b.", .input = 7, .hidden = 5, .layers = 3, .bidirectional = true, .proj = 3}},
      {"eleven_layers", {.input = 2, .layers = 11, .bidirectional = true, .bias = false}},
      {"gru", {.gates = 3, .layers = 2, .bidirectional = true}},
      {"rnn", {.gates = 1, .layers = 2}},
  };
}

class StateDictArchitecture : public ::testing::TestWithParam<Architecture> {};

TEST_P(StateDictArchitecture, IsReadFromNamesAndShapes) {
  const DictOptions& o = GetParam().options;
  const Model model = load_good(recurrent_dict(o));
  ASSERT_EQ(model.layers.size(), static_cast<std::size_t>(o.layers));
  std::int64_t input = o.input;
  for (const ModelLayer& layer : model.layers) {
    EXPECT_EQ(layer.name, o.prefix + "l" + std::to_string(&layer - model.layers.data()));
    const Cell cell = o.gates == 4 ? Cell::lstm : o.gates == 3 ? Cell::gru : Cell::rnn;
    const Direction direction = o.bidirectional ? Direction::bidirectional : Direction::forward;
    EXPECT_EQ(layer.spec, LayerSpec(make_spec(cell, input, o.hidden, direction, o.proj, o.bias)))
        << describe(layer.spec);
    input = output_size(layer.spec);
  }
  EXPECT_EQ(model.input_size(), o.input);
  EXPECT_EQ(model.output_size(), input);
  EXPECT_EQ(model.source, "good");
}

INSTANTIATE_TEST_SUITE_P(Model, StateDictArchitecture, ::testing::ValuesIn(architectures()),
                         [](const auto& test) { return test.param.name; });

TEST(StateDict, EachArrayComesFromItsOwnTensor) {
  const DictOptions options{.hidden = 4, .layers = 2, .bidirectional = true, .proj = 2};
  StateDict dict = recurrent_dict(options);
  dict.add("lstm.weight_ih_l1_reverse", {"F32", {16, 4}, raw(ramp(64, 100))});
  dict.add("lstm.weight_hh_l1_reverse", {"F32", {16, 2}, raw(ramp(32, 200))});
  dict.add("lstm.bias_ih_l1_reverse", {"F32", {16}, raw(ramp(16, 300))});
  dict.add("lstm.bias_hh_l1_reverse", {"F32", {16}, raw(ramp(16, 400))});
  dict.add("lstm.weight_hr_l1_reverse", {"F32", {2, 4}, raw(ramp(8, 500))});
  const Model model = load_good(dict);
  const ModelLayer& top = model.layers[1];
  EXPECT_EQ(weight(top, "weight_ih_reverse"), ramp(64, 100));
  EXPECT_EQ(weight(top, "weight_hh_reverse"), ramp(32, 200));
  EXPECT_EQ(weight(top, "bias_ih_reverse"), ramp(16, 300));
  EXPECT_EQ(weight(top, "bias_hh_reverse"), ramp(16, 400));
  EXPECT_EQ(weight(top, "weight_hr_reverse"), ramp(8, 500));
  EXPECT_NE(weight(top, "weight_ih"), weight(top, "weight_ih_reverse"));
  EXPECT_EQ(weight(model.layers[0], "weight_ih"), ramp(48, 0));
}

TEST(StateDict, NamesOfTensorsFollowFromTheLayers) {
  using loading::tensor_name;
  EXPECT_EQ(tensor_name("lstm.l0", "weight_ih"), "lstm.weight_ih_l0");
  EXPECT_EQ(tensor_name("lstm.l10", "weight_ih_reverse"), "lstm.weight_ih_l10_reverse");
  EXPECT_EQ(tensor_name("l0", "weight_hr"), "weight_hr_l0");
  EXPECT_EQ(tensor_name("a_l0", "bias_ih"), "a_bias_ih_l0");
  EXPECT_EQ(tensor_name("l2", "weight"),
            "l2.weight");  // PyTorch's Linear modules are called so too
  EXPECT_EQ(tensor_name("net.fc", "bias"), "net.fc.bias");
  for (const char* other : {"first", "l", "l01", "l0.x", "al0", "l0_reverse", "1l0"}) {
    EXPECT_EQ(tensor_name(other, "weight_ih_reverse"), other + std::string(".weight_ih_reverse"));
  }
}

TEST(StateDict, MissingTensorsAreNamedWithTheirShape) {
  EXPECT_EQ(load_error(recurrent_dict({}).remove("lstm.bias_hh_l0").bytes()),
            "bad.safetensors: tensor 'lstm.bias_hh_l0' is missing; expected shape [8]");
  EXPECT_EQ(load_error(recurrent_dict({}).remove("lstm.weight_hh_l0").bytes()),
            "bad.safetensors: tensor 'lstm.weight_hh_l0' is missing");
  EXPECT_TRUE(
      contains(load_error(recurrent_dict({.layers = 2}).remove("lstm.weight_ih_l1").bytes()),
               "tensor 'lstm.weight_ih_l1' is missing; expected shape [8, 2]"));
}

TEST(StateDict, MisshapedTensorsAreNamedWithBothShapes) {
  EXPECT_EQ(load_error(recurrent_dict({}).add("lstm.bias_ih_l0", {9}).bytes()),
            "bad.safetensors: tensor 'lstm.bias_ih_l0' has shape [9]; expected [8]");
  EXPECT_EQ(load_error(recurrent_dict({}).add("lstm.bias_ih_l0", {8, 1}).bytes()),
            "bad.safetensors: tensor 'lstm.bias_ih_l0' has shape [8, 1]; expected [8]");
  EXPECT_EQ(load_error(recurrent_dict({}).add("lstm.weight_ih_l0", {7, 3}).bytes()),
            "bad.safetensors: tensor 'lstm.weight_ih_l0' has shape [7, 3]; expected [8, 3]");
  EXPECT_EQ(load_error(recurrent_dict({.layers = 2}).add("lstm.weight_hh_l1", {8, 3}).bytes()),
            "bad.safetensors: tensor 'lstm.weight_hh_l1' has shape [8, 3]; expected [8, 2]");
  EXPECT_EQ(load_error(recurrent_dict({}).add("lstm.weight_ih_l0", {24}).bytes()),
            "bad.safetensors: tensor 'lstm.weight_ih_l0' has shape [24]; expected a matrix with at "
            "least one row and column");
  EXPECT_TRUE(contains(load_error(recurrent_dict({}).add("lstm.weight_hh_l0", {8, 0}).bytes()),
                       "has shape [8, 0]; expected a matrix with at least one row and column"));
}

TEST(StateDict, CellKindMustFollowFromShapes) {
  EXPECT_TRUE(contains(
      load_error(recurrent_dict({.gates = 2}).bytes()),
      "tensor 'lstm.weight_hh_l0' has shape [4, 2]; its rows must be 4 (LSTM), 3 (GRU) or 1 (RNN) "
      "times the hidden size 2"));
  EXPECT_TRUE(contains(load_error(recurrent_dict({}).add("lstm.weight_hh_l0", {9, 2}).bytes()),
                       "its rows must be 4 (LSTM)"));
  EXPECT_TRUE(contains(load_error(recurrent_dict({.gates = 3, .hidden = 4, .proj = 2}).bytes()),
                       "with projection, its rows must be 4 times the hidden size 4"));
}

TEST(StateDict, ProjectionMustBeSmallerThanHidden) {
  EXPECT_TRUE(contains(load_error(recurrent_dict({.hidden = 2, .proj = 2}).bytes()),
                       "bad.safetensors: layer spec: proj_size is 2"));
}

TEST(StateDict, BiasIsAllOrNothing) {
  const std::string error =
      load_error(recurrent_dict({.layers = 2, .bias = false}).add("lstm.bias_ih_l1", {8}).bytes());
  EXPECT_TRUE(contains(error, "3 problems"));
  EXPECT_TRUE(contains(error, "tensor 'lstm.bias_ih_l0' is missing; expected shape [8]"));
  EXPECT_TRUE(contains(error, "tensor 'lstm.bias_hh_l1' is missing; expected shape [8]"));
}

TEST(StateDict, ReverseIsInAllLayersOrNone) {
  const std::string error = load_error(recurrent_dict({.layers = 2, .bias = false})
                                           .add("lstm.weight_ih_l1_reverse", {8, 4})
                                           .bytes());
  EXPECT_TRUE(
      contains(error, "tensor 'lstm.weight_ih_l0_reverse' is missing; expected shape [8, 3]"));
  EXPECT_TRUE(contains(error, "tensor 'lstm.weight_hh_l1_reverse' is missing"));
  // Two directions below: layer 1 takes twice the width.
  EXPECT_TRUE(contains(error, "tensor 'lstm.weight_ih_l1' has shape [8, 2]; expected [8, 4]"));
}

TEST(StateDict, ExtraTensorsAreNamed) {
  StateDict dict = recurrent_dict({});
  dict.add("norm.num_batches_tracked", {"I64", {}, Bytes(8)});
  EXPECT_EQ(load_error(dict.bytes()),
            "bad.safetensors: unexpected tensor 'norm.num_batches_tracked', I64 []; "
            "ignore_extra (--ignore-extra) leaves out tensors that belong to nothing else");
  const Model model =
      load(dict.bytes(), "good", {.prefix = {}, .embedding = {}, .head = {}, .ignore_extra = true});
  EXPECT_EQ(model.layers.size(), 1U);
}

TEST(StateDict, AnAbsurdLayerNumberIsJustAnExtraTensor) {
  for (const char* name : {"lstm.weight_ih_l99999999", "lstm.weight_ih_l99999999999999999999999",
                           "lstm.weight_ih_l00", "lstm.weight_ih_l", "lstm.weight_ih_l1x"}) {
    EXPECT_TRUE(contains(load_error(recurrent_dict({}).add(name, {8, 2}).bytes()),
                         "bad.safetensors: unexpected tensor '" + std::string(name) + "', F32"));
  }
}

TEST(StateDict, OneErrorTellsTheFirstEightProblems) {
  StateDict dict = recurrent_dict({});
  for (int i = 0; i < 9; ++i) dict.add("x" + std::to_string(i), {1});
  dict.remove("lstm.bias_ih_l0");
  const std::string error = load_error(dict.bytes());
  EXPECT_TRUE(
      contains(error, "bad.safetensors: 10 problems:\n  tensor 'lstm.bias_ih_l0' is missing"));
  EXPECT_TRUE(contains(error, "\n  unexpected tensor 'x6', F32 [1]\n  and 2 more"));
}

TEST(StateDict, WeightsMustBeFloatingPoint) {
  EXPECT_EQ(
      load_error(recurrent_dict({}).add("lstm.bias_ih_l0", {"I32", {8}, Bytes(32)}).bytes()),
      "bad.safetensors: tensor 'lstm.bias_ih_l0' has dtype I32; weights must be F32, F16, BF16 "
      "or F64");
  EXPECT_TRUE(contains(
      load_error(recurrent_dict({}).add("lstm.bias_ih_l0", {"F8_E4M3", {8}, Bytes(8)}).bytes()),
      "has dtype F8_E4M3"));
}

TEST(StateDict, PlainRnnActivationComesFromTheMetadata) {
  const auto activation = [](const std::string& metadata) {
    const Model model = load_good(recurrent_dict({.gates = 1}).metadata(metadata));
    const RecurrentSpec& spec = recurrent(model.layers[0]);
    EXPECT_EQ(spec.activations[0], spec.activations[1]);
    return spec.activations[0][0].kind;
  };
  EXPECT_EQ(activation("{}"), ActivationKind::tanh);
  EXPECT_EQ(activation(R"({"carousel.activation":"tanh"})"), ActivationKind::tanh);
  EXPECT_EQ(activation(R"({"carousel.activation":"relu"})"), ActivationKind::relu);
  const StateDict bad = recurrent_dict({.gates = 1}).metadata(R"({"carousel.activation":"gelu"})");
  EXPECT_TRUE(contains(load_error(bad.bytes()),
                       "metadata 'carousel.activation' must be 'tanh' or 'relu', found 'gelu'"));
}

}  // namespace
}  // namespace carousel::testing
