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

TEST(Validate, NamesLayerTensorAndShape) {
  EXPECT_EQ(validation_error([](Model& m) { m.layers.clear(); }),
            "model: layers: a model needs at least one recurrent layer");
  EXPECT_EQ(validation_error([](Model& m) { m.layers[1].directions[0].weight_hh.pop_back(); }),
            "model: layer 1: weight_hh must have shape [16, 3] (48 values), found 47 values");
  EXPECT_EQ(validation_error([](Model& m) { m.layers[0].directions[1].bias_ih.clear(); }),
            "model: layer 0, second direction: bias_ih must have shape [16] (16 values), found 0 "
            "values");
  EXPECT_EQ(validation_error([](Model& m) { m.layers[1].spec.input_size = 7; }),
            "model: layer 1: input_size must be 6, the width of what comes before it, found 7");
  EXPECT_TRUE(contains(validation_error([](Model& m) { m.layers[1].spec.hidden_size = -1; }),
                       "model: layer 1: layer spec: hidden_size is -1"));
  EXPECT_EQ(validation_error([](Model& m) { m.embedding->weight.push_back(0); }),
            "model: embedding: weight must have shape [5, 3] (15 values), found 16 values");
  EXPECT_EQ(validation_error([](Model& m) { m.embedding->num_embeddings = 0; }),
            "model: embedding: sizes must be at least 1, found [0, 3]");
  EXPECT_EQ(validation_error([](Model& m) { m.head->spec.input_size = 5; }),
            "model: head: input_size must be 6, the width of what comes before it, found 5");
}

TEST(Validate, NamesTheFile) {
  EXPECT_TRUE(validation_error([](Model& m) {
                m.source = "x.safetensors";
                m.layers.clear();
              }).starts_with("x.safetensors: "));
}

TEST(Validate, KeepsCellsInTheirPlaces) {
  EXPECT_TRUE(contains(validation_error([](Model& m) { m.layers[0] = *m.head; }),
                       "layer 0: must be recurrent"));
  EXPECT_TRUE(contains(validation_error([](Model& m) { m.head = m.layers[0]; }),
                       "head: must be a linear layer, found LSTM"));
}

TEST(Validate, RefusesArraysThatWouldBeIgnored) {
  EXPECT_EQ(
      validation_error([](Model& m) { m.layers[0].directions[0].peephole.resize(12); }),
      "model: layer 0: peephole must be empty for LSTM 3 -> 4, proj 3, bidirectional, found 12 "
      "values");
  EXPECT_TRUE(contains(validation_error([](Model& m) { m.head->directions[0].bias_hh.resize(7); }),
                       "head: bias_hh must be empty for Linear 6 -> 7, found 7 values"));
  EXPECT_TRUE(
      contains(validation_error([](Model& m) { m.head->directions[1].weight_ih.resize(42); }),
               "head, second direction: weight_ih must be empty"));
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
