// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/scalar_backend.hpp"

#include "backends/float32_only.hpp"
#include "backends/scalar/scalar_layer.hpp"

#include <string>

namespace carousel {
namespace {

class ScalarBackend final : public Backend {
 public:
  [[nodiscard]] std::string_view family() const noexcept override { return "scalar"; }
  [[nodiscard]] std::string description() const override { return "plain C++ reference"; }
  [[nodiscard]] Support available(const CpuFeatures&) const override { return Support::yes(); }
  [[nodiscard]] Support supports(const LayerSpec& spec) const override {
    return supports_float32_only(spec);
  }
  [[nodiscard]] std::unique_ptr<Layer> prepare(const LayerSpec& spec, const LayerWeights& weights,
                                               const LayerOptions&) const override {
    return std::make_unique<scalar::ScalarLayer>(spec, weights);
  }
};

}  // namespace

const Backend& scalar_backend() {
  static const ScalarBackend backend;
  return backend;
}

}  // namespace carousel
