// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include <memory>

/// \file
/// The makers of the common layers, one for each kind. `weights` has what the kind needs.
namespace carousel::layers {

[[nodiscard]] std::unique_ptr<Layer> make(const EmbeddingSpec& spec, const Weights& weights);
[[nodiscard]] std::unique_ptr<Layer> make(const ActivationSpec& spec, const Weights& weights);
[[nodiscard]] std::unique_ptr<Layer> make(const ConcatenateSpec& spec, const Weights& weights);
[[nodiscard]] std::unique_ptr<Layer> make(const ElementwiseSpec& spec, const Weights& weights);
[[nodiscard]] std::unique_ptr<Layer> make(const NormalizationSpec& spec, const Weights& weights);
[[nodiscard]] std::unique_ptr<Layer> make(const RearrangeSpec& spec, const Weights& weights);
[[nodiscard]] std::unique_ptr<Layer> make(const ReduceFeaturesSpec& spec, const Weights& weights);
[[nodiscard]] std::unique_ptr<Layer> make(const ReduceStepsSpec& spec, const Weights& weights);
[[nodiscard]] std::unique_ptr<Layer> make(const SelectStepsSpec& spec, const Weights& weights);
[[nodiscard]] std::unique_ptr<Layer> make(const RepeatStepsSpec& spec, const Weights& weights);
[[nodiscard]] std::unique_ptr<Layer> make(const CastIdsSpec& spec, const Weights& weights);

}  // namespace carousel::layers
