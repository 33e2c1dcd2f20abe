// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/scalar_backend.hpp"

#include "backends/float32_only.hpp"
#include "backends/scalar/scalar_layer.hpp"
#include "backends/version.hpp"

#include <string>

namespace carousel {
namespace {

/// To be raised with each change of speed, packing or numbers.
constexpr int kRevision = 2;

class ScalarBackend final : public Backend {
 public:
  [[nodiscard]] std::string_view family() const noexcept override { return "scalar"; }
  [[nodiscard]] std::string description() const override { return "plain C++ reference"; }
  [[nodiscard]] std::string version() const override { return built_in_version(kRevision); }
  [[nodiscard]] Support available(const CpuFeatures&) const override { return Support::yes(); }
  [[nodiscard]] Support supports(const LayerSpec& spec) const override {
    return supports_float32_only(spec);
  }
  [[nodiscard]] std::unique_ptr<Layer> prepare(const LayerSpec& spec, const LayerWeights& weights,
                                               const LayerOptions& options) const override {
    require_tiling(spec, options);
    return std::make_unique<scalar::ScalarLayer>(spec, weights);
  }
};

}  // namespace

const Backend& scalar_backend() {
  static const ScalarBackend backend;
  return backend;
}

}  // namespace carousel
