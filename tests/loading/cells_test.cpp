// SPDX-License-Identifier: Apache-2.0
// Cells that no PyTorch module has: saving and loading keeps all of them.
#include "core/model/formats/state_dict.hpp"
#include "files_of_bytes.hpp"
#include "same_layers.hpp"

namespace carousel::testing {
namespace {

/// A layer of that spec and the weights that it has to have, saved and loaded.
std::string saved_spec(const RecurrentSpec& spec) {
  Model model;
  ModelLayer& layer = model.layers.emplace_back(ModelLayer{spec});
  for (const WeightRole& role : weight_roles(spec)) {
    if (role.required) set_weight(layer, role.name, role.shape, ramp(product(role.shape), 1));
  }
  const Model again = load(loading::to_safetensors(model), "again");
  expect_same_layers(model, again);
  return again.metadata.at("carousel.layers");
}

TEST(SavedCells, HeadsAndLayerNormalizationAreRemembered) {
  RecurrentSpec slstm = make_spec(Cell::slstm, 3, 4, Direction::bidirectional);
  EXPECT_TRUE(contains(saved_spec(slstm), R"("cell":"slstm")"));
  slstm.heads = 2;
  EXPECT_TRUE(contains(saved_spec(slstm), R"("heads":2)"));
  RecurrentSpec lstm = make_spec(Cell::lstm, 3, 4, Direction::bidirectional, 2);
  lstm.layer_norm = true;
  EXPECT_TRUE(contains(saved_spec(lstm), R"("layer_norm":true)"));
  lstm.layer_norm_epsilon = 0.25F;
  EXPECT_TRUE(contains(saved_spec(lstm), R"("layer_norm_epsilon":0.25)"));
}

}  // namespace
}  // namespace carousel::testing
