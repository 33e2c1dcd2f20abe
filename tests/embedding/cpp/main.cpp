// SPDX-License-Identifier: Apache-2.0
// A network built in memory, run once, its result compared with the equations; and an exception
// that has to come through the library's border in one piece.
#include <carousel/carousel.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

namespace {

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

/// Without weights, one step from zero state depends on the biases alone.
carousel::Model biases_only() {
  const auto filled = [](std::int64_t rows, std::int64_t columns, float value) {
    return carousel::Tensor({rows, columns},
                            std::vector<float>(static_cast<std::size_t>(rows * columns), value));
  };
  const auto bias = [](float value) { return carousel::Tensor({32}, std::vector(32, value)); };
  carousel::Model model;
  model.layers.push_back({.spec = carousel::make_spec(carousel::Cell::lstm, 3, 8),
                          .weights = {{"weight_ih", filled(4 * 8, 3, 0.0F)},
                                      {"weight_hh", filled(4 * 8, 8, 0.0F)},
                                      {"bias_ih", bias(0.5F)},
                                      {"bias_hh", bias(0.25F)}}});
  return model;
}

bool computes() {
  const auto network = carousel::prepare(biases_only());
  auto stream = network.stream({.batch = 1, .max_steps = 1});
  const std::vector<float> x(3, 1.0F);
  std::vector<float> y(8);
  if (!stream.run(carousel::unbatched(x.data(), 1, 3), carousel::unbatched(y.data(), 1, 8))) {
    return false;
  }
  const double expected = sigmoid(0.75) * std::tanh(sigmoid(0.75) * std::tanh(0.75));
  for (const float value : y) {
    if (!(std::abs(value - expected) < 1e-6)) return false;
  }
  return true;
}

bool throws() {
  try {
    (void)carousel::prepare(biases_only(), {.backend = "no such backend"});
  } catch (const carousel::Error& error) {
    return error.code() == carousel::ErrorCode::unsupported && error.what()[0] != '\0';
  }
  return false;
}

}  // namespace

int main() {
  const bool computed = computes();
  const bool thrown = throws();
  std::printf("computes: %d, throws: %d\n", computed, thrown);
  return computed && thrown ? 0 : 1;
}
