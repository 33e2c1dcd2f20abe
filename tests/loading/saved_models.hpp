// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/formats/state_dict.hpp"
#include "loading/same_layers.hpp"

namespace carousel::testing {

inline Bytes save_bytes(const Model& model) { return loading::to_safetensors(model); }

/// Everything but the source is the same.
inline void expect_equal(const Model& a, const Model& b) {
  EXPECT_EQ(a.metadata, b.metadata);
  EXPECT_EQ(layer_names(a), layer_names(b));
  EXPECT_EQ(a.inputs, b.inputs);
  EXPECT_EQ(a.outputs, b.outputs);
  for (std::size_t k = 0; k < a.layers.size(); ++k) {
    EXPECT_EQ(a.layers[k].inputs, b.layers[k].inputs);
  }
  expect_same_layers(a, b);
}

/// A model that no file has named anything for.
inline Model built_model() {
  Model model;
  ModelLayer& table = model.layers.emplace_back(ModelLayer{EmbeddingSpec{5, 3}});
  set_weight(table, "weight", {5, 3}, ramp(15, 4));
  ModelLayer& layer = model.layers.emplace_back(ModelLayer{make_spec(Cell::lstm, 3, 2)});
  set_weight(layer, "weight_ih", {8, 3}, ramp(24, 0));
  set_weight(layer, "weight_hh", {8, 2}, ramp(16, 1));
  set_weight(layer, "bias_ih", {8}, ramp(8, 2));
  set_weight(layer, "bias_hh", {8}, ramp(8, 3));
  ModelLayer& head = model.layers.emplace_back(ModelLayer{DenseSpec{2, 4}});
  set_weight(head, "weight", {4, 2}, ramp(8, 5));
  set_weight(head, "bias", {4}, ramp(4, 6));
  return model;
}

}  // namespace carousel::testing
