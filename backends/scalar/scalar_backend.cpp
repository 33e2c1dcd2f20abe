// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/scalar_backend.hpp"

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
    if (spec.precision == Precision::float32) return Support::yes();
    return Support::no("precision " + std::string(name(spec.precision)) + " is not implemented");
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
