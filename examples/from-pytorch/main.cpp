// SPDX-License-Identifier: Apache-2.0
// from_pytorch MODEL x.npy y.npy: runs x through a model saved by PyTorch, and compares with what
// PyTorch itself made of it.
#include <carousel/backend.hpp>
#include <carousel/carousel.hpp>
#include <carousel/compare.hpp>
#include <carousel/npy.hpp>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

std::vector<float> run(const carousel::Network& network, const carousel::NpyArray& x) {
  const std::int64_t steps = x.shape.at(0);
  const std::int64_t batch = x.shape.at(1);
  auto stream = network.stream({.batch = batch, .max_steps = steps});
  std::vector<float> y(static_cast<std::size_t>(steps * batch * network.output_size()));
  const auto status =
      stream.run(carousel::steps_first(x.floats("x").data(), steps, batch, x.shape.at(2)),
                 carousel::steps_first(y.data(), steps, batch, network.output_size()));
  if (!status) throw std::runtime_error(status.message());
  return y;
}

bool compare_all(const std::string& file, const std::string& x_file, const std::string& y_file) {
  const auto model = carousel::load(file);
  const auto x = carousel::read_npy(x_file);
  const auto expected = carousel::read_npy(y_file);
  if (x.shape.size() != 3) throw std::runtime_error(x_file + ": must be [steps, batch, features]");

  constexpr double kTolerance = 1e-5;  // both compute in float32, in different order
  bool ok = true;
  for (const carousel::Backend* backend : carousel::select_backends("auto")) {
    const auto network = carousel::prepare(model, {.backend = backend->id()});
    const std::vector<float> y = run(network, x);
    const auto agreement = carousel::compare(y, expected.floats(y_file), kTolerance);
    std::printf("%-14s %lld values, largest difference %.2g: %s\n", backend->id().c_str(),
                static_cast<long long>(agreement.count), agreement.max_abs,
                agreement.ok ? "agrees" : "DIFFERS");
    ok = ok && agreement.ok;
  }
  return ok;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) throw std::runtime_error("usage: from_pytorch MODEL x.npy y.npy");
  return compare_all(argv[1], argv[2], argv[3]) ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "from_pytorch: %s\n", error.what());
  return 1;
}
