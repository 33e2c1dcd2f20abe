// SPDX-License-Identifier: Apache-2.0
#include "backends/kind_backend.hpp"

#include "backends/int8_layers.hpp"
#include "core/engine/common_layers.hpp"
#include "core/engine/layers/activation_layers.hpp"
#include "core/engine/layers/convolution.hpp"

#include <string>
#include <variant>

namespace carousel {

Support KindBackend::supports(const LayerSpec& spec, Precision precision) const {
  if (has_precision(spec)) {
    if (Support support = supports_precision(precision); !support) return support;
    if (Support support = int8::supports_terms(spec, precision); !support) return support;
  }
  if (const auto* recurrent = std::get_if<RecurrentSpec>(&spec)) {
    return supports_recurrent(*recurrent);
  }
  if (const auto* dense = std::get_if<DenseSpec>(&spec)) return supports_dense(*dense);
  if (const auto* convolution = std::get_if<ConvolutionSpec>(&spec)) {
    return layers::supports_convolution(*this, *convolution, precision);
  }
  if (is_common(spec)) return Support::yes();
  return Support::no(std::string(kind_name(spec)) + " layers are not implemented");
}

std::unique_ptr<Layer> KindBackend::prepare(const LayerSpec& spec, const Weights& weights,
                                            const LayerOptions& options) const {
  require_tiling(spec, options);
  if (const auto* recurrent = std::get_if<RecurrentSpec>(&spec)) {
    return prepare_recurrent(*recurrent, weights, options);
  }
  if (const auto* dense = std::get_if<DenseSpec>(&spec)) {
    return prepare_dense(*dense, weights, options);
  }
  if (const auto* convolution = std::get_if<ConvolutionSpec>(&spec)) {
    return layers::make_convolution(*this, *convolution, weights, options);
  }
  if (const auto* activation = std::get_if<ActivationSpec>(&spec)) {
    return layers::make_activation(*activation, vector_activation(activation->function.kind));
  }
  if (const auto* normalization = std::get_if<NormalizationSpec>(&spec)) {
    return layers::make_normalization(*normalization, weights, fused_function(options));
  }
  return make_common_layer(spec, weights);
}

bool KindBackend::fuses(const LayerSpec& spec, const Activation& function) const {
  if (!is_elementwise(function.kind)) return false;
  if (std::holds_alternative<NormalizationSpec>(spec)) return true;
  const auto* convolution = std::get_if<ConvolutionSpec>(&spec);
  const bool dense = std::holds_alternative<DenseSpec>(spec) ||
                     (convolution != nullptr && !convolution->depthwise());
  return dense && dense_applies(function.kind);
}

std::optional<layers::ElementwiseFunction> KindBackend::fused_function(
    const LayerOptions& options) const {
  if (!options.activation) return std::nullopt;
  return layers::ElementwiseFunction(*options.activation,
                                     vector_activation(options.activation->kind));
}

}  // namespace carousel
