// SPDX-License-Identifier: Apache-2.0
// validate(Model) and the counts, for models that were built in memory.
#include "files_of_bytes.hpp"

namespace carousel::testing {
namespace {

Model good() {
  StateDict dict = recurrent_dict({.hidden = 4, .layers = 2, .bidirectional = true, .proj = 3});
  dict.add("emb.weight", {5, 3}).add("fc.weight", {7, 6}).add("fc.bias", {7});
  Model model = load(dict.bytes(), "");
  model.source.clear();
  return model;
}

std::string validation_error(const std::function<void(Model&)>& damage) {
  Model model = good();
  damage(model);
  return error_of([&] { validate(model); });
}

TEST(Validate, AcceptsGoodModels) { EXPECT_NO_THROW(validate(good())); }

/// Shortens a weight to that shape.
void reshape(ModelLayer& layer, const std::string& role, const std::vector<std::int64_t>& shape) {
  std::vector<float> values = weight(layer, role);
  values.resize(product(shape));
  set_weight(layer, role, shape, values);
}

TEST(Validate, NamesLayerTensorAndShape) {
  EXPECT_EQ(validation_error([](Model& m) { m.layers.clear(); }),
            "model: a model needs at least one layer");
  EXPECT_EQ(
      validation_error([](Model& m) {
        reshape(m.layers[2], "weight_hh", {15, 3});
      }),
      "model: layer 'lstm.l1' (LSTM 6 -> 4, proj 3, bidirectional): weight_hh must have shape "
      "[16, 3], found [15, 3]");
  EXPECT_EQ(
      validation_error([](Model& m) { m.layers[1].weights.erase("bias_ih_reverse"); }),
      "model: layer 'lstm.l0' (LSTM 3 -> 4, proj 3, bidirectional): bias_ih_reverse must have "
      "shape [16], found none");
  EXPECT_EQ(
      validation_error([](Model& m) { recurrent(m.layers[2]).input_size = 7; }),
      "model: layer 'lstm.l1' (LSTM 7 -> 4, proj 3, bidirectional): input_size must be 6, the "
      "width of what comes before it ('lstm.l0'), found 7");
  EXPECT_TRUE(contains(validation_error([](Model& m) { recurrent(m.layers[2]).hidden_size = -1; }),
                       "model: layer 'lstm.l1': layer spec: hidden_size is -1"));
  EXPECT_EQ(validation_error([](Model& m) { reshape(m.layers[0], "weight", {16}); }),
            "model: layer 'emb' (Embedding 5 x 3): weight must have shape [5, 3], found [16]");
  EXPECT_TRUE(contains(validation_error([](Model& m) {
                         std::get<EmbeddingSpec>(m.layers[0].spec).num_embeddings = 0;
                       }),
                       "model: layer 'emb': layer spec: num_embeddings is 0, but must be in 1.."));
  EXPECT_TRUE(contains(
      validation_error([](Model& m) { std::get<DenseSpec>(m.layers[3].spec).input_size = 5; }),
      "layer 'fc' (Dense 5 -> 7): input_size must be 6, the width of what comes before it"));
}

TEST(Validate, NamesTheFile) {
  EXPECT_TRUE(validation_error([](Model& m) {
                m.source = "x.safetensors";
                m.layers.clear();
              }).starts_with("x.safetensors: "));
}

TEST(Validate, LayersOfAnyKindMayFollowEachOther) {
  EXPECT_EQ(validation_error([](Model& m) {
              m.layers.push_back({.spec = ActivationSpec{{ActivationKind::relu}, 7}});
              m.layers.push_back({.spec = DenseSpec{7, 1, false}});
              set_weight(m.layers.back(), "weight", {1, 7}, ramp(7, 0));
            }),
            "(no error)");
  EXPECT_TRUE(contains(validation_error([](Model& m) { std::swap(m.layers[0], m.layers[1]); }),
                       "layer 'emb' (Embedding 5 x 3) takes ids, which only an input"));
}

TEST(Validate, RefusesArraysThatWouldBeIgnored) {
  EXPECT_EQ(
      validation_error([](Model& m) { set_weight(m.layers[1], "peephole", {12}, ramp(12, 0)); }),
      "model: layer 'lstm.l0' (LSTM 3 -> 4, proj 3, bidirectional) has no weight of the role "
      "'peephole'");
  EXPECT_TRUE(contains(
      validation_error([](Model& m) { set_weight(m.layers[3], "bias_hh", {7}, ramp(7, 0)); }),
      "layer 'fc' (Dense 6 -> 7) has no weight of the role 'bias_hh'"));
  EXPECT_TRUE(contains(validation_error([](Model& m) {
                         set_weight(m.layers[3], "weight_reverse", {7, 6}, ramp(42, 0));
                       }),
                       "has no weight of the role 'weight_reverse'"));
}

TEST(ModelCounts, AddUp) {
  const Model model = good();
  const std::int64_t layer_0 = 2 * (16 * 3 + 16 * 3 + 32 + 12);
  const std::int64_t layer_1 = 2 * (16 * 6 + 16 * 3 + 32 + 12);
  EXPECT_EQ(model.parameter_count(), 15 + layer_0 + layer_1 + 42 + 7);
  const int multiplications = 2 * (48 + 48 + 12) + 2 * (96 + 48 + 12) + 42;
  EXPECT_EQ(model.flops_per_row(), 2.0 * multiplications);
  EXPECT_EQ(model.input_size(), 1);
  EXPECT_EQ(model.output_size(), 7);
}

}  // namespace
}  // namespace carousel::testing
