// SPDX-License-Identifier: Apache-2.0
#include "core/engine/common_layers.hpp"

#include "core/engine/layers/layers.hpp"

#include <type_traits>

namespace carousel {
namespace {

/// Kinds with code of each backend's own, or made of such (convolutions).
template <class Spec>
constexpr bool kCommon = !std::is_same_v<Spec, RecurrentSpec> && !std::is_same_v<Spec, DenseSpec> &&
                         !std::is_same_v<Spec, ConvolutionSpec>;

/// Makes the layer of a kind; nothing for those that are not common.
struct Maker {
  const Weights& weights;

  template <class Spec>
  std::unique_ptr<Layer> operator()(const Spec& spec) const {
    if constexpr (kCommon<Spec>) {
      return layers::make(spec, weights);
    } else {
      return nullptr;
    }
  }
};

}  // namespace

bool is_common(const LayerSpec& spec) noexcept {
  return std::visit([]<class Spec>(const Spec&) { return kCommon<Spec>; }, spec);
}

std::unique_ptr<Layer> make_common_layer(const LayerSpec& spec, const Weights& weights) {
  return std::visit(Maker{weights}, spec);
}

}  // namespace carousel
