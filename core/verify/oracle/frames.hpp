// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/number.hpp"

#include <carousel/model.hpp>

#include <functional>
#include <span>
#include <vector>

/// \file
/// The kinds of layers that carry nothing from step to step.
namespace carousel::oracle {

/// What such a layer makes of one frame of each of its inputs.
using FrameFunction = std::function<std::vector<Number>(std::span<const std::vector<Number>>)>;

/// The function of one layer. `spec` and `weights` must outlive it. An embedding's frame is one id;
/// one that is out of range gives zeros.
[[nodiscard]] FrameFunction frame_function(const DenseSpec& spec, const Weights& weights,
                                           const ErrorModel& model);
[[nodiscard]] FrameFunction frame_function(const EmbeddingSpec& spec, const Weights& weights,
                                           const ErrorModel& model);
[[nodiscard]] FrameFunction frame_function(const ActivationSpec& spec, const Weights& weights,
                                           const ErrorModel& model);
[[nodiscard]] FrameFunction frame_function(const ConcatenateSpec& spec, const Weights& weights,
                                           const ErrorModel& model);
[[nodiscard]] FrameFunction frame_function(const ElementwiseSpec& spec, const Weights& weights,
                                           const ErrorModel& model);
[[nodiscard]] FrameFunction frame_function(const NormalizationSpec& spec, const Weights& weights,
                                           const ErrorModel& model);
[[nodiscard]] FrameFunction frame_function(const RearrangeSpec& spec, const Weights& weights,
                                           const ErrorModel& model);
[[nodiscard]] FrameFunction frame_function(const ReduceFeaturesSpec& spec, const Weights& weights,
                                           const ErrorModel& model);
[[nodiscard]] FrameFunction frame_function(const CastIdsSpec& spec, const Weights& weights,
                                           const ErrorModel& model);

}  // namespace carousel::oracle
