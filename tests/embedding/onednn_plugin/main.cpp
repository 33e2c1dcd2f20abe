// SPDX-License-Identifier: Apache-2.0
// app loaded|missing FILE: whether oneDNN is there as that plug-in, or the reason names it; either
// way a network runs.
#include <carousel/backend.hpp>
#include <carousel/carousel.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace {

bool runs(const std::string& backend) {
  carousel::ModelLayer layer;
  layer.spec = carousel::make_spec(carousel::Cell::lstm, 3, 4);
  for (const carousel::WeightRole& role : carousel::weight_roles(layer.spec)) {
    if (!role.required) continue;
    const std::int64_t count = role.shape[0] * (role.shape.size() > 1 ? role.shape[1] : 1);
    layer.weights[role.name] =
        carousel::Tensor(role.shape, std::vector<float>(static_cast<std::size_t>(count), 0.1F));
  }
  const auto network = carousel::prepare(layer, {.backend = backend});
  auto stream = network.stream({.batch = 1, .max_steps = 1});
  const std::vector<float> x(3, 1.0F);
  std::vector<float> y(4);
  const auto status =
      stream.run(carousel::unbatched(x.data(), 1, 3), carousel::unbatched(y.data(), 1, 4));
  std::printf("%s: %s, y[0] = %g\n", backend.c_str(), network.layers()[0].backend.c_str(),
              static_cast<double>(y[0]));
  return static_cast<bool>(status) && y[0] > 0.0F;
}

bool is_as_expected(const carousel::BackendEntry& entry, bool loaded, const std::string& file) {
  std::printf("onednn: %s%s\n", std::string(entry.missing_reason).c_str(),
              std::string(entry.plugin).c_str());
  if (loaded) return entry.backend != nullptr && entry.plugin == file && runs("onednn");
  return entry.backend == nullptr &&
         entry.missing_reason.find(file.substr(file.rfind('/') + 1)) != std::string::npos;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const bool loaded = std::string(argv[1]) == "loaded";
  for (const carousel::BackendEntry& entry : carousel::backends()) {
    if (entry.name == "onednn")
      return is_as_expected(entry, loaded, argv[2]) && runs("auto") ? 0 : 1;
  }
  return 1;
}
