// SPDX-License-Identifier: Apache-2.0
// Saving: what comes out goes in again, and the bytes do not depend on chance.
#include "loading/saved_models.hpp"

namespace carousel::testing {
namespace {

std::vector<StateDict> canonical_dicts() {
  StateDict full = recurrent_dict({.prefix = "net.lstm.", .layers = 2, .bidirectional = true});
  full.add("net.embedding.weight", {5, 3}).add("net.fc.weight", {4, 4}).add("net.fc.bias", {4});
  full.metadata(R"({"a \"quoted\" key":"tab\tnewline\n\u0001","format":"pt","n":"ü\\"})");
  return {recurrent_dict({}),
          recurrent_dict({.prefix = "", .input = 17, .hidden = 5, .layers = 3, .proj = 2}),
          recurrent_dict({.bias = false}),
          recurrent_dict({.gates = 3, .layers = 2, .bidirectional = true}),
          recurrent_dict({.gates = 1}).metadata(R"({"carousel.activation":"relu"})"),
          recurrent_dict({.gates = 1}),
          full};
}

TEST(Save, IsByteIdenticalForFilesInCanonicalOrder) {
  for (const StateDict& dict : canonical_dicts()) {
    const Bytes bytes = dict.bytes();
    EXPECT_EQ(save_bytes(load(bytes, "canonical")), bytes);
  }
}

TEST(Save, RoundTripsWhateverTheOrderAndDType) {
  // Not canonical: spaces, tensors not in order, half precision.
  StateDict dict = recurrent_dict({});
  dict.add("lstm.bias_ih_l0", {"F16", {8}, raw(std::vector<std::uint16_t>(8, 0x3555))});
  dict.add("lstm.bias_hh_l0", {"F64", {8}, raw(std::vector<double>(8, 0.1))});
  const Model model = load(dict.bytes(), "half");
  const Bytes once = save_bytes(model);
  EXPECT_NE(once, dict.bytes());
  const Model again = load(once, "again");
  expect_equal(model, again);
  EXPECT_EQ(save_bytes(again), once);
}

TEST(Save, ThroughAFile) {
  const TemporaryFolder folder;
  const Bytes bytes = canonical_dicts().back().bytes();
  write_bytes(folder / "in.safetensors", bytes);
  const Model model = load(folder / "in.safetensors");
  EXPECT_EQ(model.source, (folder / "in.safetensors").string());
  save(model, folder / "out.safetensors");
  EXPECT_EQ(read_bytes(folder / "out.safetensors"), bytes);
  EXPECT_EQ(folder.names().size(), 2U);
  expect_equal(model, load(folder / "out.safetensors"));
}

TEST(Save, GivesNamesToModelsBuiltInMemory) {
  const Model model = load(save_bytes(built_model()), "built");
  EXPECT_EQ(names_of(model), "embedding l0 head");
  EXPECT_EQ(weight(model.layers[0], "weight"), ramp(15, 4));
  EXPECT_EQ(weight(model.layers[2], "bias"), ramp(4, 6));
  EXPECT_TRUE(model.metadata.empty());
}

TEST(Save, ReluRnnIsRemembered) {
  Model model = load(recurrent_dict({.gates = 1}).bytes(), "rnn");
  for (auto& activations : recurrent(model.layers[0]).activations) {
    activations[0] = {ActivationKind::relu, 0.0F, 0.0F};
  }
  const Model again = load(save_bytes(model), "again");
  EXPECT_EQ(again.layers[0].spec, model.layers[0].spec);
  EXPECT_EQ(again.metadata.at("carousel.activation"), "relu");
  EXPECT_FALSE(again.metadata.contains("carousel.layers"));
}

TEST(Save, TheActivationOfTheOutputsIsRemembered) {
  Model model = load(recurrent_dict({}).bytes(), "lstm");
  const Bytes plain = save_bytes(model);
  const std::map<std::string, ActivationKind> kinds{{"sigmoid", ActivationKind::sigmoid},
                                                    {"tanh", ActivationKind::tanh},
                                                    {"relu", ActivationKind::relu},
                                                    {"softmax", ActivationKind::softmax},
                                                    {"log_softmax", ActivationKind::log_softmax}};
  for (const auto& [word, kind] : kinds) {
    model.layers.push_back({.spec = ActivationSpec{{kind}, 2}});
    Model again = load(save_bytes(model), "again");
    EXPECT_EQ(again.metadata, (std::map<std::string, std::string>{{"carousel.tail", word}}));
    EXPECT_EQ(again.layers.back().spec, model.layers.back().spec);
    again.layers.pop_back();
    EXPECT_EQ(save_bytes(again), plain);
    model.layers.pop_back();
  }
  model.metadata["carousel.tail"] = "none of the model's";
  EXPECT_EQ(save_bytes(model), plain);
  EXPECT_TRUE(
      contains(load_error(recurrent_dict({}).metadata(R"({"carousel.tail":"gelu"})").bytes()),
               "metadata 'carousel.tail' must be one of 'sigmoid', 'tanh', 'relu', "
               "'softmax', 'log_softmax', found 'gelu'"));
}

TEST(Save, InitialStatesAreRemembered) {
  Model model = load(recurrent_dict({.hidden = 3, .layers = 2, .proj = 2}).bytes(), "lstm");
  set_weight(model.layers[1], "initial_h", {2}, {1, 2});
  set_weight(model.layers[1], "initial_c", {3}, {3, 4, 5});
  const Model again = load(save_bytes(model), "again");
  EXPECT_EQ(find_weight(again.layers[0].weights, "initial_h"), nullptr);
  EXPECT_EQ(weight(again.layers[1], "initial_h"), (std::vector<float>{1, 2}));
  EXPECT_EQ(weight(again.layers[1], "initial_c"), (std::vector<float>{3, 4, 5}));
  EXPECT_EQ(save_bytes(again), save_bytes(model));
  set_weight(model.layers[1], "initial_h", {3}, {1, 2, 3});
  EXPECT_TRUE(
      contains(error_of([&] { validate(model); }), "initial_h must have shape [2], found [3]"));
  model.layers[1].weights.erase("initial_h");
  set_weight(model.layers[1], "initial_h_reverse", {2}, {1, 2});
  EXPECT_TRUE(contains(error_of([&] { validate(model); }),
                       "has no weight of the role 'initial_h_reverse'"));
}

TEST(Save, SettingsOfAnAbsentDirectionDoNotMatter) {
  Model model = built_model();
  recurrent(model.layers[1]).activations[1] = {};
  EXPECT_EQ(save_bytes(model), save_bytes(built_model()));
}

std::string save_error(const std::function<void(Model&)>& change) {
  Model model = load(recurrent_dict({.input = 2, .layers = 2}).bytes(), "");
  change(model);
  return error_of([&] { static_cast<void>(save_bytes(model)); });
}

/// The model after a change, saved and loaded, and what the file says of its layers.
std::string saved_layers(const std::function<void(Model&)>& change) {
  Model model = load(recurrent_dict({.input = 2, .layers = 2}).bytes(), "");
  change(model);
  const Model again = load(save_bytes(model), "again");
  EXPECT_EQ(save_bytes(again), save_bytes(model));
  for (std::size_t k = 0; k < 2; ++k) EXPECT_EQ(again.layers[k].spec, model.layers[k].spec);
  return again.metadata.contains("carousel.layers") ? again.metadata.at("carousel.layers") : "";
}

TEST(Save, WhatAStateDictCannotTellIsInTheMetadata) {
  EXPECT_EQ(saved_layers([](Model&) {}), "");
  EXPECT_EQ(saved_layers([](Model& m) { m.metadata["carousel.layers"] = "of another model"; }), "");
  EXPECT_EQ(
      saved_layers([](Model& m) { recurrent(m.layers[1]).clip = 0.1F; }),
      R"([{"cell":"lstm","hidden_size":2,"input_size":2,"kind":"recurrent","name":"lstm.l0"},)"
      R"({"cell":"lstm","clip":0.10000000149011612,"hidden_size":2,"input_size":2,)"
      R"("kind":"recurrent","name":"lstm.l1"}])");
  const std::string reverse =
      saved_layers([](Model& m) { recurrent(m.layers[0]).direction = Direction::reverse; });
  EXPECT_TRUE(contains(reverse, R"("direction":"reverse")"));
  const std::string no_bias = saved_layers([](Model& m) {
    recurrent(m.layers[1]).bias = false;
    m.layers[1].weights.erase("bias_ih");
    m.layers[1].weights.erase("bias_hh");
  });
  EXPECT_TRUE(contains(no_bias, R"("bias":false)"));
  const std::string functions = saved_layers([](Model& m) {
    const Activation elu{ActivationKind::elu, 0.7F};
    RecurrentSpec& spec = recurrent(m.layers[0]);
    spec.activations = {ActivationSet{elu, elu, elu}, ActivationSet{elu, elu, elu}};
    spec.coupling = GateCoupling::input_from_forget;
    spec.cell_clip = 3;
  });
  EXPECT_TRUE(contains(functions, R"({"alpha":0.699999988079071,"name":"Elu"})"));
}

std::string layers_error(const std::string& layers) {
  std::string quoted;
  for (const char c : layers) quoted += c == '"' ? std::string("\\\"") : std::string(1, c);
  return load_error(
      recurrent_dict({}).metadata(R"({"carousel.layers":")" + quoted + R"("})").bytes());
}

TEST(Save, WrongMetadataOfLayersIsRefused) {
  const std::string sizes =
      R"([{"kind":"recurrent","name":"lstm.l0","cell":"lstm","hidden_size":2,"input_size":3)";
  EXPECT_EQ(layers_error(sizes + "}]"), "(no error)");
  const std::string layers = "metadata 'carousel.layers'";
  EXPECT_TRUE(contains(layers_error("x"), layers + " is not JSON"));
  EXPECT_TRUE(contains(layers_error(sizes + R"(,"clip":1e309}])"),
                       layers + " has a number beyond float64"));
  EXPECT_TRUE(contains(layers_error("[]"), layers + " must be an array with an object per layer"));
  EXPECT_TRUE(contains(layers_error("[1]"), layers + ": layer 0 must be an object"));
  EXPECT_TRUE(contains(layers_error(std::string(9, '[') + std::string(9, ']')),
                       layers + " is nested too deep"));
  const std::string next = R"(,{"kind":"dense","name":"fc","input_size":2,"output_size":4}])";
  EXPECT_TRUE(contains(layers_error(sizes + "}" + next), "tensor 'fc.weight' is missing"));
  EXPECT_TRUE(contains(layers_error(R"([{"cell":"lstm"}])"), "layer 0 has no kind"));
  EXPECT_TRUE(contains(layers_error(R"([{"kind":"conv"}])"),
                       "must have one of recurrent, dense, embedding, activation, concatenate, "));
  EXPECT_TRUE(contains(layers_error(R"([{"kind":"conv"}])"), "as kind, found '\"conv\"'"));
  EXPECT_TRUE(contains(layers_error(R"([{"kind":"recurrent","input_size":3,"hidden_size":2}])"),
                       "layer 0 has no cell"));
  EXPECT_TRUE(contains(layers_error(R"([{"kind":"recurrent","cell":"linear"}])"),
                       "must have one of lstm, gru, rnn, slstm as cell, found '\"linear\"'"));
  EXPECT_TRUE(contains(layers_error(sizes + R"(,"zoneout":0.1}])"),
                       "layer 0 has the field 'zoneout', which this version does not know"));
  EXPECT_TRUE(contains(layers_error(sizes + R"(,"clip":1e99}])"), "a float32 number as clip"));
  EXPECT_TRUE(contains(layers_error(sizes + R"(,"clip":-1}])"), "is not valid: layer spec: clip"));
  EXPECT_TRUE(contains(layers_error(sizes + R"(,"bias":1}])"), "true or false as bias, found '1'"));
  EXPECT_TRUE(contains(layers_error(sizes + R"(,"proj_size":0.5}])"), "an integer as proj_size"));
  EXPECT_TRUE(contains(layers_error(sizes + R"(,"activations":[[{"name":"Tanh"}]]}])"),
                       "3 functions for each of 1 directions as activations"));
  const std::string functions = sizes + R"(,"activations":[[{"name":"Tanh"},{"name":"Tanh"},)";
  EXPECT_TRUE(contains(layers_error(functions + R"({"name":"Elu"}]]}])"),
                       "layer 0, direction 0, function 2 has no alpha"));
  EXPECT_TRUE(contains(layers_error(functions + R"({"alpha":1}]]}])"), "function 2 has no name"));
  EXPECT_TRUE(contains(layers_error(R"([{"kind":"recurrent","cell":"gru","name":"lstm.l0",)"
                                    R"("hidden_size":2,"input_size":3}])"),
                       "'lstm.weight_ih_l0' has shape [8, 3]"));
  EXPECT_TRUE(contains(layers_error(sizes + R"(,"inputs":"x"}])"), "an array of texts as inputs"));
  EXPECT_TRUE(contains(layers_error(sizes + R"(,"inputs":["z"]}])"), "reads 'z', but no layer"));
  EXPECT_TRUE(contains(layers_error(R"([{"kind":"activation","size":3}])"), "has no function"));
  EXPECT_TRUE(contains(layers_error(R"([{"kind":"concatenate","sizes":[1,"2"]}])"),
                       "an array of integers as sizes"));
}

TEST(Save, RefusesInvalidModelsAndNames) {
  EXPECT_TRUE(contains(save_error([](Model& m) { m.layers[0].weights.erase("bias_ih"); }),
                       "bias_ih must have shape [8]"));
  EXPECT_TRUE(
      contains(save_error([](Model& m) { m.metadata["k"] = "\xC3"; }), "is not valid UTF-8"));
  EXPECT_TRUE(contains(save_error([](Model& m) { m.layers[0].name = "\xC3"; }), "not valid UTF-8"));
  const auto same_names = [](const char* first, const char* last) {
    Model model = built_model();
    model.layers.front().name = first;
    model.layers.back().name = last;
    return error_of([&] { static_cast<void>(save_bytes(model)); });
  };
  EXPECT_TRUE(contains(same_names("same", "same"), "the name 'same' stands for several layers"));
  EXPECT_EQ(same_names("one", "another"), "(no error)");
}

}  // namespace
}  // namespace carousel::testing
