// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/scalar_backend.hpp"

#include "backends/kind_backend.hpp"
#include "backends/scalar/layers.hpp"
#include "backends/version.hpp"

#include <string>

namespace carousel {
namespace {

/// To be raised with each change of speed, packing or numbers.
constexpr int kRevision = 3;

class ScalarBackend final : public KindBackend {
 public:
  [[nodiscard]] std::string_view family() const noexcept override { return "scalar"; }
  [[nodiscard]] std::string description() const override { return "plain C++ reference"; }
  [[nodiscard]] std::string version() const override { return built_in_version(kRevision); }
  [[nodiscard]] Support available(const CpuFeatures&) const override { return Support::yes(); }

 protected:
  /// Weights of float16 and bfloat16 come rounded to such numbers: what is left is float32.
  [[nodiscard]] Support supports_precision(Precision) const override { return Support::yes(); }
  [[nodiscard]] std::unique_ptr<Layer> prepare_recurrent(
      const RecurrentSpec& spec, const Weights& weights,
      const LayerOptions& options) const override {
    return scalar::make_recurrent_layer(spec, weights, options.precision);
  }
  [[nodiscard]] std::unique_ptr<Layer> prepare_dense(const DenseSpec& spec, const Weights& weights,
                                                     const LayerOptions& options) const override {
    return scalar::make_dense_layer(spec, weights, options.precision, fused_function(options));
  }
  [[nodiscard]] bool dense_applies(ActivationKind) const override { return true; }
};

}  // namespace

const Backend& scalar_backend() {
  static const ScalarBackend backend;
  return backend;
}

}  // namespace carousel
