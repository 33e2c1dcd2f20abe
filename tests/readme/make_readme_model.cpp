// SPDX-License-Identifier: Apache-2.0
// Writes the model that the README's example loads: one small LSTM layer.
#include <carousel/carousel.hpp>

#include <cstdio>

int main() {
  carousel::Model model;
  carousel::ModelLayer layer;
  layer.spec = carousel::make_spec(carousel::Cell::lstm, 8, 16);
  auto& weights = layer.directions[0];
  weights.weight_ih.assign(4 * 16 * 8, 0.1F);
  weights.weight_hh.assign(4 * 16 * 16, -0.1F);
  weights.bias_ih.assign(4 * 16, 0.2F);
  weights.bias_hh.assign(4 * 16, 0.0F);
  model.layers.push_back(layer);
  model.names.prefix = "lstm.";
  try {
    carousel::save(model, "lstm.safetensors");
  } catch (const carousel::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
