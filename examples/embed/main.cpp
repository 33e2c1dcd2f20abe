// SPDX-License-Identifier: Apache-2.0
// embed MODEL: load, prepare, stream, run; what the README shows, with its errors shown too.
#include <carousel/carousel.hpp>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <vector>

int main(int argc, char** argv) try {
  const auto model = carousel::load(argc > 1 ? argv[1] : "lstm.safetensors");
  const auto network = carousel::prepare(model);
  auto stream = network.stream({.batch = 1, .max_steps = 64});

  const std::vector<float> x(static_cast<std::size_t>(64 * network.input_size()), 0.25F);
  std::vector<float> y(static_cast<std::size_t>(64 * network.output_size()));
  const auto status = stream.run(carousel::unbatched(x.data(), 64, network.input_size()),
                                 carousel::unbatched(y.data(), 64, network.output_size()));
  if (!status) throw std::runtime_error(status.message());

  std::printf("%s: 64 steps, the last output is %g\n", network.layers()[0].backend.c_str(),
              static_cast<double>(y.back()));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "embed: %s\n", error.what());
  return 1;
}
