// SPDX-License-Identifier: Apache-2.0
// Which tensors are the recurrent stack, the embedding and the head: found or told.
#include "files_of_bytes.hpp"

namespace carousel::testing {
namespace {

constexpr std::int64_t kInput = 3;
constexpr std::int64_t kHidden = 2;

/// embedding [5, 3] -> LSTM 3 -> 2 -> head [4, 2], under these names.
StateDict tagger(const std::string& embedding, const std::string& prefix, const std::string& head) {
  StateDict dict = recurrent_dict({.prefix = prefix});
  dict.add(embedding + ".weight", {5, kInput});
  dict.add(head + ".weight", {4, kHidden}).add(head + ".bias", {4});
  return dict;
}

Model load_with(const StateDict& dict, const LoadOptions& options = {}) {
  return load(dict.bytes(), "good", options);
}

TEST(Detection, FindsUsualNames) {
  const std::vector<std::array<std::string, 3>> cases{
      {"embedding", "lstm.", "fc"},
      {"encoder", "rnn.", "decoder"},
      {"emb", "", "head"},
      {"word_embeddings", "lstm.", "hidden2tag"},
      {"model.embed", "model.lstm.", "model.classifier"},
      {"net.tok_embeddings", "net.encoder.lstm.", "net.out"},
      {"embeddings.word_embeddings", "lstm.", "mlp.linear"},
  };
  for (const auto& [embedding, prefix, head] : cases) {
    const Model model = load_with(tagger(embedding, prefix, head));
    EXPECT_EQ(names_of(model), embedding + " " + prefix + "l0 " + head);
    ASSERT_EQ(model.layers.size(), 3U) << embedding;
    EXPECT_EQ(model.layers[0].spec, LayerSpec(EmbeddingSpec{5, kInput}));
    EXPECT_EQ(weight(model.layers[0], "weight").size(), 15U);
    EXPECT_EQ(model.layers[1].spec, LayerSpec(make_spec(Cell::lstm, kInput, kHidden)));
    EXPECT_EQ(model.layers[2].spec, LayerSpec(DenseSpec{kHidden, 4}));
    EXPECT_EQ(model.input_size(), 1);
    EXPECT_EQ(model.output_size(), 4);
  }
}

TEST(Detection, HeadWithoutBias) {
  const Model model = load_with(tagger("emb", "lstm.", "fc").remove("fc.bias"));
  EXPECT_EQ(model.layers.back().spec, LayerSpec(DenseSpec{kHidden, 4, false}));
  EXPECT_EQ(find_weight(model.layers.back().weights, "bias"), nullptr);
}

TEST(Detection, HeadTakesBothDirections) {
  StateDict dict = recurrent_dict({.bidirectional = true});
  dict.add("fc.weight", {4, 2 * kHidden});
  EXPECT_EQ(input_size(load_with(dict).layers.back().spec), 2 * kHidden);
}

TEST(Detection, ShapeDecidesAmongNames) {
  StateDict dict = tagger("emb", "lstm.", "fc");
  dict.add("out.weight", {6, 7});
  EXPECT_EQ(
      load_error(dict.bytes()),
      "bad.safetensors: unexpected tensor 'out.weight', F32 [6, 7] (a weight of the head would "
      "have shape [any, 2]); ignore_extra (--ignore-extra) leaves out tensors that belong to "
      "nothing "
      "else");
  EXPECT_EQ(names_of(load_with(dict, {.ignore_extra = true})), "emb lstm.l0 fc");
}

TEST(Detection, BiasOfTheHeadMustFit) {
  StateDict dict = tagger("emb", "lstm.", "fc");
  dict.add("fc.bias", {5});
  EXPECT_EQ(load_error(dict.bytes()),
            "bad.safetensors: tensor 'fc.bias' has shape [5]; expected [4]");
}

TEST(Detection, SeveralPrefixesAreAnError) {
  StateDict dict = recurrent_dict({.prefix = "a."});
  dict.add("b.weight_ih_l0", {8, 3});
  EXPECT_EQ(load_error(dict.bytes()),
            "bad.safetensors: several recurrent modules, with the prefixes 'a.', 'b.'; choose one "
            "with the option prefix (--prefix), or several in the order in which they run, "
            "separated by commas");
  EXPECT_EQ(names_of(load_with(dict, {.prefix = "a.", .ignore_extra = true})), "a.l0");
}

TEST(Detection, GivenPrefixMustExist) {
  const StateDict dict = recurrent_dict({.prefix = "net.lstm."});
  EXPECT_EQ(load_error(dict.bytes(), {.prefix = "lstm.", .embedding = {}, .head = {}}),
            "bad.safetensors: no tensor 'lstm.weight_ih_l0' for the prefix 'lstm.'; there are the "
            "prefixes 'net.lstm.'");
  EXPECT_EQ(names_of(load_with(dict, {.prefix = "net.lstm"})), "net.lstm.l0")
      << "the final dot may be left out";
}

/// "a_weight_ih_l0" is of the layer "a_l0"; "aweight_ih_l0" is of none.
TEST(Detection, APrefixNeedNotEndInADot) {
  EXPECT_EQ(names_of(load_with(recurrent_dict({.prefix = "a_", .layers = 2}))), "a_l0 a_l1");
  EXPECT_TRUE(contains(load_error(recurrent_dict({.prefix = "a"}).bytes()), "no recurrent layer"));
}

TEST(Detection, NoRecurrentLayerIsAnError) {
  EXPECT_TRUE(contains(load_error(StateDict().add("fc.weight", {2, 2}).bytes()),
                       "bad.safetensors: no recurrent layer: no tensor is called"));
  EXPECT_TRUE(contains(load_error(safetensors("{}")), "no recurrent layer"));
}

TEST(Detection, SeveralHeadsAreAnErrorThatNamesTheFlag) {
  StateDict dict = tagger("emb", "lstm.", "fc");
  dict.add("out.weight", {6, kHidden});
  EXPECT_EQ(load_error(dict.bytes()),
            "bad.safetensors: several modules could be the head: 'fc', 'out'; name one with the "
            "option head (--head), or '' for none");
}

TEST(Detection, SeveralEmbeddingsAreAnErrorThatNamesTheFlag) {
  StateDict dict = tagger("emb", "lstm.", "fc");
  dict.add("wte.weight", {6, kInput});
  EXPECT_TRUE(contains(load_error(dict.bytes()),
                       "several modules could be the embedding: 'emb', 'wte'; name one with the "
                       "option embedding (--embedding)"));
}

TEST(Detection, ModulesNearTheStackWin) {
  StateDict dict = tagger("model.emb", "model.lstm.", "model.fc");
  dict.add("other.fc.weight", {9, kHidden}).add("other.emb.weight", {9, kInput});
  const Model model = load_with(dict, {.ignore_extra = true});
  EXPECT_EQ(names_of(model), "model.emb model.lstm.l0 model.fc");
}

TEST(Detection, GivenNamesNeedNotBeUsual) {
  StateDict dict = tagger("table", "lstm.", "top.0");
  const Model model = load_with(dict, {.embedding = "table", .head = "top.0"});
  EXPECT_EQ(names_of(model), "table lstm.l0 top.0");
  EXPECT_EQ(names_of(load_with(dict)), "table lstm.l0 top.0");
}

TEST(Detection, GivenNamesMustExistAndFit) {
  const Bytes bytes = tagger("emb", "lstm.", "fc").bytes();
  EXPECT_EQ(load_error(bytes, {.prefix = {}, .embedding = "nope", .head = {}}),
            "bad.safetensors: no tensor 'nope.weight'; the embedding needs shape [any, 3]");
  EXPECT_EQ(load_error(bytes, {.prefix = {}, .embedding = {}, .head = "emb"}),
            "bad.safetensors: tensor 'emb.weight' has shape [5, 3]; the head needs shape [any, 2]");
}

TEST(Detection, EmptyNameMeansNone) {
  const Bytes bytes = tagger("emb", "lstm.", "fc").bytes();
  const Model model =
      load(bytes, "good", {.prefix = {}, .embedding = "", .head = "", .ignore_extra = true});
  EXPECT_EQ(names_of(model), "lstm.l0");
  EXPECT_TRUE(contains(load_error(bytes, {.prefix = {}, .embedding = {}, .head = ""}),
                       "unexpected tensor 'fc.bias'"));
}

TEST(Detection, OneModuleCannotBeBoth) {
  StateDict dict = recurrent_dict({.input = 2});
  dict.add("tied.weight", {6, 2});
  EXPECT_EQ(load_error(dict.bytes(), {.prefix = {}, .embedding = "tied", .head = "tied"}),
            "bad.safetensors: module 'tied' cannot be both embedding and head");
}

}  // namespace
}  // namespace carousel::testing
