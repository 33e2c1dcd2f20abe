// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loading/files_of_bytes.hpp"

namespace carousel::testing {

/// Every spec, type and bit, whatever the layers are called.
inline void expect_same_layers(const Model& a, const Model& b) {
  ASSERT_EQ(a.layers.size(), b.layers.size());
  for (std::size_t k = 0; k < a.layers.size(); ++k) {
    EXPECT_EQ(a.layers[k].spec, b.layers[k].spec) << k << ": " << describe(a.layers[k].spec);
    EXPECT_EQ(a.layers[k].weights, b.layers[k].weights) << k << ": " << describe(a.layers[k].spec);
  }
}

/// The same as float32 weights.
inline Model in_float32(Model model) {
  for (ModelLayer& layer : model.layers) {
    for (auto& [role, tensor] : layer.weights) tensor = Tensor(tensor.shape(), tensor.to_float32());
  }
  return model;
}

}  // namespace carousel::testing
