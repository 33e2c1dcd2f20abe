// SPDX-License-Identifier: Apache-2.0
// Where Embedding and Linear modules stand beside the recurrent layers, under any name: by shapes,
// biases and the order of the file, or the error that names both readings.
#include "files_of_bytes.hpp"

namespace carousel::testing {
namespace {

/// A module: its name, rows and columns, and whether it has a bias.
struct Part {
  std::string name;
  std::int64_t rows;
  std::int64_t columns;
  bool bias = true;
};

StateDict with(StateDict dict, const std::vector<Part>& parts) {
  for (const Part& part : parts) {
    dict.add(part.name + ".weight", {part.rows, part.columns});
    if (part.bias) dict.add(part.name + ".bias", {part.rows});
  }
  return dict;
}

/// An LSTM of these sizes with these modules beside it.
StateDict dict_of(std::int64_t input, std::int64_t hidden, const std::vector<Part>& parts) {
  return with(recurrent_dict({.input = input, .hidden = hidden}), parts);
}

Model read(const StateDict& dict, const LoadOptions& options = {}) {
  return load(dict.bytes(), "good", options);
}

std::string error_text(const StateDict& dict, const LoadOptions& options = {}) {
  return load_error(dict.bytes(), options);
}

TEST(Reading, AnEmbeddingHasNoBias) {
  const Model model = read(dict_of(3, 2, {{"embedding", 3, 7}}));
  EXPECT_EQ(names_of(model), "embedding lstm.l0");
  EXPECT_EQ(model.layers[0].spec, LayerSpec(DenseSpec{7, 3}));
  EXPECT_FALSE(model.takes_ids());
  // Nothing else reads its shape: as a table it would be one.
  EXPECT_TRUE(contains(error_text(dict_of(3, 2, {{"embedding", 5, 3}})),
                       "unexpected tensor 'embedding.weight'"));
  EXPECT_TRUE(read(dict_of(3, 2, {{"embedding", 5, 3, false}})).takes_ids());
}

TEST(Reading, AnyNameWillDo) {
  EXPECT_EQ(names_of(read(dict_of(3, 2, {{"mystery", 4, 2}}))), "lstm.l0 mystery");
  EXPECT_EQ(names_of(read(dict_of(3, 2, {{"mystery", 3, 6}}))), "mystery lstm.l0");
  EXPECT_EQ(names_of(read(dict_of(3, 2, {{"a", 4, 2}, {"b", 3, 6}}))), "b lstm.l0 a");
  const Model model =
      read(dict_of(3, 2, {{"x", 9, 6, false}, {"y", 3, 6}, {"net.z.0", 4, 2, false}}));
  EXPECT_EQ(names_of(model), "x y lstm.l0 net.z.0");
  EXPECT_EQ(model.layers[0].spec, LayerSpec(EmbeddingSpec{9, 6}));
  EXPECT_EQ(model.layers[1].spec, LayerSpec(DenseSpec{6, 3}));
  EXPECT_EQ(model.layers[3].spec, LayerSpec(DenseSpec{2, 4, false}));
}

TEST(Reading, ALinearThatFitsBeforeAndAfterIsADoubt) {
  const StateDict dict = dict_of(2, 2, {{"fc", 2, 2}});
  EXPECT_EQ(error_text(dict),
            "bad.safetensors: names and shapes leave more than one reading: recurrent layers -> "
            "'fc', chosen by --embedding '' --head 'fc'; or 'fc' -> recurrent layers, chosen by "
            "--embedding 'fc' --head ''");
  EXPECT_EQ(names_of(read(dict, {.embedding = "", .head = "fc"})), "lstm.l0 fc");
  EXPECT_EQ(names_of(read(dict, {.embedding = "fc", .head = ""})), "fc lstm.l0");
  EXPECT_EQ(names_of(read(dict, {.head = "fc"})), "lstm.l0 fc");
  EXPECT_EQ(names_of(read(dict, {.head = ""})), "fc lstm.l0");
  EXPECT_EQ(code_of([&] { static_cast<void>(read(dict)); }), ErrorCode::invalid_argument);
}

TEST(Reading, AMatrixWithoutBiasMayBeATable) {
  const StateDict dict = dict_of(2, 2, {{"w", 2, 2, false}});
  EXPECT_TRUE(contains(error_text(dict), "leave more than one reading"));
  EXPECT_TRUE(read(dict, {.embedding = "w"}).takes_ids());
  EXPECT_EQ(names_of(read(dict, {.embedding = "", .head = "w"})), "lstm.l0 w");
  EXPECT_TRUE(contains(error_text(dict, {.head = ""}),
                       "'w' -> recurrent layers, chosen by the metadata 'carousel.layers'"));
}

TEST(Reading, SomeNamesTell) {
  EXPECT_EQ(names_of(read(dict_of(2, 2, {{"decoder", 2, 2}}))), "lstm.l0 decoder");
  EXPECT_EQ(names_of(read(dict_of(2, 2, {{"classifier.3", 2, 2, false}}))), "lstm.l0 classifier.3");
  EXPECT_TRUE(read(dict_of(2, 2, {{"wte", 2, 2, false}})).takes_ids());
  // A table would have as many columns as the LSTM has inputs; "fc" is none.
  EXPECT_EQ(names_of(read(dict_of(2, 2, {{"fc", 9, 2, false}}))), "lstm.l0 fc");
}

/// A Linear before the LSTM that leaves it one feature of many is none that people build.
TEST(Reading, OneOutputIsAfterTheRecurrentLayers) {
  EXPECT_EQ(names_of(read(dict_of(1, 4, {{"any", 1, 4}}))), "lstm.l0 any");
}

TEST(Reading, LinearLayersInARowAreRefused) {
  const StateDict dict = dict_of(3, 2, {{"fc.0", 5, 2}, {"fc.2", 4, 5}});
  EXPECT_EQ(
      error_text(dict),
      "bad.safetensors: the linear layers 'fc.0', 'fc.2' follow each other after the recurrent "
      "ones; a state dict does not tell which functions are between them: say it with the metadata "
      "'carousel.layers' of a safetensors file, which tells all layers (docs/formats.md), or take "
      "the first of them only with head (--head) and ignore_extra (--ignore-extra)");
  EXPECT_EQ(code_of([&] { static_cast<void>(read(dict)); }), ErrorCode::unsupported);
  EXPECT_TRUE(contains(error_text(dict, {.ignore_extra = true}), "follow each other"));
  EXPECT_EQ(names_of(read(dict, {.head = "fc.0", .ignore_extra = true})), "lstm.l0 fc.0");
  EXPECT_TRUE(contains(error_text(dict_of(3, 2, {{"a", 5, 9}, {"b", 3, 5}})),
                       "the linear layers 'a', 'b' follow each other before the recurrent ones"));
}

/// The metadata tell what the state dict does not.
TEST(Reading, TheMetadataSayWhatStandsBetweenThem) {
  StateDict dict = dict_of(3, 2, {{"fc.0", 5, 2}, {"fc.2", 4, 5}});
  dict.metadata(
      R"({"carousel.layers":"[{\"kind\":\"recurrent\",\"name\":\"lstm.l0\",\"cell\":\"lstm\",)"
      R"(\"input_size\":3,\"hidden_size\":2},{\"kind\":\"dense\",\"name\":\"fc.0\",\"input_size\":2,)"
      R"(\"output_size\":5},{\"kind\":\"activation\",\"name\":\"fc.1\",\"function\":)"
      R"({\"name\":\"Relu\"},\"size\":5},{\"kind\":\"dense\",\"name\":\"fc.2\",\"input_size\":5,)"
      R"(\"output_size\":4}]"})");
  EXPECT_EQ(names_of(read(dict)), "lstm.l0 fc.0 fc.1 fc.2");
}

TEST(Reading, SquareLayersInARowOrAroundAreADoubt) {
  const StateDict dict = dict_of(2, 2, {{"fc1", 2, 2}, {"fc2", 5, 2}});
  const std::string error = error_text(dict);
  EXPECT_TRUE(contains(error, "recurrent layers -> 'fc1' -> 'fc2', chosen by the metadata"));
  EXPECT_TRUE(contains(error,
                       "'fc1' -> recurrent layers -> 'fc2', chosen by --embedding 'fc1' --head "
                       "'fc2'"));
  EXPECT_EQ(names_of(read(dict, {.embedding = "fc1"})), "fc1 lstm.l0 fc2");
}

TEST(Reading, NamesThatOptionsGiveMustFit) {
  EXPECT_EQ(error_text(dict_of(3, 2, {{"fc", 4, 2}}), {.embedding = "fc"}),
            "bad.safetensors: tensor 'fc.weight' has shape [4, 2]; the embedding needs shape [3, "
            "any], because it has a bias and so is a linear layer");
  EXPECT_EQ(error_text(dict_of(3, 2, {{"t", 9, 4, false}}), {.embedding = "t"}),
            "bad.safetensors: tensor 't.weight' has shape [9, 4]; the embedding needs shape [any, "
            "3]");
}

TEST(Reading, TooManyThatFit) {
  std::vector<Part> parts;
  for (int k = 0; k < 12; ++k) parts.push_back({"part" + std::string(1, char('a' + k)), 2, 2});
  const StateDict dict = dict_of(2, 2, parts);
  EXPECT_TRUE(contains(error_text(dict), "too many linear layers and embeddings fit"));
  EXPECT_EQ(names_of(read(dict, {.embedding = "", .head = "partc", .ignore_extra = true})),
            "lstm.l0 partc");
  for (int k = 0; k < 3000; ++k) parts.push_back({"x" + std::to_string(k), 2, 2, false});
  EXPECT_TRUE(contains(error_text(dict_of(2, 2, parts)), "too many linear layers"));
}

// --- What ignore_extra does not ignore ---

/// lstm1 -> lstm2 -> fc, and a Linear between them that changes the size.
StateDict two_modules() {
  StateDict dict = recurrent_dict({.prefix = "lstm1.", .input = 3, .hidden = 2});
  for (const auto& [name, shape] :
       std::map<std::string, std::vector<std::int64_t>>{{"weight_ih_l0", {8, 5}},
                                                        {"weight_hh_l0", {8, 2}},
                                                        {"bias_ih_l0", {8}},
                                                        {"bias_hh_l0", {8}}}) {
    dict.add("lstm2." + name, shape);
  }
  return with(dict, {{"fc", 4, 2}});
}

TEST(Reading, TheHeadOfALeftOutModuleIsNotTakenSilently) {
  const StateDict dict = two_modules();
  EXPECT_TRUE(contains(error_text(dict), "several recurrent modules"));
  EXPECT_EQ(error_text(dict, {.prefix = "lstm1.", .ignore_extra = true}),
            "bad.safetensors: the recurrent module 'lstm2.' is left out, so that it is not known "
            "whether 'fc' belongs to what is taken or to that: name it with the option head "
            "(--head), or '' for none");
  EXPECT_EQ(names_of(read(dict, {.prefix = "lstm1.", .head = "", .ignore_extra = true})),
            "lstm1.l0");
  EXPECT_EQ(names_of(read(dict, {.prefix = "lstm2.", .head = "fc", .ignore_extra = true})),
            "lstm2.l0 fc");
}

TEST(Reading, ALinearBetweenRecurrentModulesIsNamed) {
  const StateDict dict = with(two_modules(), {{"mid", 5, 2}});
  EXPECT_TRUE(
      contains(error_text(dict), "the linear layer 'mid' fits between 'lstm1.' and 'lstm2.'"));
}

/// One that keeps the size could stand between them, or after.
TEST(Reading, ASquareLinearBetweenRecurrentModulesIsADoubt) {
  StateDict dict = recurrent_dict({.prefix = "lstm1.", .input = 3, .hidden = 2});
  for (const char* name : {"weight_ih_l0", "weight_hh_l0"}) {
    dict.add(std::string("lstm2.") + name, {8, 2});
  }
  dict.add("lstm2.bias_ih_l0", {8}).add("lstm2.bias_hh_l0", {8});
  dict = with(dict, {{"mid", 2, 2}});
  EXPECT_TRUE(contains(error_text(dict), "recurrent layers -> 'mid' -> recurrent layers"));
  EXPECT_TRUE(contains(error_text(dict, {.ignore_extra = true}), "more than one reading"));
  EXPECT_TRUE(contains(error_text(with(dict, {{"fc", 4, 2}}), {.head = "fc", .ignore_extra = true}),
                       "'mid'"));
}

}  // namespace
}  // namespace carousel::testing
