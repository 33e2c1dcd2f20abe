// SPDX-License-Identifier: Apache-2.0
// Saving: what comes out goes in again, and the bytes do not depend on chance.
#include "core/model/formats/state_dict.hpp"
#include "files_of_bytes.hpp"
#include "same_layers.hpp"

namespace carousel::testing {
namespace {

Bytes save_bytes(const Model& model) { return loading::to_safetensors(model); }

std::vector<std::string> tensor_names(const Model& model) {
  std::vector<std::string> names;
  for (const auto& array : loading::named_arrays(model)) names.push_back(array.name);
  return names;
}

/// Everything but the source is the same.
void expect_equal(const Model& a, const Model& b) {
  EXPECT_EQ(a.metadata, b.metadata);
  EXPECT_EQ(a.names.prefix, b.names.prefix);
  EXPECT_EQ(a.names.embedding, b.names.embedding);
  EXPECT_EQ(a.names.head, b.names.head);
  EXPECT_EQ(tensor_names(a), tensor_names(b));
  expect_same_layers(a, b);
}

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

/// A model that no file has named anything for.
Model built_model() {
  Model model;
  ModelLayer& layer = model.layers.emplace_back();
  layer.spec = make_spec(Cell::lstm, 3, 2);
  layer.directions[0] = {ramp(24, 0), ramp(16, 1), ramp(8, 2), ramp(8, 3), {}, {}};
  model.embedding = Embedding{5, 3, ramp(15, 4)};
  ModelLayer head;
  head.spec = make_spec(Cell::linear, 2, 4);
  head.directions[0].weight_ih = ramp(8, 5);
  head.directions[0].bias_ih = ramp(4, 6);
  model.head = head;
  return model;
}

TEST(Save, GivesNamesToModelsBuiltInMemory) {
  const Model model = load(save_bytes(built_model()), "built");
  EXPECT_EQ(model.names.prefix, "");
  EXPECT_EQ(model.names.embedding, "embedding");
  EXPECT_EQ(model.names.head, "head");
  EXPECT_EQ(model.embedding->weight, ramp(15, 4));
  EXPECT_EQ(model.head->directions[0].bias_ih, ramp(4, 6));
}

TEST(Save, ReluRnnIsRemembered) {
  Model model = load(recurrent_dict({.gates = 1}).bytes(), "rnn");
  for (auto& activations : model.layers[0].spec.activations) {
    activations[0] = {ActivationKind::relu, 0.0F, 0.0F};
  }
  const Model again = load(save_bytes(model), "again");
  EXPECT_EQ(again.layers[0].spec, model.layers[0].spec);
  EXPECT_EQ(again.metadata.at("carousel.activation"), "relu");
}

TEST(Save, TheActivationOfTheOutputsIsRemembered) {
  Model model = load(recurrent_dict({}).bytes(), "lstm");
  const Bytes plain = save_bytes(model);
  for (const Tail tail :
       {Tail::sigmoid, Tail::tanh, Tail::relu, Tail::softmax, Tail::log_softmax}) {
    model.tail = tail;
    Model again = load(save_bytes(model), "again");
    EXPECT_EQ(again.tail, tail);
    again.tail = Tail::none;
    EXPECT_EQ(save_bytes(again), plain);
  }
  model.metadata["carousel.tail"] = "none of the model's";
  model.tail = Tail::none;
  EXPECT_EQ(save_bytes(model), plain);
  EXPECT_TRUE(
      contains(load_error(recurrent_dict({}).metadata(R"({"carousel.tail":"gelu"})").bytes()),
               "metadata 'carousel.tail' must be one of 'sigmoid', 'tanh', 'relu', "
               "'softmax', 'log_softmax', found 'gelu'"));
}

TEST(Save, InitialStatesAreRemembered) {
  Model model = load(recurrent_dict({.hidden = 3, .layers = 2, .proj = 2}).bytes(), "lstm");
  model.layers[1].directions[0].initial_h = {1, 2};
  model.layers[1].directions[0].initial_c = {3, 4, 5};
  const Model again = load(save_bytes(model), "again");
  EXPECT_TRUE(again.layers[0].directions[0].initial_h.empty());
  EXPECT_EQ(again.layers[1].directions[0].initial_h, (std::vector<float>{1, 2}));
  EXPECT_EQ(again.layers[1].directions[0].initial_c, (std::vector<float>{3, 4, 5}));
  EXPECT_EQ(save_bytes(again), save_bytes(model));
  model.layers[1].directions[0].initial_h = {1, 2, 3};
  EXPECT_TRUE(contains(error_of([&] { validate(model); }),
                       "layer 1: initial_h must have shape [2] (2 values), found 3 values"));
  model.layers[1].directions[0].initial_h.clear();
  model.layers[1].directions[1].initial_h = {1, 2};
  EXPECT_TRUE(contains(error_of([&] { validate(model); }), "initial_h must be empty"));
}

TEST(Save, SettingsOfAnAbsentDirectionDoNotMatter) {
  Model model = built_model();
  model.layers[0].spec.activations[1] = {};
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
  EXPECT_EQ(saved_layers([](Model& m) { m.layers[1].spec.clip = 0.1F; }),
            R"([{"cell":"lstm","hidden_size":2,"input_size":2},)"
            R"({"cell":"lstm","clip":0.10000000149011612,"hidden_size":2,"input_size":2}])");
  const std::string reverse =
      saved_layers([](Model& m) { m.layers[0].spec.direction = Direction::reverse; });
  EXPECT_TRUE(contains(reverse, R"("direction":"reverse")"));
  const std::string no_bias = saved_layers([](Model& m) {
    m.layers[1].spec.bias = false;
    m.layers[1].directions[0].bias_ih.clear();
    m.layers[1].directions[0].bias_hh.clear();
  });
  EXPECT_TRUE(contains(no_bias, R"("bias":false)"));
  const std::string functions = saved_layers([](Model& m) {
    const Activation elu{ActivationKind::elu, 0.7F};
    m.layers[0].spec.activations = {ActivationSet{elu, elu, elu}, ActivationSet{elu, elu, elu}};
    m.layers[0].spec.coupling = GateCoupling::input_from_forget;
    m.layers[0].spec.cell_clip = 3;
    m.layers[0].spec.precision = Precision::bfloat16;
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
  const std::string sizes = R"([{"cell":"lstm","hidden_size":2,"input_size":3)";
  EXPECT_EQ(layers_error(sizes + "}]"), "(no error)");
  const std::string layers = "metadata 'carousel.layers'";
  EXPECT_TRUE(contains(layers_error("x"), layers + " is not JSON"));
  EXPECT_TRUE(contains(layers_error("[]"), layers + " must be an array with an object per layer"));
  EXPECT_TRUE(contains(layers_error("[1]"), layers + ": layer 0 must be an object"));
  EXPECT_TRUE(contains(layers_error(std::string(9, '[') + std::string(9, ']')),
                       layers + " is nested too deep"));
  EXPECT_TRUE(contains(layers_error(sizes + "}" + sizes.substr(1).insert(0, ",") + "}]"),
                       layers + " tells of 2 layers, but there are tensors of 1"));
  EXPECT_TRUE(
      contains(layers_error(R"([{"input_size":3,"hidden_size":2}])"), "layer 0 has no cell"));
  EXPECT_TRUE(contains(layers_error(R"([{"cell":"linear"}])"),
                       "must have one of lstm, gru, rnn as cell, found '\"linear\"'"));
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
  EXPECT_TRUE(contains(layers_error(R"([{"cell":"gru","hidden_size":2,"input_size":3}])"),
                       "'lstm.weight_ih_l0' has shape [8, 3]"));
}

TEST(Save, RefusesInvalidModelsAndNames) {
  EXPECT_TRUE(contains(save_error([](Model& m) { m.layers[0].directions[0].bias_ih.clear(); }),
                       "bias_ih must have shape [8]"));
  EXPECT_TRUE(
      contains(save_error([](Model& m) { m.metadata["k"] = "\xC3"; }), "is not valid UTF-8"));
  Model model = built_model();
  model.names.embedding = model.names.head = "same";
  EXPECT_TRUE(contains(error_of([&] { static_cast<void>(save_bytes(model)); }),
                       "two tensors have the name 'same.weight'"));
}

}  // namespace
}  // namespace carousel::testing
