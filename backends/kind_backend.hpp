// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/layers/elementwise_function.hpp"
#include "core/model/formatted.hpp"

#include <carousel/backend.hpp>

#include <memory>
#include <optional>
#include <string>

namespace carousel {

/// A base class of backends with a pair of functions for each kind of layer that they implement.
/// Common layers (see core/engine/common_layers.hpp) are run by the code that all backends share
/// (activation functions by vectors, where a backend has them), and convolutions by the backend's
/// dense layers (see core/engine/layers/convolution.hpp).
class KindBackend : public Backend {
 public:
  [[nodiscard]] Support supports(const LayerSpec& spec, Precision precision) const final;
  [[nodiscard]] std::unique_ptr<Layer> prepare(const LayerSpec& spec, const Weights& weights,
                                               const LayerOptions& options) const final;
  [[nodiscard]] bool fuses(const LayerSpec& spec, const Activation& function) const final;

 protected:
  /// Whether it has layers with weights of this precision.
  [[nodiscard]] virtual Support supports_precision(Precision precision) const {
    return precision == Precision::float32
               ? Support::yes()
               : Support::no(formatted("weights in {} are not implemented", name(precision)));
  }
  [[nodiscard]] virtual Support supports_recurrent(const RecurrentSpec&) const {
    return Support::yes();
  }
  [[nodiscard]] virtual Support supports_dense(const DenseSpec&) const { return Support::yes(); }

  [[nodiscard]] virtual std::unique_ptr<Layer> prepare_recurrent(
      const RecurrentSpec& spec, const Weights& weights, const LayerOptions& options) const = 0;
  [[nodiscard]] virtual std::unique_ptr<Layer> prepare_dense(const DenseSpec& spec,
                                                             const Weights& weights,
                                                             const LayerOptions& options) const = 0;
  /// Whether the layers that `prepare_dense` makes apply this elementwise function, if it is in
  /// their options.
  [[nodiscard]] virtual bool dense_applies(ActivationKind) const { return false; }
  /// What layers of this activation function call; null: what all backends have.
  [[nodiscard]] virtual VectorActivation vector_activation(ActivationKind) const { return nullptr; }

  /// The function that a layer is to apply to its outputs, with the backend's own code for it.
  [[nodiscard]] std::optional<layers::ElementwiseFunction> fused_function(
      const LayerOptions& options) const;
};

}  // namespace carousel
