// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/carousel.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

/// A network that several threads share, for programs that use Carousel as an application does.
namespace carousel::process_test {

inline constexpr std::int64_t kUnits = 160;
inline constexpr std::int64_t kSteps = 40;

/// Numbers between -0.1 and 0.1.
inline std::vector<float> numbers(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  float next = 0.0F;
  for (float& value : values) {
    value = next;
    next = next > 0.07F ? next - 0.17F : next + 0.023F;
  }
  return values;
}

inline Model small_model(Cell cell = Cell::lstm) {
  ModelLayer layer{make_spec(cell, kUnits, kUnits)};
  for (const WeightRole& role : weight_roles(layer.spec)) {
    if (!role.required) continue;
    std::int64_t count = 1;
    for (const std::int64_t size : role.shape) count *= size;
    layer.weights[role.name] = Tensor(role.shape, numbers(count));
  }
  Model model;
  model.layers.push_back(std::move(layer));
  return model;
}

/// y of one run from zero state.
inline std::vector<float> run(Stream& stream) {
  const std::vector<float> x = numbers(kSteps * kUnits);
  std::vector<float> y(x.size());
  stream.reset();
  const Status status = stream.run(steps_first<const float>(x.data(), kSteps, 1, kUnits),
                                   steps_first(y.data(), kSteps, 1, kUnits));
  if (!status) throw std::runtime_error(status.message());
  return y;
}

inline Network network(const std::string& backend, int threads, bool exact_threads = true) {
  return prepare(small_model(),
                 {.backend = backend, .threads = threads, .exact_threads = exact_threads});
}

inline Stream stream(const Network& network) {
  return network.stream({.batch = 1, .max_steps = kSteps});
}

}  // namespace carousel::process_test
