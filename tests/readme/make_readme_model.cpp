// SPDX-License-Identifier: Apache-2.0
// Writes the model that the README's example loads: one small LSTM layer.
#include <carousel/carousel.hpp>

#include <cstdio>
#include <vector>

int main() {
  const auto filled = [](std::vector<std::int64_t> shape, float value) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    return carousel::Tensor(shape, std::vector<float>(static_cast<std::size_t>(count), value));
  };
  carousel::Model model;
  model.layers.push_back({.spec = carousel::make_spec(carousel::Cell::lstm, 8, 16),
                          .weights = {{"weight_ih", filled({4 * 16, 8}, 0.1F)},
                                      {"weight_hh", filled({4 * 16, 16}, -0.1F)},
                                      {"bias_ih", filled({4 * 16}, 0.2F)},
                                      {"bias_hh", filled({4 * 16}, 0.0F)}},
                          .name = "lstm.l0"});
  try {
    carousel::save(model, "lstm.safetensors");
  } catch (const carousel::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
